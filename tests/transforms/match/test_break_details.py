from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.transforms.sides import TOLERANCES, at, entries, events
from transforms.match.break_details import describe_transactions, zone_slip
from transforms.match.transactions import match_transactions

ZONE = ZoneInfo("America/Los_Angeles")
EXACT = "exactly the zone's offset from UTC"
SLIPPED = f"7:00:00 earlier, {EXACT}: a UTC time was taken for local."


def detail(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> str | None:
    matched = match_transactions(events(*ours), entries(*theirs), TOLERANCES)
    (told,) = describe_transactions(matched, {"-99": ZONE}, {})["detail"]
    return told if isinstance(told, str) else None


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        pytest.param(
            7, "7:00:00 later, exactly the zone's offset from UTC: a local time was taken for UTC", id="local"
        ),
        pytest.param(
            -7, "7:00:00 earlier, exactly the zone's offset from UTC: a UTC time was taken for local", id="utc"
        ),
        pytest.param(1, "1:00:00 later, as a clock change makes", id="clock change"),
        pytest.param(6.5, "6:30:00 later", id="no slip"),
    ],
)
def test_zone_slip_says_whether_the_zone_explains_it(hours: float, told: str) -> None:
    assert zone_slip(at(12), at(12) + timedelta(hours=hours), ZONE) == told


def test_zone_slip_knows_the_offset_of_the_season() -> None:
    winter = at(12) + timedelta(days=120)
    assert "exactly" in zone_slip(winter, winter + timedelta(hours=8), ZONE)
    assert "exactly" not in zone_slip(winter, winter + timedelta(hours=7), ZONE)


@pytest.mark.parametrize(
    ("ours", "theirs", "told"),
    [
        ([{}], [{}], None),
        ([{}], [{"points": 12}], "Earned: points: ledger 10, service 12."),
        ([{}], [], "The ledger has Earned 10 points at 2026-09-01 17:00:00 UTC."),
        ([], [{"action": "Returned"}], "The service shows Returned 10 points at 2026-09-01 17:00:00 UTC."),
        ([{"state": "unknown"}], [], "The service shows no such entry."),
        (
            [{}],
            [{"action_at": at(10)}],
            f"at: ledger 2026-09-01 17:00:00 UTC, service 2026-09-01 10:00:00 UTC: {SLIPPED}",
        ),
    ],
)
def test_describe_transactions_gives_the_figures_of_both_sides(
    ours: list[dict[str, Any]], theirs: list[dict[str, Any]], told: str | None
) -> None:
    assert detail(ours, theirs) == told
