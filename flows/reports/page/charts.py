"""The two charts of the page, each told in words as well; nothing where there is nothing to draw."""

import pandas as pd

from flows.reports.page.svg import Series, columns


def breaks_chart(ages: pd.DataFrame) -> str:
    """Draw the open breaks by age; nothing where there is none."""
    if not ages["breaks"].sum():
        return ""
    bands = ages["band"].tolist()
    breaks = ages["breaks"].tolist()
    told = ", ".join(f"{band}: {number}" for band, number in zip(bands, breaks, strict=True))
    series = [Series("Open breaks", "breaks", breaks)]
    return _figure("Open breaks by age", f"{told}.", bands, series)


def points_chart(days: pd.DataFrame) -> str:
    """Draw the points posted by day, or by month; nothing where none was posted."""
    earned = days["earned"].sum()
    redeemed = days["redeemed"].sum()
    if not earned + redeemed:
        return ""
    told = f"{earned:,} points earned and {redeemed:,} redeemed, {len(days)} columns."
    labels = [_day_label(str(day)) for day in days["day"]]
    series = [
        Series("Earned", "earned", days["earned"].tolist()),
        Series("Redeemed", "redeemed", days["redeemed"].tolist()),
    ]
    return _figure("Points posted by day", told, labels, series)


def _day_label(day: str) -> str:
    """Return 07-02 of 2025-07-02; a month, 2025-07, stays as it is."""
    is_month = len(day) <= len("2025-07")
    return day if is_month else day[len("2025-") :]


def _figure(name: str, told: str, labels: list[str], series: list[Series]) -> str:
    svg = columns(name, told, labels, series)
    return f"<figure><figcaption>{name}</figcaption>{svg}</figure>"
