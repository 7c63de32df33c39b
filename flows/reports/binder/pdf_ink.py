"""How a paper looks: fonts, colors, and texts in the size that they are drawn in."""

from collections.abc import Callable
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors  # type: ignore[import-untyped]  # it brings no types
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    Flowable,
    Paragraph,
    Table,
)

from flows.runtime.visible import visible

PLAIN, BOLD = "Vera", "VeraBd"
BLUE, GRAY, BAND, LINE = (colors.HexColor(code) for code in ("#1F3A5F", "#595959", "#EEF2F7", "#D0D7E2"))
TONES: Final = {
    "good": (colors.HexColor("#E2F0D9"), colors.HexColor("#1E5631")),
    "wait": (colors.HexColor("#FFF2CC"), colors.HexColor("#5C4400")),
    "bad": (colors.HexColor("#FBD5D5"), colors.HexColor("#7A0010")),
}
SIZE: Final = 7
EVERYWHERE: Final = ((0, 0), (-1, -1))  # of a table, as its style names cells


class Fitted(Flowable):  # type: ignore[misc]  # it brings no types
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


def add_fonts() -> None:
    """Let the drawing library know the fonts; once is enough for a process."""
    for name in (PLAIN, BOLD):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))


def text_on_paper(
    text: str, *, size: float = SIZE, font: str = PLAIN, color: Any = colors.black, is_right: bool = False
) -> Paragraph:
    """Return a text as it is drawn."""
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
    return Paragraph(escape(drawable(visible(text), font)), style)


def drawable(text: str, font: str) -> str:
    """Spell what the font has no sign for as its number."""
    known = pdfmetrics.getFont(font).face.charToGlyph
    return "".join(letter if ord(letter) in known else f"\\u{ord(letter):04x}" for letter in text)
