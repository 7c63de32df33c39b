"""Leave a marked copy the rows alone that are to be mended, below their headings, close up."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from flows.marked_copy.marks import Marks, SheetMarks
from flows.marked_copy.statuses import Look
from transforms.sheets.sheet import Sheet

Of = TypeVar("Of")


def keep_bad(sheets: Sequence[Sheet], marks: Marks) -> tuple[list[Sheet], Marks]:
    """Return the sheets that have such rows, with these and their headings alone, and what is marked in them.

    The rows are counted anew; the status of each says which row of the file it is.
    """
    kept: list[Sheet] = []
    of_kept: dict[str | None, SheetMarks] = {}
    for sheet in sheets:
        marked = marks.of(sheet.name)
        if marked is None:
            continue
        bad = [row for row, look in marked.looks.items() if look is Look.BAD]
        if bad:
            place_of = _close_up({*marked.heading_rows, *bad})
            kept.append(_rows_of(sheet, place_of))
            of_kept[sheet.name] = _marks_of(marked, place_of)
    return kept, Marks(of_kept)


def _close_up(rows: set[int]) -> dict[int, int]:
    return {row: place for place, row in enumerate(sorted(rows), start=1)}


def _rows_of(sheet: Sheet, place_of: Mapping[int, int]) -> Sheet:
    cells = sheet.cells.loc[list(place_of)]
    return replace(
        sheet,
        cells=cells.set_axis(list(place_of.values())),
        error_cells=_moved_cells(sheet.error_cells, place_of),
        heading_row=None,  # where headings are keys they stand in a row of the copy as well
        is_hidden=False,
    )


def _marks_of(marked: SheetMarks, place_of: Mapping[int, int]) -> SheetMarks:
    statuses = {row: f"row {row} {text}" for row, text in marked.statuses.items()}
    return replace(
        marked,
        heading_rows=[place_of[row] for row in marked.heading_rows],
        statuses=_moved(statuses, place_of),
        receipts=_moved(marked.receipts, place_of),
        notes=_moved(marked.notes, place_of),
        remarks=_moved(marked.remarks, place_of),
        looks=_moved(marked.looks, place_of),
        shown_ids=_moved_cells(marked.shown_ids, place_of),
    )


def _moved(by_row: Mapping[int, Of], place_of: Mapping[int, int]) -> dict[int, Of]:
    return {place_of[row]: what for row, what in by_row.items() if row in place_of}


def _moved_cells(by_cell: Mapping[tuple[int, int], Of], place_of: Mapping[int, int]) -> dict[tuple[int, int], Of]:
    return {(place_of[row], column): what for (row, column), what in by_cell.items() if row in place_of}
