"""Moments as people say them: Sun 25 Oct 2026, 5:00 pm."""

import re
from datetime import datetime, tzinfo
from typing import Final

# As what is known about a difference is written into the ledger, whichever site it is of.
_IN_UTC: Final = re.compile(r"\b(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) UTC\b")


def spoken(at: datetime) -> str:
    """Write a time as people say it, by the clock that it has; seconds where there are any.

    >>> spoken(datetime(2026, 10, 25, 17, 0)), spoken(datetime(2026, 3, 1, 0, 5, 9))
    ('Sun 25 Oct 2026, 5:00 pm', 'Sun 1 Mar 2026, 12:05:09 am')
    """
    seconds = f":{at.second:02}" if at.second else ""
    half = "am" if at.hour < 12 else "pm"
    return f"{at:%a} {at.day} {at:%b %Y}, {at.hour % 12 or 12}:{at.minute:02}{seconds} {half}"


def retold(text: str, zone: tzinfo) -> str:
    """Tell the moments in a text, which are in UTC, by another clock; all else stays.

    >>> from zoneinfo import ZoneInfo
    >>> retold("Earned 1 point at 2026-10-30 17:00:00 UTC.", ZoneInfo("America/Los_Angeles"))
    'Earned 1 point at Fri 30 Oct 2026, 10:00 am PDT.'
    """
    return _IN_UTC.sub(lambda found: _told(datetime.fromisoformat(f"{found[1]}+00:00").astimezone(zone)), text)


def _told(at: datetime) -> str:
    # Two moments of the hour that a clock change repeats differ by the name of the zone alone.
    return f"{spoken(at)} {at.tzname()}"
