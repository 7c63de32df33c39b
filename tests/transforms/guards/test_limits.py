"""Which limit holds for a site, what is over it, and how that is told."""

import pytest

from transforms.guards.limits import TOGETHER, Limits
from transforms.vocabulary import Guard

LIMITS = Limits(
    {Guard.POINTS_PER_RUN: 100, Guard.REJECTED_SHARE: 0.3, Guard.POINTS_PER_EVENT: 10**18},
    {"-98": {Guard.POINTS_PER_RUN: 1000, Guard.NEW_CLIENTS: 0}},
)


@pytest.mark.parametrize(
    ("guard", "site_id", "measured", "is_passed"),
    [
        pytest.param(Guard.POINTS_PER_RUN, "-99", 100, False, id="as much"),
        pytest.param(Guard.POINTS_PER_RUN, "-99", 101, True, id="more"),
        pytest.param(Guard.POINTS_PER_RUN, "-98", 1000, False, id="its own limit is larger"),
        pytest.param(Guard.POINTS_PER_RUN, "-98", 1001, True, id="more than its own"),
        pytest.param(Guard.NEW_CLIENTS, "-98", 1, True, id="a limit of nothing at all"),
        pytest.param(Guard.NEW_CLIENTS, "-99", 10**9, False, id="no limit"),
        pytest.param(Guard.REJECTED_SHARE, "", 0.3, False, id="rewards have the general limits"),
        pytest.param(Guard.POINTS_PER_EVENT, "-98", 10**18 + 1, True, id="past what a float tells apart"),
    ],
)
def test_is_passed(guard: Guard, site_id: str, measured: float, is_passed: bool) -> None:
    assert LIMITS.is_passed(guard, site_id, measured) is is_passed


def test_a_site_with_a_limit_of_its_own_is_counted_by_itself() -> None:
    counted = [LIMITS.counted_with(Guard.POINTS_PER_RUN, site_id) for site_id in ("-99", "-98")]
    assert counted == [TOGETHER, "-98"]


def test_why_names_the_key_that_holds() -> None:
    own = LIMITS.why(Guard.POINTS_PER_RUN, "-98", 1200)
    assert own == 'more points than guards.sites."-98".max_points_per_run (1,000): 1,200'
    share = LIMITS.why(Guard.REJECTED_SHARE, "-98", 1 / 3)
    assert share == "a larger share of rejected rows than guards.max_rejected_share (30%): 33.33%"
