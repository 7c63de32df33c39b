"""Times that are plain numbers: what a number can count, and the moment that it then is."""

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum

SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
SECONDS = re.compile(r"[0-9]{10}")
MILLISECONDS = re.compile(r"[0-9]{13}")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Earlier than any of the two services, so that a number below it was something else.
FIRST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
# Day 0 of spreadsheets; those that began on old Macs count from 1904.
DAY_0 = datetime(1899, 12, 30, tzinfo=UTC)
FROM_1900_TO_1904 = timedelta(days=1462)


class Count(StrEnum):
    """What a time that is a plain number counts."""

    SECONDS = "seconds since 1970"
    MILLISECONDS = "milliseconds since 1970"
    DAYS = "days, as a spreadsheet counts them"


_PATTERN_OF = {Count.SECONDS: SECONDS, Count.MILLISECONDS: MILLISECONDS, Count.DAYS: SERIAL}


def counted_at(text: str, count: Count) -> datetime | None:
    """Return the moment that a plain number counts, to the second: as a clock shows it for days, else in UTC.

    A day's fraction that is not a whole second is too short to say which one it was.

    >>> counted_at("1773406352", Count.SECONDS).isoformat(), counted_at("46094.5", Count.DAYS).isoformat()
    ('2026-03-13T12:52:32+00:00', '2026-03-13T12:00:00+00:00')
    """
    if not _PATTERN_OF[count].fullmatch(text):
        return None
    if count is Count.SECONDS:
        return EPOCH + timedelta(seconds=int(text))
    if count is Count.MILLISECONDS:
        return EPOCH + timedelta(seconds=int(text) // 1000)
    seconds = float(text) * 86_400
    whole_seconds = round(seconds)
    # 46094.5 is noon to the second. 46094.3333 was eight o'clock, or just before it: whoever rounded it forgot
    # the second, and the key of an event holds it.
    if abs(seconds - whole_seconds) >= 0.1:
        return None
    return DAY_0 + timedelta(seconds=whole_seconds)


def what_number_counts(text: str) -> tuple[Count, datetime] | None:
    """Say what a plain number may count, for a person: the moment that it would be."""
    for count in Count:
        at = _roughly(text) if count is Count.DAYS else counted_at(text, count)
        if at is not None:
            return count, at
    return None


def _roughly(text: str) -> datetime | None:
    return DAY_0 + timedelta(minutes=round(float(text) * 1440)) if SERIAL.fullmatch(text) else None
