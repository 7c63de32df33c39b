"""Draw the charts of the page as SVG: columns side by side, told in words for those who do not see them."""

from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH, _HEIGHT = 640, 260
_LEFT, _TOP, _BOTTOM = 56, 14, 34
_LABELS: Final = 8  # more of them run into each other on a phone


@dataclass(frozen=True)
class Series:
    """One color of columns: its name in the legend, its class in the style sheet, its heights."""

    name: str
    color: str
    heights: list[int]


def columns(name: str, told: str, labels: list[str], series: list[Series]) -> str:
    """Return a column chart; `told` says in words what it shows. Heights are whole and not negative."""
    highest = max((height for one in series for height in one.heights), default=0) or 1
    key = "".join(letter for letter in name.lower() if letter.isalnum())
    bars = [_bars(one, place, len(series), len(labels), highest) for place, one in enumerate(series)]
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="{key}-t {key}-d">'
        f'<title id="{key}-t">{escape(name)}</title><desc id="{key}-d">{escape(told)}</desc>'
        f"{_scale(highest)}{''.join(bars)}{_names(labels)}</svg>{_legend(series)}"
    )


def _bars(one: Series, place: int, many: int, groups: int, highest: int) -> str:
    slot = (_WIDTH - _LEFT) / max(groups, 1)
    wide = slot * 0.7 / many
    return "".join(
        _bar(one, _LEFT + slot * number + slot * 0.15 + wide * place, wide, height, highest)
        for number, height in enumerate(one.heights)
    )


def _bar(one: Series, left: float, wide: float, height: int, highest: int) -> str:
    tall = (_HEIGHT - _TOP - _BOTTOM) * height / highest
    top = _HEIGHT - _BOTTOM - tall
    return (
        f'<rect class="{one.color}" x="{left:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{tall:.1f}">'
        f"<title>{escape(one.name)}: {height:,}</title></rect>"
    )


def _scale(highest: int) -> str:
    steps = sorted({0, highest // 2, highest})
    return "".join(_step(value, highest) for value in steps)


def _step(value: int, highest: int) -> str:
    y = _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / highest
    line = f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
    return f'{line}<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,}</text>'


def _names(labels: list[str]) -> str:
    slot = (_WIDTH - _LEFT) / max(len(labels), 1)
    every = -(-len(labels) // _LABELS)
    return "".join(
        f'<text x="{_LEFT + slot * (number + 0.5):.1f}" y="{_HEIGHT - 12}" text-anchor="middle">{escape(label)}</text>'
        for number, label in enumerate(labels)
        if number % max(every, 1) == 0
    )


def _legend(series: list[Series]) -> str:
    if len(series) < 2:
        return ""
    items = "".join(f'<li><span class="key {one.color}"></span>{escape(one.name)}</li>' for one in series)
    return f'<ul class="legend">{items}</ul>'
