"""How a sheet is read: its first rows as they look, above each column what it is read as, and what only a person knows.

It is read by the same check as at a terminal; what a person answers is kept for all sheets like it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

import pandas as pd

from flows.desk.columns import choose, to_choose
from flows.desk.sheets import DeskSheet
from flows.desk.shown_tables import ShownTable, shown_tables, table_nearest, tables_of, undated_sheets
from flows.desk.visit import Desk
from flows.desk.words import money, points_told
from flows.intake.check import read_head
from flows.intake.checked_file import CheckedFile
from flows.readers.read import read_parts
from flows.review.answers import check_answered, keep_answer
from flows.review.clocks import Clocks, clocks_of
from flows.runtime.errors import FileRejected, WrongUsage
from flows.settings.answers import ANSWERS
from sql.chain import digest
from transforms.sheets.heading_rows import SEARCHED_ROWS
from transforms.sheets.headings import Table
from transforms.sheets.questions import Question
from transforms.sheets.sheet import FileError, Sheet
from transforms.vocabulary import Kind, Target

_HEAD_ROWS = 60
# A studio's sheet has some kilobytes, and fifty people may each be at one; a large one takes the place of many.
_REMEMBERED_BYTES = 1_500_000
_SMALLEST_BYTES = 30_000


class _Open(Exception):  # noqa: N818 - it says what a sheet leaves
    """A question is open, and nobody sits at a terminal."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.message)
        self.question = question


@dataclass(frozen=True)
class AsRead:
    """How a sheet is read. One of ``checked``, ``question`` and ``trouble`` says how far that goes."""

    tables: Sequence[ShownTable]
    checked: CheckedFile | None = None
    question: Question | None = None
    trouble: str = ""
    undated: Sequence[str] = ()  # what has points and no column of dates
    first_row: str = ""  # told in full

    @property
    def code(self) -> str:
        """Which question it is, so that an answer is never taken for one to another."""
        return "" if self.question is None else digest([self.question.message, *self.question.choices])[:16]


@dataclass
class Memory:
    """What was checked of late, so that to turn a page does not read a sheet anew; as much of it as fits."""

    found: dict[tuple[str, str, int], tuple[AsRead, int]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def recall(self, key: tuple[str, str, int]) -> AsRead | None:
        """Return what was checked, which by that is the latest again."""
        with self.lock:
            known = self.found.pop(key, None)
            if known is None:
                return None
            self.found[key] = known
            return known[0]

    def keep(self, key: tuple[str, str, int], found: AsRead, size_bytes: int) -> None:
        """Keep what was checked, and forget what was not asked for the longest."""
        with self.lock:
            self.found[key] = (found, max(size_bytes, _SMALLEST_BYTES))
            while len(self.found) > 1 and self._kept_bytes() > _REMEMBERED_BYTES:
                longest_ago = next(iter(self.found))
                self.found.pop(longest_ago)

    def _kept_bytes(self) -> int:
        return sum(size for _, size in self.found.values())


_MEMORY = Memory()
_ANSWERING = Lock()


def read_sheet(desk: Desk, sheet: DeskSheet) -> AsRead:
    """Read and check a sheet as far as nothing is open; nothing of it is kept."""
    key = (str(sheet.path), sheet.row.sha256, answers_stamp(desk))
    known = _MEMORY.recall(key)
    if known is not None:
        return known
    found = _read(desk, sheet)
    _MEMORY.keep(key, found, sheet.path.stat().st_size)
    return found


def answers_stamp(desk: Desk) -> int:
    """Return what is another one as soon as anybody has answered something about sheets."""
    path = desk.settings.root / ANSWERS
    return path.stat().st_mtime_ns if path.exists() else 0


def _read(desk: Desk, sheet: DeskSheet) -> AsRead:
    try:
        checked = check_answered(desk.settings, sheet.path, sheet.default_site_id, _ask, asks_headings=True)
    except _Open as waiting:
        return AsRead(shown_tables(desk, sheet, _heads(sheet)), question=waiting.question)
    except FileRejected as error:
        return AsRead(shown_tables(desk, sheet, _heads(sheet)), trouble=error.cause.message)
    # A sheet that was read as a whole is not read once more for its first rows.
    heads = _heads(sheet) if checked.at_once is None else [_head_of(one) for one in checked.at_once]
    shown = shown_tables(desk, sheet, heads)
    of_others = _of_other_sites(desk, sheet, checked)
    if of_others:
        return AsRead(shown, trouble=of_others)
    return AsRead(
        tables=shown,
        checked=checked,
        undated=undated_sheets(tables_of(desk, heads)),
        first_row=_first_row(checked, clocks_of(desk.settings)),
    )


def _ask(question: Question) -> str:
    raise _Open(question)


def _of_other_sites(desk: Desk, sheet: DeskSheet, checked: CheckedFile) -> str:
    """Say for which other sites it holds rows, "" for none: who may post here may not post there."""
    sites = {place.site_id for place in checked.destinations if place.target is Target.MINDBODY}
    others = sites - {sheet.site_id}
    if not others:
        return ""
    named = ", ".join(sorted(map(desk.site_name, others)))
    return f"it holds rows for {named} too. Send those in a sheet of their own, there."


def answer(desk: Desk, sheet: DeskSheet, code: str, chosen: str) -> None:
    """Keep the answer to the question that is open now, for this sheet and all like it."""
    with _ANSWERING:
        found = read_sheet(desk, sheet)
        question = found.question
        if question is None or code != found.code:
            raise WrongUsage("Somebody else has answered that meanwhile. Look at how it is read now.")
        if chosen not in question.choices:
            raise WrongUsage("Choose one of the answers.")
        keep_answer(desk.settings, question, chosen)


def _heads(sheet: DeskSheet) -> Sequence[Sheet]:
    """Return the first rows of each of its sheets; none where the file cannot be read."""
    try:
        return read_head(read_parts(sheet.path, _HEAD_ROWS))[0]
    except FileError:
        return ()


def _head_of(sheet: Sheet) -> Sheet:
    # In a workbook a further table may begin anywhere; a table of text goes on as it began.
    return sheet if sheet.has_addresses else replace(sheet, cells=sheet.cells.head(SEARCHED_ROWS))


def choose_columns(desk: Desk, sheet: DeskSheet, code: str, chosen: Mapping[str, str], order: str, clock: str) -> None:
    """Keep which column is which, for this sheet and all like it; ``chosen`` gives a field by heading."""
    with _ANSWERING:
        for table in _tables_to_choose_in(desk, sheet):
            choice = to_choose(desk, table, sheet.site_id)
            if choice is not None and choice.code == code:
                fields = {column.heading: chosen.get(column.name, "") for column in choice.columns}
                choose(desk, table, fields, order, clock)
                return
    raise WrongUsage("The sheet is read otherwise by now: look at it again, then choose.")


def _tables_to_choose_in(desk: Desk, sheet: DeskSheet) -> Sequence[Table]:
    sheets, _ = read_head(read_parts(sheet.path, _HEAD_ROWS))
    tables = tables_of(desk, sheets)
    if tables:
        return tables
    nearest = table_nearest(desk, sheets)
    return [] if nearest is None else [nearest]


def _first_row(checked: CheckedFile, clocks: Clocks) -> str:
    """Tell the first good row in full: whoever reads it sees whether days and months, and the hour, are right."""
    first = _first_good_row(checked)
    if first is None:
        return ""
    told = " ".join(_told(first, checked, clocks))
    return f"Row {first.row}: {told}."


def _first_good_row(checked: CheckedFile) -> Any:
    for part in checked.events.parts:
        for event in part.head(1).itertuples():
            return event
    return None


def _told(first: Any, checked: CheckedFile, clocks: Clocks) -> Iterator[str]:
    if first.kind == Kind.REWARD_UPDATE:
        yield f"reward {first.reward_id}"
        if first.amount is not None:
            yield f"is set to {money(first.amount)}"
        return
    yield f"client {first.client_id} {str(first.action).lower()} {points_told(first.points)}"
    if not pd.isna(first.source):
        yield f"for {first.source}"
        if not pd.isna(first.source_id):
            yield str(first.source_id)
    if not pd.isna(first.action_at):
        site_id = checked.rules.fallback_site_id() if pd.isna(first.site_id) else first.site_id
        clock = clocks.of(site_id)
        yield f"on {clock.tell_minute(first.action_at.to_pydatetime())} by the clock of {clock.place}"
