"""Rows of one second: which are the same event, by the fraction that each shows.

Identity is to the second, because one export writes fractions and another cuts them, and because a service may give
whole seconds back. So of two rows of one second, equal in all else,

    .123  and  none          are the same time: the fraction was cut
    .123  and  .1            are the same time: it was cut, too
    .123  and  .129          are two times

Within one file all of them are events of their own, as equal rows are. Between files each row is known by an event of
the same time, one for one; one that is left over while the ledger has another time of this second is nobody's to
decide: it is held. Where every event of the ledger is accounted for by another row of the file, it is a further event.
"""

from collections.abc import Sequence
from datetime import datetime


def is_same_fraction(one: str | None, other: str | None) -> bool:
    """Tell whether two fractions, as digits, can be of one time.

    >>> is_same_fraction("123", None), is_same_fraction("1", "123"), is_same_fraction("123", "129")
    (True, True, False)
    """
    shown, told = one or "", other or ""
    return shown.startswith(told) or told.startswith(shown)


def with_fraction(second: datetime | None, digits: str | None) -> datetime | None:
    """Return a time with the digits after its second, to the microsecond.

    >>> with_fraction(datetime(2026, 9, 20, 17, 0, 0), "1234567")
    datetime.datetime(2026, 9, 20, 17, 0, 0, 123456)
    """
    if second is None or not digits:
        return second
    return second.replace(microsecond=int(digits[:6].ljust(6, "0")))


def pair_fractions(rows: Sequence[tuple[int, str | None]], events: Sequence[tuple[str, str | None]]) -> dict[int, str]:
    """Pair rows (ordinal and fraction) with events (id and fraction) of the same second, as many as can be paired."""
    left = [(fraction or "", event_id) for event_id, fraction in events]
    left.sort()
    asked = [(fraction or "", ordinal) for ordinal, fraction in rows]
    # The row that says most has the fewest events to choose from, so it chooses first; a row without a fraction is the
    # same time as any of them, and takes what is left.
    asked.sort(key=lambda row: (-len(row[0]), row[1]))
    paired: dict[int, str] = {}
    for fraction, ordinal in asked:
        fitting = [event for event in left if is_same_fraction(event[0], fraction)]
        if fitting:
            nearest = min(fitting, key=lambda event: _distance(event[0], fraction))
            left.remove(nearest)
            _, paired[ordinal] = nearest
    return paired


def _distance(of_event: str, of_row: str) -> tuple[int, int]:
    """Order what fits a row: equal digits, an event that says more, which no shorter row needs, then the longest."""
    more_digits = len(of_event) - len(of_row)
    if more_digits >= 0:
        return 0, more_digits
    return 1, -more_digits
