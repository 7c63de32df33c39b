"""The two charts of the workbook: open breaks by age, and points posted by day. Drawn only where there is something."""

from typing import Any, NamedTuple

import pandas as pd

from flows.reports.workbook.ink import Ink, Sheet

_COLORS = {"breaks": "#C55A11", "earned": "#2F6DB5", "redeemed": "#E0A030"}
_SIZE = {"width": 320, "height": 230}


class Lines(NamedTuple):
    """Where the lines that a chart is drawn from stand: the name of the sheet, its first and its last row (from 0)."""

    sheet: str
    first: int
    last: int


def draw_breaks(ink: Ink, sheet: Sheet, at: tuple[int, int], ages: pd.DataFrame, first: int) -> None:
    """Draw the open breaks by age; the lines of `ages` stand on the sheet Summary from row `first` on (from 0)."""
    if not ages["breaks"].sum():
        return
    bands = ages["band"]
    breaks = ages["breaks"]
    lines = Lines("Summary", first, first + len(ages) - 1)
    series = _series("Breaks", lines, labels_in=0, figures_in=1, labels=bands, figures=breaks)
    chart = _chart(ink, "Open breaks by age", [series], ["breaks"])
    told = ", ".join(f"{band}: {number}" for band, number in zip(bands, breaks, strict=True))
    _insert(sheet, at, chart, f"Column chart of open breaks by age. {told}.")


def draw_points(ink: Ink, sheet: Sheet, at: tuple[int, int], days: pd.DataFrame, first: int) -> None:
    """Draw the points posted by day; the lines of `days` stand on the sheet By day from row `first` on (from 0)."""
    earned = days["earned"].sum()
    redeemed = days["redeemed"].sum()
    if not earned + redeemed:
        return
    lines = Lines("By day", first, first + len(days) - 1)
    # The columns of that sheet: day, site, events, points earned, points redeemed.
    series = [
        _series("Earned", lines, labels_in=0, figures_in=3, labels=days["day"], figures=days["earned"]),
        _series("Redeemed", lines, labels_in=0, figures_in=4, labels=days["day"], figures=days["redeemed"]),
    ]
    chart = _chart(ink, "Points posted by day", series, ["earned", "redeemed"])
    told = f"{earned:,} points earned and {redeemed:,} redeemed on {days['day'].nunique()} days"
    _insert(sheet, at, chart, f"Column chart of points posted by day: {told}.")


def _insert(sheet: Sheet, at: tuple[int, int], chart: Any, description: str) -> None:
    # The description is for those who do not see the chart: it holds the figures too.
    row, column = at
    sheet.insert_chart(row, column, chart, {"x_offset": 14, "description": description})


def _series(
    name: str,
    lines: Lines,
    *,
    labels_in: int,
    figures_in: int,
    labels: "pd.Series[Any]",
    figures: "pd.Series[Any]",
) -> dict[str, Any]:
    """Return one color of columns: `labels_in` and `figures_in` are the columns of the sheet that it is drawn from."""
    return {
        "name": name,
        "categories": [lines.sheet, lines.first, labels_in, lines.last, labels_in],
        "values": [lines.sheet, lines.first, figures_in, lines.last, figures_in],
        # The figures are stored in the chart too: a viewer that does not calculate shows them.
        "categories_data": [str(label) for label in labels],
        "values_data": [int(figure) for figure in figures],
    }


def _chart(ink: Ink, title: str, series: list[dict[str, Any]], colors: list[str]) -> Any:
    has_several = len(series) > 1
    chart = ink.book.add_chart({"type": "column"})
    for one, color in zip(series, colors, strict=True):
        fill = {"color": _COLORS[color]}
        # The figures of two series side by side would stand on each other.
        chart.add_series({**one, "fill": fill, "gap": 60, "data_labels": {"value": not has_several}})
    chart.set_title({"name": title, "name_font": {"size": 12, "color": "#1F3A5F"}, "overlay": False})
    chart.set_legend({"position": "bottom"} if has_several else {"none": True})
    chart.set_y_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})
    # One place a column: days without postings would make the columns of a long period thin as hairs.
    x_axis: dict[str, Any] = {"text_axis": True, "num_format": "mm-dd"}
    if has_several:
        x_axis["num_font"] = {"rotation": -90}
    chart.set_x_axis(x_axis)
    chart.set_size(_SIZE)
    return chart
