import pytest

from flows.reports.source_ids import check_line


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        pytest.param({}, None, id="no source id"),
        pytest.param({("sales", "confirmed"): 2}, "Source ids: 2 of 2 checked, 0 of them wrong.", id="all right"),
        pytest.param(
            {("sales", "confirmed"): 1200, ("referrals", "referral_reversed"): 1, ("visits", "spelling"): 3},
            "Source ids: 1,201 of 1,204 checked, 1 of them wrong; 3 left to the service (ids that differ in leading "
            "zeros or case alone, of visits: 3).",
            id="some of each",
        ),
        pytest.param(
            {("sales", "too_old"): 1, ("visits", "no_data"): 1, ("visits", "not_covered"): 1},
            "Source ids: all 3 left to the service (the reference data about sales is too old: 1; no reference data "
            "about visits: 1; the reference data about visits neither has the id nor covers the row: 1).",
            id="none checked",
        ),
    ],
)
def test_check_line(counts, line):
    assert check_line(counts) == line
