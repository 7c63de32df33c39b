"""Draw the charts of the page as SVG: columns side by side, told in words for those who do not see them."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from math import ceil
from typing import Final

_WIDTH, _HEIGHT = 640, 260
_LEFT, _TOP, _BOTTOM = 56, 14, 34
_FLOOR: Final = _HEIGHT - _BOTTOM  # where the columns stand
_LABELS: Final = 8  # more of them run into each other on a phone


@dataclass(frozen=True)
class Series:
    """One color of columns: its name in the legend, its class in the style sheet, its heights."""

    name: str
    color: str
    heights: list[int]


def columns(name: str, told: str, labels: list[str], series: list[Series]) -> str:
    """Return a column chart; `told` says in words what it shows. Heights are whole and not negative."""
    heights = [height for one in series for height in one.heights]
    # A chart of nothing but zeros has a scale all the same.
    highest = max(heights, default=0) or 1
    key = "".join(letter for letter in name.lower() if letter.isalnum())
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="{key}-t {key}-d">',
        f'<title id="{key}-t">{escape(name)}</title><desc id="{key}-d">{escape(told)}</desc>',
        _scale(highest),
        *_bars(series, len(labels), highest),
        *_names(labels),
        "</svg>",
        _legend(series),
    ]
    return "".join(parts)


def _bars(series: list[Series], groups: int, highest: int) -> Iterator[str]:
    """Yield the columns; those of one label stand side by side in its slot, with air at both sides."""
    slot = _slot(groups)
    air = slot * 0.15
    width = slot * 0.7 / len(series)
    for place, one in enumerate(series):
        for number, height in enumerate(one.heights):
            slot_left = _LEFT + slot * number
            left = slot_left + air + width * place
            yield _bar(one, height, left=left, width=width, highest=highest)


def _bar(one: Series, height: int, *, left: float, width: float, highest: int) -> str:
    tall = _tall(height, highest)
    top = _FLOOR - tall
    return (
        f'<rect class="{one.color}" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{tall:.1f}">'
        f"<title>{escape(one.name)}: {height:,}</title></rect>"
    )


def _slot(groups: int) -> float:
    return (_WIDTH - _LEFT) / max(groups, 1)


def _tall(value: int, highest: int) -> float:
    return (_FLOOR - _TOP) * value / highest


def _scale(highest: int) -> str:
    # A set, since of a highest of 1 the half is 0.
    steps = sorted({0, highest // 2, highest})
    return "".join(_step(value, highest) for value in steps)


def _step(value: int, highest: int) -> str:
    y = _FLOOR - _tall(value, highest)
    text_y = y + 4  # the text stands on its y, and its middle has to meet the line
    line = f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
    text = f'<text x="{_LEFT - 6}" y="{text_y:.1f}" text-anchor="end">{value:,}</text>'
    return line + text


def _names(labels: list[str]) -> Iterator[str]:
    slot = _slot(len(labels))
    every = max(ceil(len(labels) / _LABELS), 1)
    for number in range(0, len(labels), every):
        x = _LEFT + slot * (number + 0.5)
        label = escape(labels[number])
        yield f'<text x="{x:.1f}" y="{_HEIGHT - 12}" text-anchor="middle">{label}</text>'


def _legend(series: list[Series]) -> str:
    if len(series) < 2:
        return ""
    items = [f'<li><span class="key {one.color}"></span>{escape(one.name)}</li>' for one in series]
    return f'<ul class="legend">{"".join(items)}</ul>'
