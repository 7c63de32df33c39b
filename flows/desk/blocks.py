"""A table of a report as a page of the desk shows it: the same cells, sites by their names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from flows.desk.visit import Desk
from flows.reports.page.cells import Cell, cell, has_sums, is_number, sum_cells
from flows.reports.table import Block, lines
from flows.reports.values import Show

_MOST_LINES = 200
# Words of a report that a studio has others for; those of headings stand in one whole.
_HEADINGS = {"Site": "Studio", "Class": "What", "Measure": "In"}
_MEASURES = {"breaks": "differences"}


@dataclass(frozen=True)
class TableToSee:
    """A table: headings (and whether their column is of numbers), lines with whether they are totals, sums."""

    name: str
    note: str
    empty: str
    headings: Sequence[tuple[str, bool]]
    lines: Sequence[tuple[Sequence[Cell], bool]]
    sums: Sequence[Cell]
    left_out: int


def table_to_see(desk: Desk, block: Block, timezone: str) -> TableToSee:
    """Return a block of a report for a page; of a long one the first lines, and how many more there are."""
    lines_count = len(block.frame)
    block = _with_names(desk, block) if lines_count else block
    strong = block.frame[block.strong].tolist() if block.strong else [False] * lines_count
    return TableToSee(
        name=block.name,
        note=block.note,
        empty=block.empty,
        headings=[(_heading(column.heading), is_number(column)) for column in block.columns],
        # Only the first lines are made into cells.
        lines=list(zip(_cells(block, timezone), strong, strict=False)),
        sums=sum_cells(block) if has_sums(block) and lines_count else (),
        left_out=max(0, lines_count - _MOST_LINES),
    )


def _cells(block: Block, timezone: str) -> Iterator[list[Cell]]:
    for line in lines(block, ZoneInfo(timezone), _MOST_LINES):
        with_columns = zip(block.columns, line, strict=True)
        yield [cell(column, value) for column, value in with_columns]


def _heading(text: str) -> str:
    return _HEADINGS.get(text, text.replace(": events", ": rows"))


def _with_names(desk: Desk, block: Block) -> Block:
    """Return a block with sites by what people call them, and measures by a studio's words."""
    named = {}
    columns = []
    for column in block.columns:
        if column.key in ("site_id", "site"):
            named[column.key] = [_site_name(desk, text) for text in block.frame[column.key].astype("str")]
            # A name is no id: it need not stand in the letters of a machine.
            column = replace(column, show=Show.TEXT, width=16)
        columns.append(column)
    if "measure" in block.frame:
        named["measure"] = [_MEASURES.get(text, text) for text in block.frame["measure"]]
    return replace(block, columns=tuple(columns), frame=block.frame.assign(**named))


def _site_name(desk: Desk, text: str) -> str:
    return desk.site_name(text) if text in desk.site_ids else text
