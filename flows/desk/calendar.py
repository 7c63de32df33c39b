"""The nights of a month at one studio, day by day: how each stands now, and what waits there, and since when."""

import calendar
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row

from flows.ledger.not_read import not_read_kept
from flows.review.clocks import Clock
from sql.nights import (
    nights_between,
    open_breaks_by_run,
    open_breaks_by_site,
    rows_of_runs,
    uncompared_by_run,
    unsettled_by_run,
    waiting_by_site,
)
from sql.signatures import signed_spans
from transforms.destinations import NotRead
from transforms.nights import Night, NightState, state_of_night
from transforms.outcomes import DIFFERENCES
from transforms.spoken_times import spoken_date
from transforms.totals.period import Period
from transforms.vocabulary import Outcome, Unread

_DAY = timedelta(days=1)
NightAtSite: TypeAlias = tuple[str, str]  # a run and a site


class DayState(StrEnum):
    """How a night stands now, the worst of it."""

    RUNNING = "running"
    INCOMPLETE = "incomplete"  # it did not end, something was not read, or of a row nobody knows what became of it
    DIFFERS = "differs"
    SIGNED = "signed"
    AGREES = "agrees"


@dataclass(frozen=True)
class Day:
    """A day of the calendar; ``state`` is None where no night ran, ``run_id`` then "". Another month's is no day."""

    number: int
    state: DayState | None = None
    run_id: str = ""
    differences: int = 0
    rows: int = 0
    said: str = ""


@dataclass(frozen=True)
class Waits:
    """Something that waits at a studio: how much of what, and since when the oldest of it does."""

    what: str
    count: int
    since: str
    days: int
    link: str


@dataclass(frozen=True)
class SiteMonth:
    """One studio's nights, week by week, and what waits there."""

    site_id: str
    weeks: Sequence[Sequence[Day | None]]
    waits: Sequence[Waits]


@dataclass(frozen=True)
class Facts:
    """What the ledger has of the nights of a month, for all studios."""

    nights: Sequence[Night]
    breaks: Mapping[NightAtSite, int]  # open ones by run and site
    unsettled: Set[NightAtSite]  # where rows are not sure yet, still to be posted, or posted and not read back
    rows: Mapping[NightAtSite, int]  # accepted, by run and site
    waiting: Sequence[Row[Any]]
    differing: Sequence[Row[Any]]
    spans: Sequence[tuple[date, date]]  # that were approved


def collect_nights(connection: Connection, month: Period, *, is_all_read: bool = True) -> Facts:
    """Return what the ledger has of a month; a day of each side more, since clocks differ.

    ``is_all_read``: each posted row is to be read back. Else balances prove most of them, and what a night could not
    prove or read it has told itself.
    """
    since, after = month.since - _DAY, month.until + 2 * _DAY
    since_at, after_at = _midnight(since), _midnight(after)
    open_rows = [*unsettled_by_run(connection), *(uncompared_by_run(connection) if is_all_read else ())]
    return Facts(
        nights=[night_from(row) for row in nights_between(connection, since_at, after_at)],
        breaks=_breaks_by_night(connection, since, after),
        unsettled={(row.run_id, row.site_id) for row in open_rows},
        rows=_rows_by_night(connection, since_at, after_at + _DAY),
        waiting=waiting_by_site(connection),
        differing=open_breaks_by_site(connection),
        spans=signed_spans(connection),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _breaks_by_night(connection: Connection, since: date, until: date) -> Mapping[NightAtSite, int]:
    breaks: Counter[NightAtSite] = Counter()
    for row in open_breaks_by_run(connection, since, until):
        if _differs(row):
            breaks[row.run_id, row.site_id or ""] += int(row.breaks_count)
    return breaks


def _rows_by_night(connection: Connection, since_at: datetime, until_at: datetime) -> Mapping[NightAtSite, int]:
    rows: Counter[NightAtSite] = Counter()
    for row in rows_of_runs(connection, since_at, until_at):
        rows[row.run_id, row.site_id] += int(row.rows_count)
    return rows


def _differs(row: Row[Any]) -> bool:
    return Outcome(row._mapping["class"]) in DIFFERENCES


def night_from(row: Row[Any]) -> Night:
    """Return a night as the ledger has it."""
    return Night(
        run_id=row.run_id,
        started_at=row.started_at,
        finished_at=row.finished_at,
        seen_at=row.seen_at,
        failure=row.failure,
        summary=None if row.summary is None else json.loads(row.summary),
    )


def site_month(facts: Facts, month: Period, site_id: str, clock: Clock, now: datetime) -> SiteMonth:
    """Return the calendar of one studio, by its own clock; "" is that of rewards."""
    by_day: defaultdict[date, list[Night]] = defaultdict(list)
    for night in facts.nights:
        by_day[night.started_at.astimezone(clock.zone).date()].append(night)

    def told(day: date) -> Day | None:
        # The first and the last week have days of other months, too.
        is_of_month = day.month == month.since.month
        return _day(facts, day, by_day[day], site_id, now) if is_of_month else None

    weeks = calendar.Calendar().monthdatescalendar(month.since.year, month.since.month)
    return SiteMonth(
        site_id=site_id,
        weeks=[[told(day) for day in week] for week in weeks],
        waits=waits_of(facts.waiting, facts.differing, site_id, clock, now),
    )


def _day(facts: Facts, day: date, nights: Sequence[Night], site_id: str, now: datetime) -> Day:
    if not nights:
        return Day(day.day)
    here = [(night.run_id, site_id) for night in nights]
    differences = sum(facts.breaks.get(place, 0) for place in here)
    is_unsettled = any(place in facts.unsettled for place in here)
    # A night that did not end is made up for by a later one of the same day.
    last = nights[-1]
    state = _state(last, site_id, differences, now, is_unsettled=is_unsettled)
    if state is DayState.AGREES and _is_signed(facts, day):
        state = DayState.SIGNED
    return Day(
        number=day.day,
        state=state,
        run_id=last.run_id,
        differences=differences,
        rows=sum(facts.rows.get(place, 0) for place in here),
        said=_said(state, differences),
    )


def _is_signed(facts: Facts, day: date) -> bool:
    return any(since <= day <= until for since, until in facts.spans)


def _state(night: Night, site_id: str, differences: int, now: datetime, *, is_unsettled: bool) -> DayState:
    stands = state_of_night(night, now)
    if stands is NightState.RUNNING:
        return DayState.RUNNING
    if stands is not NightState.ENDED or is_unsettled or unread_at(night, site_id):
        return DayState.INCOMPLETE
    return DayState.DIFFERS if differences else DayState.AGREES


def unread_at(night: Night, site_id: str) -> list[NotRead]:
    """Return what a night could not read of a studio; a sheet that nobody could read may be anybody's."""
    return [one for one in not_read_kept(night.summary) if is_at(one, site_id)]


def is_at(one: NotRead, site_id: str) -> bool:
    """Tell whether what was not read may be of a studio; "" asks for rewards.

    >>> from transforms.destinations import client_not_read, reward_not_read
    >>> is_at(client_not_read("7", "5", ""), "7"), is_at(client_not_read("7", "5", ""), "8")
    (True, False)
    >>> is_at(NotRead("a.csv", "damaged"), "8"), is_at(reward_not_read("x", ""), "7")
    (True, False)
    """
    match one.kind:
        # A file that nobody could read may hold rows of any studio, whichever folder it lay in.
        case Unread.FILE | Unread.INBOX:
            return True
        # Rewards, and Referral Rock as a whole, are of no site.
        case Unread.CLIENT | Unread.REWARD | Unread.DESTINATION:
            return one.site_id == site_id


def _said(state: DayState, differences: int) -> str:
    if state is DayState.DIFFERS:
        return f"{differences:,} difference{'' if differences == 1 else 's'}"
    return str(state)


_WAITS: Mapping[str, tuple[str, str]] = {
    "held": ("row waits for a person", "rows wait for a person"),
    "unknown": ("row not sure yet", "rows not sure yet"),
    "ready": ("row still to post", "rows still to post"),
    "refused": ("row turned down", "rows turned down"),
}


def waits_of(
    waiting: Sequence[Row[Any]], differing: Sequence[Row[Any]], site_id: str, clock: Clock, now: datetime
) -> list[Waits]:
    """Return what waits at a studio, differences first."""

    def is_here(row: Row[Any]) -> bool:
        return (row.site_id or "") == site_id

    waits = []
    differences = [row for row in differing if is_here(row) and _differs(row)]
    if differences:
        waits.append(_differences_wait(differences, clock, now))
    waits += [_rows_wait(row, clock, now) for row in waiting if is_here(row)]
    return waits


def _differences_wait(differences: Sequence[Row[Any]], clock: Clock, now: datetime) -> Waits:
    count = sum(int(row.breaks_count) for row in differences)
    since = min(row.since_at for row in differences).astimezone(clock.zone).date()
    today = now.astimezone(clock.zone).date()
    return Waits(
        what="difference" if count == 1 else "differences",
        count=count,
        since=spoken_date(since),
        days=(today - since).days,
        link="differences",
    )


def _rows_wait(row: Row[Any], clock: Clock, now: datetime) -> Waits:
    one, several = _WAITS[row.what]
    count = int(row.events_count)
    since = row.since_at.astimezone(clock.zone).date()
    today = now.astimezone(clock.zone).date()
    return Waits(
        what=one if count == 1 else several,
        count=count,
        since=spoken_date(since),
        days=(today - since).days,
        link="",
    )
