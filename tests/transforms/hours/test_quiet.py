"""When it is quiet, and until when: by the wall clock of a zone."""

from datetime import UTC, datetime

import pytest

from transforms.hours.quiet import parse_quiet_hours, quiet_until

LOS_ANGELES = "America/Los_Angeles"


@pytest.mark.parametrize(
    ("hours", "zone", "now", "until"),
    [
        pytest.param("22:00-07:00", "UTC", "2026-11-26T22:00", "2026-11-27T07:00", id="as they begin"),
        pytest.param("22:00-07:00", "UTC", "2026-11-27T06:59", "2026-11-27T07:00", id="before they end"),
        pytest.param("22:00-07:00", "UTC", "2026-11-27T07:00", None, id="as they end"),
        pytest.param("22:00-07:00", "UTC", "2026-11-27T12:00", None, id="at noon"),
        pytest.param("12:00-14:00", "UTC", "2026-11-27T13:00", "2026-11-27T14:00", id="within a day"),
        pytest.param("12:00-14:00", "UTC", "2026-11-27T23:00", None, id="after those of the day"),
        pytest.param("22:00-07:00", LOS_ANGELES, "2026-11-26T11:00", "2026-11-26T15:00", id="three in Los Angeles"),
        pytest.param("22:00-07:00", LOS_ANGELES, "2026-11-26T20:00", None, id="noon in Los Angeles"),
        # Clocks go back at two on the first of November, and forward at two on the eighth of March.
        pytest.param("22:00-07:00", LOS_ANGELES, "2026-11-01T06:00", "2026-11-01T15:00", id="a night of an hour more"),
        pytest.param("22:00-07:00", LOS_ANGELES, "2026-03-08T07:00", "2026-03-08T14:00", id="a night of an hour less"),
        pytest.param("22:00-01:30", LOS_ANGELES, "2026-11-01T09:10", "2026-11-01T09:30", id="an hour comes twice"),
    ],
)
def test_quiet_until(hours: str, zone: str, now: str, until: str | None) -> None:
    found = quiet_until(datetime.fromisoformat(now).replace(tzinfo=UTC), parse_quiet_hours(hours), zone)
    assert found == (None if until is None else datetime.fromisoformat(until).replace(tzinfo=UTC))


@pytest.mark.parametrize("text", ["", "22-7", "24:00-07:00", "22:00-07:60", "07:00-07:00", "22:00 to 07:00"])
def test_what_are_no_hours_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="22:00-07:00"):
        parse_quiet_hours(text)
