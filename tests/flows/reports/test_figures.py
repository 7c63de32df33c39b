from datetime import UTC, datetime
from decimal import Decimal

import pytest

from flows.reports.figures import age_band, breaks_by_age, by_day, points_by_day, side_by_side
from tests.flows.reports import samples


@pytest.mark.parametrize(
    ("days", "band"),
    [
        *((0, "0 to 1 day"), (1, "0 to 1 day"), (2, "2 to 7 days"), (7, "2 to 7 days")),
        *((8, "8 to 30 days"), (30, "8 to 30 days"), (31, "over 30 days")),
    ],
)
def test_age_band_includes_both_ends(days: int, band: str) -> None:
    assert age_band(days) == band


def test_breaks_by_age_counts_only_what_is_open() -> None:
    breaks = samples.breaks()
    breaks.loc[[0, 1], "state"] = ["resolved", "closed"]
    ages = breaks_by_age(samples.report(breaks=breaks))
    assert ages["breaks"].tolist() == [0, 1, 4, 2]


def test_breaks_by_age_shows_every_band_on_a_quiet_night() -> None:
    assert breaks_by_age(samples.quiet())["breaks"].tolist() == [0, 0, 0, 0]


def test_by_day_takes_the_day_of_the_site() -> None:
    posted = samples.posted(1).assign(action_at=[datetime(2025, 7, 2, 6, 59, tzinfo=UTC)])
    assert by_day(samples.report(posted=posted))["day"].tolist() == ["2025-07-01"]


def test_by_day_takes_the_posting_where_an_event_has_no_time() -> None:
    posted = samples.posted(1).assign(action_at=[None])
    assert by_day(samples.report(posted=posted))["day"].tolist() == ["2025-07-02"]


def test_by_day_sums_to_what_was_posted() -> None:
    days = by_day(samples.report())
    assert [days[name].sum() for name in ("events", "earned", "redeemed", "updates")] == [40, 800, 90, 3]
    assert sum(days["amount"]) == Decimal("112.50")


def test_points_by_day_turns_into_months_where_there_are_many_days() -> None:
    posted = samples.posted(90)
    posted["action_at"] = [datetime.fromtimestamp(86_400 * day, UTC) for day in range(20_000, 20_090)]
    report = samples.report(posted=posted)
    drawn = points_by_day(report)
    assert drawn["day"].tolist() == ["2024-10", "2024-11", "2024-12"]
    assert drawn["earned"].sum() == by_day(report)["earned"].sum()


def test_side_by_side_sets_the_levels_beside_each_other() -> None:
    lines = side_by_side(samples.report()).set_index(["kind", "measure"])
    assert lines.loc[("earned", "events"), ["file", "service", "difference"]].tolist() == [36, 33, 0]
    assert lines.loc[("reward_update", "amount"), "ledger"] == Decimal("112.50")


def test_side_by_side_leaves_a_level_that_was_not_read_empty() -> None:
    totals = samples.control_totals()
    lines = side_by_side(samples.report(control_totals=totals[totals["level"] != "service"]))
    assert lines["service"].isna().all()
    assert lines["difference"].isna().all()


def test_side_by_side_refuses_a_level_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="got also bank"):
        side_by_side(samples.report(control_totals=samples.control_totals().assign(level="bank")))
