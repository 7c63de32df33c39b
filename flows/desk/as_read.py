"""How a sheet is read: its first rows as they look, above each column what it is read as, and what only a person knows.

It is read by the same check as at a terminal; what a person answers is kept for all sheets like it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

import pandas as pd

from flows.desk.columns import ToChoose, choose, to_choose
from flows.desk.sheets import DeskSheet
from flows.desk.visit import Desk
from flows.desk.words import WORDS, money, points_told
from flows.intake.check import read_head
from flows.intake.checked_file import CheckedFile
from flows.readers.read import read_parts
from flows.review.answers import check_answered, keep_answer
from flows.review.clocks import Clocks, clocks_of
from flows.runtime.errors import FileRejected, WrongUsage
from flows.settings.answers import ANSWERS
from flows.settings.layouts import layouts_of
from sql.chain import digest
from transforms.sheets.fields import normalize_heading
from transforms.sheets.heading_rows import SEARCHED_ROWS
from transforms.sheets.headings import Table, fields_of
from transforms.sheets.nearest import nearest_headings
from transforms.sheets.questions import Question
from transforms.sheets.sheet import FileError, Sheet
from transforms.sheets.staff import staff_of
from transforms.sheets.tables import find_tables
from transforms.vocabulary import Kind, Target

_SHOWN_ROWS = 6
_SHOWN_SIGNS = 60
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
class ShownTable:
    """The first rows of a table, as they look in a spreadsheet."""

    sheet: str | None
    read_as: Sequence[str]  # above each column, "" where nobody reads it
    headings: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str]]]
    choice: ToChoose | None = None  # what may be chosen by hand; None where nothing may


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
            while len(self.found) > 1 and sum(size for _, size in self.found.values()) > _REMEMBERED_BYTES:
                self.found.pop(next(iter(self.found)))


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
        return AsRead(_first_rows(desk, sheet, _heads(sheet))[0], question=waiting.question)
    except FileRejected as error:
        return AsRead(_first_rows(desk, sheet, _heads(sheet))[0], trouble=error.cause.message)
    # A sheet that was read as a whole is not read once more for its first rows.
    heads = _heads(sheet) if checked.at_once is None else [_head_of(one) for one in checked.at_once]
    shown, undated = _first_rows(desk, sheet, heads)
    of_others = _of_other_sites(desk, sheet, checked)
    if of_others:
        return AsRead(shown, trouble=of_others)
    return AsRead(shown, checked, undated=undated, first_row=_first_row(checked, clocks_of(desk.settings)))


def _ask(question: Question) -> str:
    raise _Open(question)


def _of_other_sites(desk: Desk, sheet: DeskSheet, checked: CheckedFile) -> str:
    """Say for which other sites it holds rows, "" for none: who may post here may not post there."""
    others = {place.site_id for place in checked.destinations if place.target is Target.MINDBODY} - {sheet.site_id}
    if not others:
        return ""
    named = ", ".join(sorted(desk.site_name(site_id) for site_id in others))
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


def tables_of(desk: Desk, sheets: Sequence[Sheet]) -> tuple[Table, ...]:
    """Return the tables of the sheets, none where no headings are found."""
    try:
        return find_tables(sheets, layouts_of(desk.settings)).tables
    except FileError:
        return ()


def _heads(sheet: DeskSheet) -> Sequence[Sheet]:
    """Return the first rows of each of its sheets; none where the file cannot be read."""
    try:
        return read_head(read_parts(sheet.path, _HEAD_ROWS))[0]
    except FileError:
        return ()


def _head_of(sheet: Sheet) -> Sheet:
    # In a workbook a further table may begin anywhere; a table of text goes on as it began.
    return sheet if sheet.has_addresses else replace(sheet, cells=sheet.cells.head(SEARCHED_ROWS))


def _first_rows(desk: Desk, sheet: DeskSheet, sheets: Sequence[Sheet]) -> tuple[list[ShownTable], list[str]]:
    tables = tables_of(desk, sheets)
    if not tables:
        return list(_shown_without_headings(desk, sheet, sheets)), []
    undated = [
        table.sheet.name or ""
        for table in tables
        if Target.MINDBODY in table.targets and "points" in table.columns and "action_date_time" not in table.columns
    ]
    return [_shown(desk, sheet, table) for table in tables], undated


def _shown_without_headings(desk: Desk, sheet: DeskSheet, sheets: Sequence[Sheet]) -> Iterator[ShownTable]:
    """Give what stands in sheets of which no headings are known, and the row that comes nearest to some as them."""
    nearest = table_nearest(desk, sheets)
    for one in sheets:
        if nearest is not None and one.name == nearest.sheet.name:
            yield _shown(desk, sheet, nearest)
        elif len(one.cells):
            yield _shown_raw(one)


def table_nearest(desk: Desk, sheets: Sequence[Sheet]) -> Table | None:
    """Return the row that comes nearest to headings, as those of a table of points; None where none does."""
    layouts = layouts_of(desk.settings)
    nearest = nearest_headings(sheets, layouts)
    if nearest is None:
        return None
    one, row = nearest
    headings = tuple(text if isinstance(text, str) else None for text in one.cells.loc[row])
    fields, layout = fields_of({normalize_heading(text) for text in headings if text}, layouts)
    columns: dict[str, int] = {}
    for column, text in enumerate(headings):
        field = fields.get(normalize_heading(text)) if text else None
        if field is not None:
            columns.setdefault(field, column)
    return Table(one, row, headings, columns, frozenset({Target.MINDBODY}), layout)


def choose_columns(desk: Desk, sheet: DeskSheet, code: str, chosen: Mapping[str, str], order: str, clock: str) -> None:
    """Keep which column is which, for this sheet and all like it; ``chosen`` gives a field by heading."""
    with _ANSWERING:
        sheets, _ = read_head(read_parts(sheet.path, _HEAD_ROWS))
        nearest = table_nearest(desk, sheets)
        tables = tables_of(desk, sheets) or ([] if nearest is None else [nearest])
        for table in tables:
            choice = to_choose(desk, table, sheet.site_id)
            if choice is not None and choice.code == code:
                choose(desk, table, {one.heading: chosen.get(one.name, "") for one in choice.columns}, order, clock)
                return
    raise WrongUsage("The sheet is read otherwise by now: look at it again, then choose.")


def _shown(desk: Desk, sheet: DeskSheet, table: Table) -> ShownTable:
    field_of = {column: name for name, column in table.columns.items()}
    if table.time_of_day is not None:
        field_of[table.time_of_day] = "action_date_time"
    staff = staff_of(table)
    if staff is not None:
        field_of.setdefault(staff, "staff")
    below = table.sheet.cells.loc[table.sheet.cells.index > table.heading_row]
    return ShownTable(
        sheet=table.sheet.name,
        read_as=[WORDS.get(field_of.get(column, ""), "") for column in range(len(table.headings))],
        headings=[heading or "" for heading in table.headings],
        rows=_texts(below),
        choice=to_choose(desk, table, sheet.site_id),
    )


def _shown_raw(sheet: Sheet) -> ShownTable:
    width = len(sheet.cells.columns)
    return ShownTable(sheet.name, [""] * width, [""] * width, _texts(sheet.cells))


def _texts(cells: pd.DataFrame) -> list[tuple[int, list[str]]]:
    filled = cells.dropna(how="all").head(_SHOWN_ROWS)
    return [
        (int(row), [text[:_SHOWN_SIGNS] if isinstance(text, str) else "" for text in texts])
        for row, *texts in filled.itertuples(name=None)
    ]


def _first_row(checked: CheckedFile, clocks: Clocks) -> str:
    """Tell the first good row in full: whoever reads it sees whether days and months, and the hour, are right."""
    first: Any = next((event for part in checked.events.parts for event in part.head(1).itertuples()), None)
    return "" if first is None else f"Row {first.row}: {' '.join(_told(first, checked, clocks))}."


def _told(first: Any, checked: CheckedFile, clocks: Clocks) -> Iterator[str]:
    if first.kind == Kind.REWARD_UPDATE:
        yield f"reward {first.reward_id}"
        if first.amount is not None:
            yield f"is set to {money(first.amount)}"
        return
    yield f"client {first.client_id} {str(first.action).lower()} {points_told(first.points)}"
    if not pd.isna(first.source):
        yield f"for {first.source}" + ("" if pd.isna(first.source_id) else f" {first.source_id}")
    if not pd.isna(first.action_at):
        site_id = checked.rules.fallback_site_id() if pd.isna(first.site_id) else first.site_id
        clock = clocks.of(site_id)
        yield f"on {clock.tell_minute(first.action_at.to_pydatetime())} by the clock of {clock.place}"
