"""Which of the things that runs leave behind may be removed, and why the others stay.

Nothing goes that somebody still works with, nor what `tieout recover` could not do without. What it needs follows from
what it does: it goes on from a copy of the ledger, registers the files of the archive that the copy does not know, and
reads the snapshots that the copy does not know. So a file or a snapshot can be spared where the oldest copy that could
be put back knows it, and no day sooner, whatever the settings say.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class Leaving(StrEnum):
    """What a run leaves behind."""

    ARCHIVED = "archive"
    SNAPSHOT = "snapshots"
    REPORT = "reports"
    REJECTED = "rejected"  # a file that was wrong as a whole, with its reason
    NOT_SENT = "not-sent"  # the copy of a file that nobody agreed to send
    DESK = "desk"  # a sheet that came by the desk, with what was mended
    HALF = "half-written"  # what a process that was killed was writing, under a name that nothing reads


HALF_WRITTEN_DAYS = 1  # nobody writes at one file for longer, and nothing of it is of use
_FURTHEST_AHEAD = timedelta(hours=14)
# Nothing of them was sent: they are in no books, and a recovery reads none of them.
_NOTHING_SENT = {Leaving.REJECTED, Leaving.NOT_SENT, Leaving.HALF}


@dataclass(frozen=True)
class Facts:
    """What is known of one thing that a run left behind."""

    kind: Leaving
    since_at: datetime | None  # when the ledger took it in, UTC; None: the ledger does not know it
    is_as_taken: bool = True  # its content is the one that the ledger knows
    is_newest: bool = False  # of its kind: by the newest ones a workspace is known again
    has_open_event: bool = False  # held, ready, on its way, unknown, under watch, or still to be recovered
    has_open_break: bool = False
    is_open: bool = False  # nobody has decided yet what becomes of it
    is_in_copy: bool | None = None  # the oldest copy of the ledger knows it; None: there is no copy


@dataclass(frozen=True)
class Limits:
    """How long things are kept, in days by kind, None for ever; and what bounds that from below."""

    days: dict[Leaving, int | None]
    # Whole months before the running one whose books may be open, for those who sign nothing; None: they sign.
    open_months: int | None
    own_copies_days: int | None  # how far back copies of the ledger reach that are kept elsewhere
    signed_through: date | None = None  # every day up to it is of a period that was approved; None: none is


def is_old(facts: Facts, limits: Limits, now: datetime) -> bool:
    """Return whether the settings would have it removed by now; what the ledger does not know has no age."""
    days = limits.days[facts.kind]
    # In doubt it stays. What is removed too early is gone where somebody asks what was sent; what stays too long takes
    # some disk.
    if days is None or facts.since_at is None:
        return False
    return facts.since_at < now - timedelta(days=days)


def why_it_stays(facts: Facts, limits: Limits, now: datetime) -> str | None:
    """Return why something old stays all the same; None where it may be removed."""
    if facts.since_at is None:
        return "the ledger does not know it"
    if facts.kind in _NOTHING_SENT:
        return None if facts.is_as_taken else "it is not what was set aside: somebody works on it"
    if facts.is_open:
        return "it is not posted yet, and nobody has dropped it"
    if not facts.is_as_taken:
        return "it is not what the ledger took in: somebody changed it"
    if facts.is_newest:
        return "it is the newest of its kind"
    open_part = _what_is_open(facts)
    if open_part is not None:
        return open_part
    if facts.kind is Leaving.DESK:  # what was posted of it lies in the archive, and a recovery reads that
        return None
    if not _is_signed(facts.since_at, limits, now):
        return "its period is not signed: `tieout sign` (keep.open_months, for those who sign nothing)"
    if facts.kind is Leaving.REPORT:  # made again from its snapshot, and nothing that a recovery reads
        return None
    return _why_recovering_needs_it(facts, limits, now)


def _what_is_open(facts: Facts) -> str | None:
    if facts.has_open_event:
        return "an event of it is held, not sent yet, in doubt or under watch"
    return "an open difference belongs to it" if facts.has_open_break else None


def _is_signed(since_at: datetime, limits: Limits, now: datetime) -> bool:
    """Return whether the books are signed up to a moment, or count as signed since they are old enough."""
    # Periods are days of sites, and no clock is further ahead of UTC than this.
    latest_day = (since_at + _FURTHEST_AHEAD).date()
    if limits.signed_through is not None and latest_day <= limits.signed_through:
        return True
    if limits.open_months is None:
        return False
    return since_at.date() < first_open_day(now.date(), limits.open_months)


def _why_recovering_needs_it(facts: Facts, limits: Limits, now: datetime) -> str | None:
    if facts.is_in_copy is False:
        return "the oldest copy in backups/ does not know it: `tieout recover` would need it"
    own_days = limits.own_copies_days
    if own_days is None:
        nobody = "no copy of the ledger is kept that knows it: `tieout recover` would need it (keep.own_copies_days)"
        return nobody if facts.is_in_copy is None else None
    if facts.since_at is not None and facts.since_at >= now - timedelta(days=own_days):
        return "the oldest of your own copies may not know it: `tieout recover` would need it (keep.own_copies_days)"
    return None


def first_open_day(today: date, open_months: int) -> date:
    """Return the first day of the earliest month whose books may still be open.

    >>> first_open_day(date(2026, 2, 14), 3)
    datetime.date(2025, 11, 1)
    """
    months_since_year_0 = today.year * 12 + today.month - 1
    year, month = divmod(months_since_year_0 - open_months, 12)
    return date(year, month + 1, 1)
