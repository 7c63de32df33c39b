"""A table of a report as a page of the desk shows it: the same cells, sites by their names."""

from collections.abc import Sequence
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
    block = _with_names(desk, block)
    shown = [
        [cell(column, value) for column, value in zip(block.columns, line, strict=True)]
        for line in lines(block, ZoneInfo(timezone), _MOST_LINES)
    ]
    strong = block.frame[block.strong].tolist() if block.strong else [False] * len(block.frame)
    return TableToSee(
        name=block.name,
        note=block.note,
        empty=block.empty,
        headings=[(_heading(column.heading), is_number(column)) for column in block.columns],
        lines=list(zip(shown, strong, strict=False)),
        sums=sum_cells(block) if has_sums(block) and len(block.frame) else (),
        left_out=max(0, len(block.frame) - _MOST_LINES),
    )


def _heading(text: str) -> str:
    return _HEADINGS.get(text, text.replace(": events", ": rows"))


def _with_names(desk: Desk, block: Block) -> Block:
    keys = [column.key for column in block.columns if column.key in ("site_id", "site")]
    known = set(desk.site_ids)
    named = {
        key: [desk.site_name(text) if text in known else text for text in block.frame[key].astype("str")]
        for key in keys
        if len(block.frame)
    }
    if "measure" in block.frame and len(block.frame):
        named["measure"] = [_MEASURES.get(text, text) for text in block.frame["measure"]]
    # A name is no id: it need not stand in the letters of a machine.
    columns = tuple(replace(one, show=Show.TEXT, width=16) if one.key in keys else one for one in block.columns)
    return replace(block, columns=columns, frame=block.frame.assign(**named))
