"""Write a paper as PDF, on A4, the same bytes for the same paper.

ReportLab draws it: pure Python but for Pillow, kept well, with a font of its own, so that no browser is needed. What
that font has no sign for is spelled as its number: a name must not come out as a row of boxes.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from reportlab.lib import colors  # type: ignore[import-untyped]  # it brings no types
from reportlab.lib.pagesizes import A4, landscape  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    Flowable,
    KeepInFrame,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)

from flows.reports.binder.paper import Paper
from flows.reports.page.cells import Cell, cell, has_sums, is_number, sum_cells
from flows.reports.table import Block, lines
from flows.runtime.visible import visible

_PLAIN, _BOLD = "Vera", "VeraBd"
_PAGE: Final = landscape(A4)
_MARGIN: Final = 12 * mm
_WIDTH: Final = _PAGE[0] - 2 * _MARGIN - 12
_FOOT: Final = 4 * mm
# What a page holds: the frame keeps six points on each side for itself.
_HEIGHT: Final = _PAGE[1] - 2 * _MARGIN - _FOOT - 12
_BLUE, _GRAY, _BAND, _LINE = (colors.HexColor(code) for code in ("#1F3A5F", "#595959", "#EEF2F7", "#D0D7E2"))
_TONES: Final = {
    "good": (colors.HexColor("#E2F0D9"), colors.HexColor("#1E5631")),
    "wait": (colors.HexColor("#FFF2CC"), colors.HexColor("#5C4400")),
    "bad": (colors.HexColor("#FBD5D5"), colors.HexColor("#7A0010")),
}
_SIZE: Final = 7
_MOST_LETTERS: Final = 34  # of a column before its text wraps
_WIDEST_LETTERS: Final = 110  # where the page has room
_LEAST: Final = 16  # points of width
_PADDING: Final = 7
_SHARES: Final = (0.58, 0.42)  # of the page, of two tables side by side
_BETWEEN: Final = 8
_EVERYWHERE: Final = ((0, 0), (-1, -1))  # of a table, as its style names cells


class _Fitted(Flowable):  # type: ignore[misc]  # it brings no types
    """What is laid out anew for the width that there is: a page that is drawn smaller has more of it."""

    def __init__(self, laid_out: Callable[[float], Table]) -> None:
        super().__init__()
        self._laid_out = laid_out

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Lay it out, and return how large it has become."""
        self._table = self._laid_out(width)
        size: tuple[float, float] = self._table.wrap(width, height)
        return size

    def draw(self) -> None:
        """Draw what was laid out last."""
        self._table.drawOn(self.canv, 0, 0)


def write_pdf(paper: Paper, path: Path) -> Path:
    """Write `paper` to `path` and return it; under another name first, and renamed when it is whole.

    Raises OSError where the folder cannot be written.
    """
    _add_fonts()
    part = path.with_name(f"{path.name}.part")
    template = SimpleDocTemplate(
        str(part),
        pagesize=_PAGE,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN + _FOOT,
        title=visible(paper.title),
        author="tieout",
        # Neither the time nor a number of chance, so that the same paper is the same file.
        invariant=1,
    )
    try:
        template.build(list(_story(paper)), onFirstPage=_foot(paper), onLaterPages=_foot(paper))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _add_fonts() -> None:
    for name in (_PLAIN, _BOLD):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))


def _story(paper: Paper) -> Iterator[Any]:
    yield _on_one_page(_first_page(paper))
    yield PageBreak()
    yield _on_one_page(_second_page(paper))


def _first_page(paper: Paper) -> list[Any]:
    facts = "   ·   ".join(f"{name}: {text}" for name, text in paper.facts)
    return [
        _text(paper.title, size=15, font=_BOLD, color=_BLUE),
        Spacer(0, 2 * mm),
        _answers(paper),
        Spacer(0, 2 * mm),
        _text(facts, color=_GRAY),
        *_blocks(paper.first, paper.timezone),
    ]


def _second_page(paper: Paper) -> list[Any]:
    return [*_side_by_side(paper), Spacer(0, 5 * mm), _lines_to_sign(paper.roles)]


def _on_one_page(content: list[Any]) -> KeepInFrame:
    # A binder has two pages: where a name is long, or much was not read, all of a page is drawn smaller.
    return KeepInFrame(_WIDTH, _HEIGHT, content, mode="shrink", hAlign="LEFT", vAlign="TOP")


def _side_by_side(paper: Paper) -> Iterator[Any]:
    for blocks in paper.second:
        drawn = [list(_block(block, paper.timezone)) for block in blocks]
        if len(drawn) == 1:
            yield from drawn[0]
        else:
            yield _in_columns(drawn)


def _in_columns(drawn: Sequence[list[Any]]) -> _Fitted:
    """Return two tables side by side: nothing around them, and a little between."""
    style = [
        ("VALIGN", *_EVERYWHERE, "TOP"),
        ("RIGHTPADDING", *_EVERYWHERE, _BETWEEN),
        ("LEFTPADDING", *_EVERYWHERE, 0),
        ("TOPPADDING", *_EVERYWHERE, 0),
        ("BOTTOMPADDING", *_EVERYWHERE, 0),
    ]

    def laid_out(width: float) -> Table:
        widths = [width * share for share in _SHARES]
        return Table([drawn], colWidths=widths, style=style)

    return _Fitted(laid_out)


def _blocks(blocks: Sequence[Block], timezone: str) -> list[Any]:
    return [part for block in blocks for part in _block(block, timezone)]


def _answers(paper: Paper) -> _Fitted:
    """Return what was found, each sentence in its color; the sentence says all that the color does."""
    cells = []
    style: list[tuple[Any, ...]] = [("LINEBELOW", *_EVERYWHERE, 2, colors.white)]
    for row, answer in enumerate(paper.answers):
        back, ink = _TONES[answer.tone]
        sentence = _text(answer.sentence, size=9, font=_BOLD, color=ink)
        cells.append([sentence])
        style.append(("BACKGROUND", (0, row), (0, row), back))
    return _Fitted(lambda width: Table(cells, colWidths=[width], style=style))


def _block(block: Block, timezone: str) -> Iterator[Any]:
    yield Spacer(0, 4 * mm)
    yield _text(block.title, size=10, font=_BOLD, color=_BLUE)
    if block.frame.empty:
        yield _text(block.empty, color=_GRAY)
        return
    if block.note:
        yield _text(block.note, color=_GRAY)
    yield _table(block, timezone)


def _table(block: Block, timezone: str) -> _Fitted:
    rows = _rows(block, timezone)
    strong = _strong_rows(block)
    drawn = [_drawn(row, is_bold=number == 0 or number in strong) for number, row in enumerate(rows)]
    style = [
        ("VALIGN", *_EVERYWHERE, "TOP"),
        ("BACKGROUND", (0, 0), (-1, 0), _BAND),
        ("LINEBELOW", *_EVERYWHERE, 0.4, _LINE),
        *(("BACKGROUND", (0, number), (-1, number), _BAND) for number in strong),
        ("TOPPADDING", *_EVERYWHERE, 1.6),
        ("BOTTOMPADDING", *_EVERYWHERE, 1.6),
        ("LEFTPADDING", *_EVERYWHERE, 3),
        ("RIGHTPADDING", *_EVERYWHERE, 3),
    ]

    def laid_out(width: float) -> Table:
        # A table that goes on to another page says again what its columns are.
        return Table(drawn, colWidths=_widths(rows, width), repeatRows=1, style=style, hAlign="LEFT")

    return _Fitted(laid_out)


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
    lines_count = len(block.frame)
    flags = block.frame[block.strong].tolist() if block.strong else [False] * lines_count
    strong = [number for number, is_strong in enumerate(flags, start=1) if is_strong]
    return [*strong, lines_count + 1] if has_sums(block) else strong


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
    limit = letters * _SIZE * 0.62
    words = [_wide(word, _BOLD) for word in heading.text.split()]
    texts = [min(_wide(one.text, _BOLD), limit) for one in cells]
    return max([*words, *texts, _LEAST]) + _PADDING


def _wide(text: str, font: str) -> float:
    drawn = _drawable(visible(text), font)
    return float(pdfmetrics.stringWidth(drawn, font, _SIZE))


def _cell(one: Cell, *, is_bold: bool) -> Paragraph:
    is_odd = "odd" in one.looks.split()
    _, ink_of_odd = _TONES["bad"]
    return _text(
        one.text,
        font=_BOLD if is_bold or is_odd else _PLAIN,
        color=ink_of_odd if is_odd else colors.black,
        is_right=one.is_number,
    )


def _lines_to_sign(roles: Sequence[str]) -> Table:
    """Return a line for each who is to sign, and for the date."""
    cells = []
    for role in roles:
        role_label, date_label = _text(role, color=_GRAY), _text("Date", color=_GRAY)
        cells.append([role_label, "", date_label, ""])
    style = [
        ("VALIGN", *_EVERYWHERE, "BOTTOM"),
        # Where people write: beside the role, and beside the date.
        ("LINEBELOW", (1, 0), (1, -1), 0.6, _GRAY),
        ("LINEBELOW", (3, 0), (3, -1), 0.6, _GRAY),
    ]
    widths = [25 * mm, 95 * mm, 15 * mm, 45 * mm]
    return Table(cells, colWidths=widths, rowHeights=9 * mm, style=style, hAlign="LEFT")


def _text(
    text: str, *, size: float = _SIZE, font: str = _PLAIN, color: Any = colors.black, is_right: bool = False
) -> Paragraph:
    style = ParagraphStyle(
        f"{font}{size}{color}{is_right}",
        fontName=font,
        fontSize=size,
        leading=size * 1.25,
        textColor=color,
        alignment=2 if is_right else 0,
        # An id of forty letters has no place to break: it must not run into its neighbor.
        splitLongWords=1,
    )
    return Paragraph(escape(_drawable(visible(text), font)), style)


def _drawable(text: str, font: str) -> str:
    """Spell what the font has no sign for as its number."""
    known = pdfmetrics.getFont(font).face.charToGlyph
    return "".join(letter if ord(letter) in known else f"\\u{ord(letter):04x}" for letter in text)


def _foot(paper: Paper) -> Any:
    def draw(canvas: Any, document: Any) -> None:
        canvas.saveState()
        canvas.setFont(_PLAIN, 7)
        canvas.setFillColor(_GRAY)
        canvas.drawString(_MARGIN, 9 * mm, _drawable(visible(paper.foot), _PLAIN))
        canvas.drawRightString(_PAGE[0] - _MARGIN, 9 * mm, f"Page {document.page}")
        canvas.restoreState()

    return draw
