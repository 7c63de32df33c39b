"""A file that was checked: what it brought, and its events and errors, part by part."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from flows.intake.checked_events import CheckedEvents
from flows.intake.spool import Spool
from flows.readers.read import read_file
from transforms.check.events import EVENTS
from transforms.check.file_totals import FileTotals
from transforms.check.parameters import Rules
from transforms.check.part import Checked
from transforms.destinations import Destination
from transforms.sheets.notes import Note
from transforms.sheets.questions import Question
from transforms.sheets.sheet import Sheet
from transforms.sheets.unzoned import Unzoned

OnRows = Callable[[int], None]


def count_nothing(_more: int) -> None:
    """Tell nobody how many rows are read."""


@dataclass(frozen=True)
class CheckedFile:
    """A file that was read and judged, before anything is kept of it."""

    path: Path
    sha256: str
    default_site_id: str | None
    rules: Rules
    file_totals: FileTotals
    notes: tuple[Note, ...]
    receipt_columns: Mapping[str | None, tuple[str, str | None]]  # as in `Checked`
    errors: Spool[pd.DataFrame]  # as in `Checked`, part by part
    skipped: Spool[pd.DataFrame]
    events: CheckedEvents  # none where they were not to be kept
    at_once: tuple[Sheet, ...] | None  # the sheets of a file that came in one part
    questions: tuple[Question, ...] = ()  # what only a person can say; with any, the file is not sent
    unzoned: tuple[Unzoned, ...] = ()  # times that name no zone, and how they are read

    @property
    def destinations(self) -> frozenset[Destination]:
        """Where its good rows go."""
        return frozenset(Destination(target, site_id) for target, site_id in self.file_totals.services)

    def identified(self) -> Iterator[pd.DataFrame]:
        """Give its good rows with their identity (`transforms.identity.event_ids`), part by part."""
        return self.events.identified(self.sha256, self.default_site_id or "")

    @property
    def sheets(self) -> Sequence[Sheet]:
        """All of the file, read again where it was read in parts: in memory."""
        return read_file(self.path) if self.at_once is None else self.at_once

    @property
    def checked(self) -> Checked:
        """What became of every row, in memory."""
        events = pd.concat(list(self.events.parts), ignore_index=True)
        return Checked(
            events=events[list(EVENTS.columns)],
            errors=pd.concat(list(self.errors), ignore_index=True),
            skipped=pd.concat(list(self.skipped), ignore_index=True),
            rows_read=self.file_totals.rows_read,
            source_ids=self.file_totals.source_ids,
            notes=self.notes,
            receipt_columns=self.receipt_columns,
        )
