"""Write a paper as PDF, on A4, the same bytes for the same paper.

ReportLab draws it: pure Python but for Pillow, kept well, with a font of its own, so that no browser is needed. What
that font has no sign for is spelled as its number: a name must not come out as a row of boxes.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from reportlab.lib import colors  # type: ignore[import-untyped]  # it brings no types
from reportlab.lib.pagesizes import A4, landscape  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    KeepInFrame,
    PageBreak,
    SimpleDocTemplate,
    Spacer,
    Table,
)

from flows.reports.binder.paper import Paper
from flows.reports.binder.pdf_ink import (
    BLUE,
    BOLD,
    EVERYWHERE,
    GRAY,
    PLAIN,
    TONES,
    Fitted,
    add_fonts,
    drawable,
    text_on_paper,
)
from flows.reports.binder.pdf_table import table_on_paper
from flows.reports.table import Block
from flows.runtime.visible import visible
from flows.runtime.whole_file import written_whole

_PAGE: Final = landscape(A4)
_MARGIN: Final = 12 * mm
_WIDTH: Final = _PAGE[0] - 2 * _MARGIN - 12
_FOOT: Final = 4 * mm
# What a page holds: the frame keeps six points on each side for itself.
_HEIGHT: Final = _PAGE[1] - 2 * _MARGIN - _FOOT - 12
_SHARES: Final = (0.58, 0.42)  # of the page, of two tables side by side
_BETWEEN: Final = 8


def write_pdf(paper: Paper, path: Path) -> Path:
    """Write `paper` to `path` and return it; under another name first, and renamed when it is whole.

    Raises OSError where the folder cannot be written.
    """
    add_fonts()
    with written_whole(path) as part:
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
        template.build(list(_story(paper)), onFirstPage=_foot(paper), onLaterPages=_foot(paper))
    return path


def _story(paper: Paper) -> Iterator[Any]:
    yield _on_one_page(_first_page(paper))
    yield PageBreak()
    yield _on_one_page(_second_page(paper))


def _first_page(paper: Paper) -> list[Any]:
    facts = "   ·   ".join(f"{name}: {text}" for name, text in paper.facts)
    return [
        text_on_paper(paper.title, size=15, font=BOLD, color=BLUE),
        Spacer(0, 2 * mm),
        _answers(paper),
        Spacer(0, 2 * mm),
        text_on_paper(facts, color=GRAY),
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


def _in_columns(drawn: Sequence[list[Any]]) -> Fitted:
    """Return two tables side by side: nothing around them, and a little between."""
    style = [
        ("VALIGN", *EVERYWHERE, "TOP"),
        ("RIGHTPADDING", *EVERYWHERE, _BETWEEN),
        ("LEFTPADDING", *EVERYWHERE, 0),
        ("TOPPADDING", *EVERYWHERE, 0),
        ("BOTTOMPADDING", *EVERYWHERE, 0),
    ]

    def laid_out(width: float) -> Table:
        widths = [width * share for share in _SHARES]
        return Table([drawn], colWidths=widths, style=style)

    return Fitted(laid_out)


def _blocks(blocks: Sequence[Block], timezone: str) -> list[Any]:
    return [part for block in blocks for part in _block(block, timezone)]


def _answers(paper: Paper) -> Fitted:
    """Return what was found, each sentence in its color; the sentence says all that the color does."""
    cells = []
    style: list[tuple[Any, ...]] = [("LINEBELOW", *EVERYWHERE, 2, colors.white)]
    for row, answer in enumerate(paper.answers):
        back, ink = TONES[answer.tone]
        sentence = text_on_paper(answer.sentence, size=9, font=BOLD, color=ink)
        cells.append([sentence])
        style.append(("BACKGROUND", (0, row), (0, row), back))
    return Fitted(lambda width: Table(cells, colWidths=[width], style=style))


def _block(block: Block, timezone: str) -> Iterator[Any]:
    yield Spacer(0, 4 * mm)
    yield text_on_paper(block.title, size=10, font=BOLD, color=BLUE)
    if block.frame.empty:
        yield text_on_paper(block.empty, color=GRAY)
        return
    if block.note:
        yield text_on_paper(block.note, color=GRAY)
    yield table_on_paper(block, timezone)


def _lines_to_sign(roles: Sequence[str]) -> Table:
    """Return a line for each who is to sign, and for the date."""
    cells = []
    for role in roles:
        role_label, date_label = text_on_paper(role, color=GRAY), text_on_paper("Date", color=GRAY)
        cells.append([role_label, "", date_label, ""])
    style = [
        ("VALIGN", *EVERYWHERE, "BOTTOM"),
        # Where people write: beside the role, and beside the date.
        ("LINEBELOW", (1, 0), (1, -1), 0.6, GRAY),
        ("LINEBELOW", (3, 0), (3, -1), 0.6, GRAY),
    ]
    widths = [25 * mm, 95 * mm, 15 * mm, 45 * mm]
    return Table(cells, colWidths=widths, rowHeights=9 * mm, style=style, hAlign="LEFT")


def _foot(paper: Paper) -> Any:
    def draw(canvas: Any, document: Any) -> None:
        canvas.saveState()
        canvas.setFont(PLAIN, 7)
        canvas.setFillColor(GRAY)
        canvas.drawString(_MARGIN, 9 * mm, drawable(visible(paper.foot), PLAIN))
        canvas.drawRightString(_PAGE[0] - _MARGIN, 9 * mm, f"Page {document.page}")
        canvas.restoreState()

    return draw
