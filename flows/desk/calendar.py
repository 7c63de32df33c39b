"""The nights of a month at one studio, day by day: how each stands now, and what waits there, and since when."""

import calendar
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row

from flows.review.clocks import Clock
from sql.nights import (
    nights_between,
    open_breaks_by_run,
    open_breaks_by_site,
    rows_of_runs,
    unsettled_by_run,
    waiting_by_site,
)
from sql.signatures import signed_spans
from transforms.nights import Night, NightState, state_of_night
from transforms.outcomes import DIFFERENCES
from transforms.totals.period import Period
from transforms.vocabulary import Destination, Outcome, Target, is_name_at_a_service

_DAY = timedelta(days=1)


class DayState(StrEnum):
    """How a night stands now, the worst of it."""

    RUNNING = "running"
    INCOMPLETE = "incomplete"  # it did not end, something was not read, or of a row nobody knows whether it was posted
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
    breaks: Mapping[tuple[str, str], int]  # open ones by run and site
    unsettled: Mapping[tuple[str, str], int]  # rows of theirs that are not sure yet, or still to be posted
    rows: Mapping[tuple[str, str], int]  # accepted, by run and site
    waiting: Sequence[Row[Any]]
    differing: Sequence[Row[Any]]
    spans: Sequence[tuple[date, date]]  # that were approved


def collect_nights(connection: Connection, month: Period) -> Facts:
    """Return what the ledger has of a month; a day of each side more, since clocks differ."""
    since, until = month.since - _DAY, month.until + _DAY
    since_at, until_at = (datetime.fromisoformat(f"{day}T00:00:00+00:00") for day in (since, until + _DAY))
    breaks: Counter[tuple[str, str]] = Counter()
    for row in open_breaks_by_run(connection, since, until + _DAY):
        if _differs(row):
            breaks[row.run_id, row.site_id or ""] += int(row.breaks_count)
    rows: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in rows_of_runs(connection, since_at, until_at + _DAY):
        rows[row.run_id, row.site_id] += int(row.rows_count)
    return Facts(
        nights=[night_from(row) for row in nights_between(connection, since_at, until_at)],
        breaks=breaks,
        unsettled={(row.run_id, row.site_id): int(row.events_count) for row in unsettled_by_run(connection)},
        rows=rows,
        waiting=waiting_by_site(connection),
        differing=open_breaks_by_site(connection),
        spans=signed_spans(connection),
    )


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
    weeks = [
        [_day(facts, day, by_day[day], site_id, now) if day.month == month.since.month else None for day in week]
        for week in calendar.Calendar().monthdatescalendar(month.since.year, month.since.month)
    ]
    return SiteMonth(site_id, weeks, waits_of(facts.waiting, facts.differing, site_id, clock, now))


def _day(facts: Facts, day: date, nights: Sequence[Night], site_id: str, now: datetime) -> Day:
    if not nights:
        return Day(day.day)
    differences = sum(facts.breaks.get((night.run_id, site_id), 0) for night in nights)
    rows = sum(facts.rows.get((night.run_id, site_id), 0) for night in nights)
    # A night that did not end is made up for by a later one of the same day.
    last = nights[-1]
    is_unsettled = any((night.run_id, site_id) in facts.unsettled for night in nights)
    state = _state(last, site_id, differences, now, is_unsettled=is_unsettled)
    is_signed = any(since <= day <= until for since, until in facts.spans)
    if state is DayState.AGREES and is_signed:
        state = DayState.SIGNED
    return Day(day.day, state, last.run_id, differences, rows, _said(state, differences))


def _state(night: Night, site_id: str, differences: int, now: datetime, *, is_unsettled: bool) -> DayState:
    stands = state_of_night(night, now)
    if stands is NightState.RUNNING:
        return DayState.RUNNING
    if stands is not NightState.ENDED or is_unsettled or unread_at(night, site_id):
        return DayState.INCOMPLETE
    return DayState.DIFFERS if differences else DayState.AGREES


def unread_at(night: Night, site_id: str) -> list[Mapping[str, str]]:
    """Return what a night could not read of a studio; a sheet that nobody could read may be anybody's."""
    told: Iterable[Mapping[str, str]] = (night.summary or {}).get("not_read", ())
    return [one for one in told if is_at(one["what"], site_id)]


def is_at(what: str, site_id: str) -> bool:
    """Tell whether what was not read may be of a studio.

    >>> is_at("client 5 of site 7", "7"), is_at("client 5 of site 7", "8"), is_at("a.csv", "8"), is_at("reward x", "7")
    (True, False, True, False)
    """
    if not is_name_at_a_service(what):
        return True
    if not site_id:
        return what.startswith("reward ") or what == Destination(Target.REFERRAL_ROCK, "").name
    is_client = what.startswith("client ") and what.endswith(f" of site {site_id}")
    return is_client or what == Destination(Target.MINDBODY, site_id).name


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
    found = []
    of_site = [row for row in differing if (row.site_id or "") == site_id and _differs(row)]
    if of_site:
        count = sum(int(row.breaks_count) for row in of_site)
        since = min(row.since_on for row in of_site)
        days = (now.date() - since).days
        found.append(Waits("difference" if count == 1 else "differences", count, day_text(since), days, "differences"))
    for row in waiting:
        if (row.site_id or "") == site_id:
            count = int(row.events_count)
            since = row.since_at.astimezone(clock.zone).date()
            days = (now.astimezone(clock.zone).date() - since).days
            found.append(Waits(_WAITS[row.what][count != 1], count, day_text(since), days, ""))
    return found


def day_text(day: date) -> str:
    """Return a day as people write it."""
    return f"{day.day} {day:%b %Y}"
