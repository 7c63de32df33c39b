"""A table on paper: its columns as wide as they need, and its headings again on each page."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from reportlab.lib import colors  # type: ignore[import-untyped]  # it brings no types
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    Paragraph,
    Table,
)

from flows.reports.binder.pdf_ink import (
    BAND,
    BOLD,
    EVERYWHERE,
    LINE,
    PLAIN,
    SIZE,
    TONES,
    Fitted,
    drawable,
    text_on_paper,
)
from flows.reports.page.cells import Cell, cell, has_sums, is_number, sum_cells
from flows.reports.table import Block, lines
from flows.runtime.visible import visible

_MOST_LETTERS: Final = 34  # of a column before its text wraps
_WIDEST_LETTERS: Final = 110  # where the page has room
_LEAST: Final = 16  # points of width
_PADDING: Final = 7


def table_on_paper(block: Block, timezone: str) -> Fitted:
    """Return a block with lines as it is drawn."""
    rows = _rows(block, timezone)
    strong = _strong_rows(block)
    drawn = [_drawn(row, is_bold=number == 0 or number in strong) for number, row in enumerate(rows)]
    style = [
        ("VALIGN", *EVERYWHERE, "TOP"),
        ("BACKGROUND", (0, 0), (-1, 0), BAND),
        ("LINEBELOW", *EVERYWHERE, 0.4, LINE),
        *(("BACKGROUND", (0, number), (-1, number), BAND) for number in strong),
        ("TOPPADDING", *EVERYWHERE, 1.6),
        ("BOTTOMPADDING", *EVERYWHERE, 1.6),
        ("LEFTPADDING", *EVERYWHERE, 3),
        ("RIGHTPADDING", *EVERYWHERE, 3),
    ]

    def laid_out(width: float) -> Table:
        # A table that goes on to another page says again what its columns are.
        return Table(drawn, colWidths=_widths(rows, width), repeatRows=1, style=style, hAlign="LEFT")

    return Fitted(laid_out)


def _rows(block: Block, timezone: str) -> list[Sequence[Cell]]:
    """Return the cells of a table: its headings, its lines, and its sums where it has some."""
    rows: list[Sequence[Cell]] = [_headings(block)]
    for line in lines(block, ZoneInfo(timezone)):
        with_columns = zip(block.columns, line, strict=True)
        rows.append([cell(column, value) for column, value in with_columns])
    if has_sums(block):
        rows.append(sum_cells(block))
    return rows


def _headings(block: Block) -> list[Cell]:
    return [Cell(column.heading, is_number=is_number(column)) for column in block.columns]


def _strong_rows(block: Block) -> list[int]:
    """Return the rows that stand out, counted from the headings, which are row 0."""
    strong = []
    if block.strong:
        flags = block.frame[block.strong].tolist()
        strong = [number for number, is_strong in enumerate(flags, start=1) if is_strong]
    if has_sums(block):
        strong.append(len(block.frame) + 1)
    return strong


def _drawn(row: Sequence[Cell], *, is_bold: bool) -> list[Paragraph]:
    return [_cell(one, is_bold=is_bold) for one in row]


def _widths(rows: Sequence[Sequence[Cell]], width: float) -> list[float]:
    """Return the width of each column: its least, and what is left of the page for those whose texts would wrap."""
    columns = list(zip(*rows, strict=True))
    needed = [_needed(column, _MOST_LETTERS) for column in columns]
    left = width - sum(needed)
    if left <= 0:
        # All of them are made narrower by the same part.
        return [least * width / sum(needed) for least in needed]
    wanted = [_needed(column, _WIDEST_LETTERS) for column in columns]
    missing = sum(wanted) - sum(needed)
    share = min(1.0, left / missing) if missing else 0.0
    return [least + share * (most - least) for least, most in zip(needed, wanted, strict=True)]


def _needed(column: Sequence[Cell], letters: int) -> float:
    """Return how wide a column wants to be: a heading may go on several lines, a text has a limit of letters."""
    heading, *cells = column
    limit = letters * SIZE * 0.62
    words = [_wide(word, BOLD) for word in heading.text.split()]
    texts = [min(_wide(one.text, BOLD), limit) for one in cells]
    return max([*words, *texts, _LEAST]) + _PADDING


def _wide(text: str, font: str) -> float:
    drawn = drawable(visible(text), font)
    return float(pdfmetrics.stringWidth(drawn, font, SIZE))


def _cell(one: Cell, *, is_bold: bool) -> Paragraph:
    is_odd = "odd" in one.looks.split()
    _, ink_of_odd = TONES["bad"]
    return text_on_paper(
        one.text,
        font=BOLD if is_bold or is_odd else PLAIN,
        color=ink_of_odd if is_odd else colors.black,
        is_right=one.is_number,
    )
