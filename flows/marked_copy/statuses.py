"""What the marked copy says of every row: what became of it, whether it waits for a person, and the way back."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import pandas as pd
from sqlalchemy import Row

from transforms.check.part import Checked
from transforms.vocabulary import State

RowPlace = tuple[str | None, int]  # sheet, row


class Look(StrEnum):
    """How a row that waits for a person is colored."""

    BAD = "bad"  # nothing of it is sent, or the service said no: to be mended
    WAITS = "waits"  # held, or its answer was lost: to be decided


@dataclass(frozen=True)
class RowStatus:
    """What became of a row, in words, and whether it waits for a person."""

    text: str
    look: Look | None = None
    way_back: str = ""  # what a person can do about it, beside the words

    @property
    def told(self) -> str:
        """The words and the way back, as the column Status has them."""
        return f"{self.text.rstrip('.')}. {self.way_back}" if self.way_back else self.text


def statuses_of_check(checked: Checked) -> dict[RowPlace, RowStatus]:
    """Return the status that the check alone can give a row: "good", or why it is rejected."""
    good = dict.fromkeys(_places(checked.events), RowStatus("good"))
    return good | rejected_statuses(checked.errors)


def rejected_statuses(errors: pd.DataFrame) -> dict[RowPlace, RowStatus]:
    """Return the status of every rejected row: each cell that is wrong, and why."""
    # None for an error of a row as a whole.
    columns = errors["column"].astype(object).where(errors["column"].notna(), None)
    said: defaultdict[RowPlace, list[str]] = defaultdict(list)
    for place, column, message in zip(_places(errors), columns, errors["message"], strict=True):
        said[place].append(_line(column, message))
    return {place: RowStatus(f"rejected: {' '.join(lines)}", Look.BAD) for place, lines in said.items()}


def _line(column: str | None, message: str) -> str:
    """Begin with the column that is wrong, unless there is none, or the message names it itself."""
    if not column or column.casefold() in message.casefold():
        return message
    return f"{column}: {message}"


def _places(frame: pd.DataFrame) -> Iterator[RowPlace]:
    for sheet, row in zip(frame["sheet"], frame["row"], strict=True):
        name = sheet if isinstance(sheet, str) else None
        yield name, int(row)


def status_of(row: Row[Any]) -> RowStatus:
    """Say in plain words where an event stands, and what a person can do about it."""
    match State(row.state):
        case State.POSTED:
            return RowStatus("posted")
        case State.READY | State.SENDING:
            return RowStatus("waiting: the next run sends it")
        case State.HELD:
            decide = f"To let it be sent: tieout approve {row.event_id}. To leave it out: tieout discard {row.event_id}"
            return RowStatus(f"held: {row.state_reason or 'a person decides'}", Look.WAITS, decide)
        case State.REFUSED:
            why = str(row.message or row.state_reason or "the service gave no reason")
            again = f"Correct the row, or once the cause is gone: tieout retry {row.event_id}"
            return RowStatus(f"refused: {why}", Look.BAD, again)
        case State.UNKNOWN:
            lost = "unknown: the answer was lost, so it is read back before anything is sent again"
            return RowStatus(lost, Look.WAITS, "To read it back now: tieout settle")
        case State.DISCARDED:
            return RowStatus(str(row.state_reason or "discarded"))


def known_status(row: Row[Any], file_id: int) -> RowStatus:
    """Say which event a row brought again; one that bears its receipt is simply where its event is."""
    now = status_of(row)
    if row.by_receipt:
        return now
    first = f"row {row.first_row}"
    if row.first_sheet is not None:
        first += f', sheet "{row.first_sheet}"'
    if row.first_file_id != file_id:
        first += f" of {row.first_file}"
    return replace(now, text=f"duplicate of {first}: {now.text}")


def before_sending(row: Row[Any]) -> RowStatus:
    """Say what would become of a row that nobody has agreed to yet: nothing of it is in the ledger."""
    if State(row.state) is State.HELD:
        return RowStatus(f"not sent; it would be held: {row.state_reason or 'a person decides'}", Look.WAITS)
    return RowStatus("good, and not sent")
