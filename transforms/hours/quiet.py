"""The hours in which nobody is to be told anything, and when they are over."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SPAN = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class QuietHours:
    """From one time of day to another, which may be the next day's; the first belongs to them, the last does not."""

    begin: time
    end: time


def parse_quiet_hours(text: str) -> QuietHours:
    """Read "22:00-07:00"; `ValueError`, with words for a person, where it is none.

    >>> parse_quiet_hours("22:00-7:00")
    QuietHours(begin=datetime.time(22, 0), end=datetime.time(7, 0))
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'"{text}" are no hours; write some such as "22:00-07:00"')
    begin = time(int(found[1]), int(found[2]))
    end = time(int(found[3]), int(found[4]))
    if begin == end:
        raise ValueError(f'"{text}" begins when it ends: leave it out, or write hours such as "22:00-07:00"')
    return QuietHours(begin, end)


def quiet_until(now: datetime, hours: QuietHours, zone: str) -> datetime | None:
    """Return when the quiet hours are over, in UTC; None where it is not quiet.

    Both times are by the wall clock of the zone, so that a night in which clocks change is as quiet as any other.

    >>> quiet_until(datetime(2026, 11, 26, 11, tzinfo=UTC), parse_quiet_hours("22:00-07:00"), "America/Los_Angeles")
    datetime.datetime(2026, 11, 26, 15, 0, tzinfo=datetime.timezone.utc)
    """
    here = now.astimezone(ZoneInfo(zone))
    if not _is_quiet(here.time(), hours):
        return None
    ends_today = here.time() < hours.end
    day = here.date() if ends_today else here.date() + timedelta(days=1)
    over_at = datetime.combine(day, hours.end, ZoneInfo(zone)).astimezone(UTC)
    # An hour that comes twice would be over before it is: the second one counts then.
    return over_at if over_at > now else over_at + timedelta(hours=1)


def _is_quiet(moment: time, hours: QuietHours) -> bool:
    is_after_begin = moment >= hours.begin
    is_before_end = moment < hours.end
    is_over_night = hours.begin > hours.end
    if is_over_night:
        return is_after_begin or is_before_end
    return is_after_begin and is_before_end
