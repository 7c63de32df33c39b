"""Nights: a calendar for each studio, what waits there, and nights that did not run."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from urllib.parse import quote

from starlette.responses import Response

from flows.desk.calendar import DayState, collect_nights, site_month
from flows.desk.house_clock import clock_at, house_clock, house_today
from flows.desk.seen_periods import collected, month_after, period_name
from flows.desk.visit import Visit
from flows.people.accounts import ALL_SITES
from flows.runtime.clock import utc_now
from flows.status.collect import collect_status
from transforms.totals.period import Period, month_of, parse_period
from transforms.vocabulary import Role

_MONTH = re.compile(r"20\d\d-\d\d")
_CHANGED = "signed, and changed since"
_MARKS: Mapping[DayState, str] = {
    DayState.AGREES: "✓",
    DayState.SIGNED: "✎",
    DayState.DIFFERS: "≠",
    DayState.INCOMPLETE: "!",
    DayState.RUNNING: "…",
}
_WORDS: Mapping[DayState, str] = {
    DayState.AGREES: "agrees: the service has what was posted, or all that differed is explained",
    DayState.SIGNED: "agrees, and its month is signed",
    DayState.DIFFERS: "differences that are still open, first seen in that night",
    DayState.INCOMPLETE: "incomplete: the night did not end, or something was not read",
    DayState.RUNNING: "at work now",
}


def show_nights(visit: Visit) -> Response:
    """Show the nights of a month at each studio of this person."""
    desk, now = visit.desk, utc_now()
    month = _month_asked(visit)
    with desk.ledger.read() as connection:
        facts = collect_nights(connection, month, is_all_read=desk.settings.reconcile.proof != "balance")
    signed = _how_signed(visit, facts.spans, month)
    if signed == _CHANGED:
        # No day of it is marked as signed: that would say that it still stands as it was signed.
        facts = replace(facts, spans=())
    clocks = {site_id: clock_at(desk, site_id) for site_id in _sites(visit)}
    months = {site_id: site_month(facts, month, site_id, clock, now) for site_id, clock in clocks.items()}
    return visit.show(
        "nights",
        month=month,
        title=period_name(month),
        before=month.before,
        after=month_after(month, house_today(desk)),
        period_name=period_name,
        sites=[(_site_name(visit, site_id), of_site) for site_id, of_site in months.items()],
        clocks={site_id: clock.place for site_id, clock in clocks.items()},
        marks=_MARKS,
        words=_WORDS,
        missed=_missed(visit),
        signed=signed,
        quoted=quote,
    )


def _sites(visit: Visit) -> Sequence[str]:
    """Return the studios whose nights this person may see, "" among them for rewards."""
    sites = [site_id for site_id in visit.sites(Role.REVIEWER) if site_id]
    has_rewards = visit.desk.settings.referral_rock.is_named
    # Rewards are of no studio: their nights are for those who review everything.
    if has_rewards and visit.is_over_all(Role.REVIEWER):
        sites.append(ALL_SITES)
    return sites


def _how_signed(visit: Visit, spans: Sequence[tuple[date, date]], month: Period) -> str:
    """Say whether the month was approved, and to those who review everything whether that still holds."""
    is_within = any(since <= month.since and month.until <= until for since, until in spans)
    if not is_within:
        return ""
    is_signed_itself = (month.since, month.until) in spans
    if not is_signed_itself or not visit.is_over_all(Role.REVIEWER):
        return "signed"
    return _CHANGED if collected(visit, month, None).changed else "signed"


def _site_name(visit: Visit, site_id: str) -> str:
    return visit.desk.site_name(site_id) if site_id else "Rewards"


def _month_asked(visit: Visit) -> Period:
    asked = visit.request.query_params.get("month", "")
    period = parse_period(asked) if _MONTH.fullmatch(asked) else None
    if period is not None:
        return period
    return month_of(house_today(visit.desk))


def _missed(visit: Visit) -> list[str]:
    """Return the nights that were due and did not run, and the next one."""
    due = collect_status(visit.desk.settings, visit.desk.ledger).due
    clock = house_clock(visit.desk)
    told = [f"The night of {clock.tell_minute(at)} was due, and did not run." for at in due.missed[-3:]]
    if due.late is not None:
        told.append(f"The night of {clock.tell_minute(due.late)} has not begun yet.")
    if told:
        told.append("Whoever looks after tieout has to look into that. The next night takes all that lies there.")
    return told
