"""Which breaks of a report still wait, and which of them are a difference between the ledger and a service."""

import pandas as pd

from flows.reports.report import Report, rows
from transforms.totals.agreement import differences


def open_differences(report: Report) -> pd.DataFrame:
    """Return the open breaks that are a difference between the ledger and a service."""
    breaks = rows(report, "breaks")
    return differences(breaks[is_open(breaks)])


def is_open(breaks: pd.DataFrame) -> "pd.Series[bool]":
    """Return which breaks still wait: all but the resolved and the closed ones."""
    return ~breaks["state"].isin(["resolved", "closed"])
