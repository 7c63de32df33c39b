"""Draw the house for ARCHITECTURE.md, from its imports: `python -m tests.architecture.draw`, or `make architecture`.

An arrow that follows from others is left out. The numbers follow one row from its file to the report.
"""

from html import escape
from pathlib import Path

from tests.architecture.house import FLOORS, needed_arrows

PICTURE = Path(__file__).with_name("house.svg")

# The stations of one row, in order.
_STATIONS = {
    "flows.readers": "1",
    "transforms.check": "2",
    "flows.intake": "3",
    "sql": "4",
    "flows.loader": "5",
    "flows.services": "6",
    "flows.reconciliation": "7",
    "flows.reports": "8",
}
_GROUND = {"sql": "#e8f0e4", "transforms": "#e4ecf5", "flows": "#fbf6ea"}
_LINE = {"sql": "#7a9a68", "transforms": "#6f8fb5", "flows": "#b79a55"}
_WIDTH, _FLOOR, _BOX, _GAP, _MARGIN = 1040, 66, 30, 26, 24
_LETTER = 7.4
_ASIDE = 70


def draw() -> str:
    """Return the picture as SVG; the same for the same imports, byte for byte."""
    boxes = _lay_out()
    height = len(FLOORS) * _FLOOR + _MARGIN
    lines = [_arrow(boxes[upper], boxes[lower], lower) for upper, lower in sorted(needed_arrows())]
    rooms = [_room(name, box) for name, box in boxes.items()]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        'font-family="Verdana, DejaVu Sans, sans-serif" font-size="12">'
    )
    ground = f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, ground, *lines, *rooms, "</svg>", ""])


def _lay_out() -> dict[str, tuple[float, float, float]]:
    """Return left edge, top and width of every room; each floor is centered."""
    boxes = {}
    for number, rooms in enumerate(FLOORS):
        widths = [len(_label(room)) * _LETTER + 24 for room in rooms]
        left = (_WIDTH - sum(widths) - _GAP * (len(rooms) - 1)) / 2
        if len(rooms) == 1:  # out of the middle by turns, or all arrows would lie on one line
            left += _ASIDE if number % 2 else -_ASIDE
        for room, width in zip(rooms, widths, strict=True):
            boxes[room] = (round(left, 1), number * _FLOOR + _MARGIN / 2, round(width, 1))
            left += width + _GAP
    return boxes


def _label(room: str) -> str:
    name = room if room == "sql" else room.replace(".", "/")
    return f"{_STATIONS[room]}  {name}" if room in _STATIONS else name


def _room(name: str, box: tuple[float, float, float]) -> str:
    left, top, width = box
    package = name.partition(".")[0]
    is_station = name in _STATIONS
    frame = (
        f'<rect x="{left}" y="{top}" width="{width}" height="{_BOX}" rx="4" fill="{_GROUND[package]}" '
        f'stroke="{_LINE[package]}" stroke-width="{2 if is_station else 1}"/>'
    )
    weight = ' font-weight="bold"' if is_station else ""
    text = f'<text x="{left + width / 2:.1f}" y="{top + 20}" text-anchor="middle"{weight}>{escape(_label(name))}</text>'
    return frame + text


def _arrow(upper: tuple[float, float, float], lower: tuple[float, float, float], name: str) -> str:
    x1, y1 = upper[0] + upper[2] / 2, upper[1] + _BOX
    x2, y2 = lower[0] + lower[2] / 2, lower[1]
    bend = (y2 - y1) / 2
    color = _LINE[name.partition(".")[0]]
    path = f"M{x1:.1f},{y1:.1f} C{x1:.1f},{y1 + bend:.1f} {x2:.1f},{y2 - bend:.1f} {x2:.1f},{y2:.1f}"
    return f'<path d="{path}" fill="none" stroke="{color}" stroke-opacity="0.55"/>'


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
