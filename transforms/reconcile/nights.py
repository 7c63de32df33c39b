"""Reckon how many nights the calls of a day are enough for: posts first, then reads, and a part kept for reading.

Counts are of metered calls. What is in doubt, and clients of many transactions, take some more than one read.
"""

from dataclasses import dataclass

KEPT_PART = 10  # one call in so many of the day's, at most, is kept back for reading


@dataclass(frozen=True)
class Ahead:
    """What the next nights have to do at a metered service."""

    events: int  # a post each
    reads: int  # of clients whom nothing proves once they are posted to, one each
    reads_a_night: int  # of those with an open break or under watch: they are looked at again each night
    turns_a_night: int  # of those whom the balance proves
    tokens: int  # a night, one a site
    keeps_for_reading: bool

    @property
    def calls(self) -> int:
        """Return the calls of all nights together, each client read once; but for tokens and what is read by turn."""
        return self.events + self.reads + self.reads_a_night


def calls_kept(reads: int, turns: int, calls_a_day: int) -> int:
    """Return how many calls posting leaves to reading: as many as will be read, a tenth of the day's at most."""
    return min(reads + turns, calls_a_day // KEPT_PART)


def nights_needed(ahead: Ahead, calls_a_day: int) -> int | None:
    """Return in how many nights all of it is posted and read; None where a day's calls are too few for any of it.

    Reads by turn cost no night: they have what is left of a day's calls, and of what is kept back.

    >>> ahead = Ahead(events=90, reads=20, reads_a_night=2, turns_a_night=0, tokens=1, keeps_for_reading=True)
    >>> nights_needed(ahead, 50)
    3
    """
    events = ahead.events
    reads = ahead.reads
    nights = 0
    of_a_night = calls_a_day - ahead.tokens
    while events or reads:
        kept = _kept_of_a_night(ahead, reads, calls_a_day)
        posted = min(events, max(0, of_a_night - kept))
        # What is open already is read before what was posted just now.
        left_for_reads = of_a_night - posted - ahead.reads_a_night
        read = min(reads, max(0, left_for_reads))
        if posted + read <= 0:
            return None
        events -= posted
        reads -= read
        nights += 1
    return nights


def _kept_of_a_night(ahead: Ahead, reads: int, calls_a_day: int) -> int:
    if not ahead.keeps_for_reading:
        return 0
    return calls_kept(reads + ahead.reads_a_night, ahead.turns_a_night, calls_a_day)
