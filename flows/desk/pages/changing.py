"""Change what was turned down, cell by cell, and go on to its check; nothing is posted before that was looked at."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from starlette.responses import Response

from flows.desk.came import came_of, rows_of_tab
from flows.desk.changing import RowToChange, change, rows_to_change
from flows.desk.rows_to_see import row_to_see
from flows.desk.visit import Visit, go
from flows.review.clocks import clocks_of
from flows.runtime.errors import WrongUsage
from transforms.vocabulary import Stage

_MOST_SHOWN = 50  # at once: each row is a form of several cells
_LONGEST = 1_000


class _ToChange(NamedTuple):
    """Rows that can be changed here, and how many cannot: they are found no more, or come with the next page."""

    rows: Sequence[RowToChange]
    left_out: int


def show_change(visit: Visit) -> Response:
    """Show the cells of what was turned down, each to be changed."""
    asked = visit.request.query_params.get("row", "")
    found = _rows(visit, asked)
    clocks = clocks_of(visit.desk.settings)
    shown = [(row_to_see(one.row, clocks), one) for one in found.rows]
    return visit.show("change", sheet=visit.sheet, shown=shown, left_out=found.left_out)


def _rows(visit: Visit, event_id: str) -> _ToChange:
    """Return what was turned down and stands for itself still: that of one row where it is named."""
    if visit.sheet.stage is not Stage.DONE:
        raise WrongUsage("It is being posted still, or waits: change it once that is over.")
    refused = rows_of_tab(visit.desk, came_of(visit.desk, visit.sheet), "refused")
    turned_down = [row for row in refused if event_id in ("", row.event_id)]
    if not turned_down:
        raise WrongUsage("Nothing of it is turned down any more.")
    found = rows_to_change(visit.desk, visit.sheet, turned_down[:_MOST_SHOWN])
    return _ToChange(found, left_out=len(turned_down) - len(found))


def do_change(visit: Visit) -> Response:
    """Make a sheet of what was changed, and show what it would do."""
    rows = _rows(visit, visit.form.get("row")).rows
    sheet_id = change(visit.desk, visit.sheet, rows, _typed(visit, rows), visit.account.name)
    return go(f"/sheets/{sheet_id}/check")


def _typed(visit: Visit, rows: Sequence[RowToChange]) -> Mapping[tuple[str, int], str]:
    typed = {}
    for one in rows:
        for cell in one.cells:
            name = f"{one.row.event_id}.{cell.column}"
            # A cell that the form does not hold stays as it is.
            if name in visit.form.fields:
                typed[one.row.event_id, cell.column] = _harmless(visit.form.get(name))
    return typed


def _harmless(text: str) -> str:
    if len(text) > _LONGEST or not text.isprintable():
        raise WrongUsage("A cell holds one line of text.")
    return text
