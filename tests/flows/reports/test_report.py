from datetime import datetime

import pandas as pd
import pytest

from flows.reports.report import COLUMNS, rows
from tests.flows.reports import samples


def test_report_refuses_a_frame_that_lacks_a_column() -> None:
    with pytest.raises(ValueError, match="'breaks' of a report has 9 rows and lacks owner, reason"):
        samples.report(breaks=samples.breaks().drop(columns=["owner", "reason"]))


def test_report_refuses_missing_totals() -> None:
    totals = samples.totals()
    del totals["pending"], totals["ties_out"]
    with pytest.raises(ValueError, match="lack pending, ties_out"):
        samples.report(totals=totals)


def test_report_refuses_a_time_without_zone() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        samples.report(started_at=datetime(2025, 7, 2))  # noqa: DTZ001  # what is refused here


def test_report_refuses_another_kind() -> None:
    with pytest.raises(ValueError, match="nightly, upload, settle, reconcile; got 'weekly'"):
        samples.report(kind="weekly")


@pytest.mark.parametrize("name", [name for name in COLUMNS if name != "ties"])
def test_rows_of_an_empty_frame_have_the_columns(name: str) -> None:
    assert tuple(rows(samples.quiet(), name).columns) == COLUMNS[name]


def test_rows_leave_the_frame_alone() -> None:
    breaks = samples.breaks().set_index(pd.Index(range(50, 59)))
    before = breaks.copy()
    assert list(rows(samples.report(breaks=breaks), "breaks").index) == list(range(9))
    pd.testing.assert_frame_equal(breaks, before)
