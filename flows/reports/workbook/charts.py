"""The two charts of the workbook: open breaks by age, and points posted by day. Drawn only where there is something."""

from typing import Any

import pandas as pd

from flows.reports.workbook.ink import Ink, Sheet

_COLORS = {"breaks": "#C55A11", "earned": "#2F6DB5", "redeemed": "#E0A030"}
_SIZE = {"width": 320, "height": 230}


def draw_breaks(ink: Ink, sheet: Sheet, at: tuple[int, int], ages: pd.DataFrame, first: int) -> None:
    """Draw the open breaks by age; the lines of `ages` stand on the sheet Summary from row `first` on (from 0)."""
    if not ages["breaks"].sum():
        return
    place = ("Summary", first, first + len(ages) - 1)
    chart = _chart(
        ink, "Open breaks by age", [_series("Breaks", place, (0, 1), ages["band"], ages["breaks"])], "breaks"
    )
    told = ", ".join(f"{band}: {number}" for band, number in zip(ages["band"], ages["breaks"], strict=True))
    sheet.insert_chart(*at, chart, {"x_offset": 14, "description": f"Column chart of open breaks by age. {told}."})


def draw_points(ink: Ink, sheet: Sheet, at: tuple[int, int], days: pd.DataFrame, first: int) -> None:
    """Draw the points posted by day; the lines of `days` stand on the sheet By day from row `first` on (from 0)."""
    if not days["earned"].sum() + days["redeemed"].sum():
        return
    place = ("By day", first, first + len(days) - 1)
    series = [
        _series("Earned", place, (0, 2), days["day"], days["earned"]),
        _series("Redeemed", place, (0, 3), days["day"], days["redeemed"]),
    ]
    told = f"{days['earned'].sum():,} points earned and {days['redeemed'].sum():,} redeemed on {len(days)} days"
    chart = _chart(ink, "Points posted by day", series, "earned", "redeemed")
    sheet.insert_chart(*at, chart, {"x_offset": 14, "description": f"Column chart of points posted by day: {told}."})


def _series(
    name: str,
    place: tuple[str, int, int],
    columns: tuple[int, int],
    labels: "pd.Series[Any]",
    figures: "pd.Series[Any]",
) -> dict[str, Any]:
    # The figures are stored in the chart too: a viewer that does not calculate shows them.
    sheet, first, last = place
    return {
        "name": name,
        "categories": [sheet, first, columns[0], last, columns[0]],
        "values": [sheet, first, columns[1], last, columns[1]],
        "categories_data": [str(label) for label in labels],
        "values_data": [int(figure) for figure in figures],
    }


def _chart(ink: Ink, title: str, series: list[dict[str, Any]], *colors: str) -> Any:
    chart = ink.book.add_chart({"type": "column"})
    for one, color in zip(series, colors, strict=True):
        chart.add_series(
            {**one, "fill": {"color": _COLORS[color]}, "gap": 60, "data_labels": {"value": len(series) == 1}}
        )
    chart.set_title({"name": title, "name_font": {"size": 12, "color": "#1F3A5F"}, "overlay": False})
    chart.set_legend({"position": "bottom"} if len(series) > 1 else {"none": True})
    chart.set_y_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})
    # One place a column: days without postings would make the columns of a long period thin as hairs.
    turned = {"num_font": {"rotation": -90}} if len(series) > 1 else {}
    chart.set_x_axis({"text_axis": True, "num_format": "mm-dd", **turned})
    chart.set_size(_SIZE)
    return chart
