"""What somebody may see of a period: of everything there is, or of one studio alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote, urlencode

from flows.desk.house_clock import clock_at
from flows.desk.visit import Visit
from flows.reports.month import Month
from flows.review.month import look_at_site_alone
from flows.review.sign import look_at
from transforms.spoken_times import spoken_date
from transforms.totals.period import Period, month_of, parse_period
from transforms.vocabulary import Role

_YEARS = range(2000, 2100)


@dataclass(frozen=True)
class Seen:
    """A period as this person may see it; ``is_whole`` where it is over everything there is."""

    period: Period
    site_id: str | None
    month: Month
    is_whole: bool

    @property
    def link(self) -> str:
        """Where its page is."""
        return f"/months/{quote(self.period.name)}"

    @property
    def asked(self) -> str:
        """What its pages are asked with, so that they are of the same site."""
        return "" if self.site_id is None else "?" + urlencode({"site": self.site_id})


def find_period(name: str) -> Period | None:
    """Return the period that an address names, None where that is none."""
    period = parse_period(name)
    if period is None:
        return None
    years = {period.since.year, period.until.year}
    return period if years <= set(_YEARS) else None


def see(visit: Visit) -> Seen | None:
    """Return what this person may see of the period that the address names; None where there is nothing of it."""
    return period_seen(visit, visit.path["period"], visit.request.query_params.get("site", ""))


def period_seen(visit: Visit, name: str, asked: str) -> Seen | None:
    """Return what this person may see of a period, of one site where one is asked for."""
    period = find_period(name)
    own = visit.sites(Role.REVIEWER)
    if period is None or (asked and asked not in own):
        return None
    if visit.is_over_all(Role.REVIEWER):
        site_id = asked or None
        return Seen(period, site_id, collected(visit, period, site_id), is_whole=True)
    # Who reviews some of the studios looks at one at a time: a sum over two would tell of neither.
    alone = asked or own[0]
    return Seen(period, alone, _collected_alone(visit, period, alone), is_whole=False)


def collected(visit: Visit, period: Period, site_id: str | None) -> Month:
    """Return a period for somebody who may see everything."""
    settings, ledger = visit.desk.settings, visit.desk.ledger

    def look() -> Month:
        return look_at(settings, ledger, period, site_id)

    return visit.desk.months.get(ledger, ("whole", period.name, site_id or ""), look)


def _collected_alone(visit: Visit, period: Period, site_id: str) -> Month:
    settings, ledger = visit.desk.settings, visit.desk.ledger

    def look() -> Month:
        return look_at_site_alone(settings, ledger, period, site_id)

    # Under a key of its own: what is collected for those who see everything tells of other studios, too.
    return visit.desk.months.get(ledger, ("alone", period.name, site_id), look)


def sites_to_choose(visit: Visit) -> Sequence[tuple[str, str]]:
    """Return the sites to choose among, "" for all of them where this person may see all; none where there is one."""
    desk = visit.desk
    own = [(site_id, desk.site_name(site_id)) for site_id in visit.sites(Role.REVIEWER) if site_id]
    if len(desk.site_ids) == 1:
        return []
    if visit.is_over_all(Role.REVIEWER):
        return [("", "all studios"), *own]
    return own if len(own) > 1 else []


def whose_clock(visit: Visit, site_id: str | None) -> str:
    """Say whose clock the days are by; ``site_id`` None: those of all studios."""
    zones = {site.timezone for site in visit.desk.settings.mindbody.sites}
    if site_id is None and len(zones) > 1:
        return "each studio's own clock"
    return f"the clock of {clock_at(visit.desk, site_id).place}"


def period_name(period: Period) -> str:
    """Return what people call a period.

    >>> from datetime import date
    >>> period_name(month_of(date(2026, 9, 3)))
    'September 2026'
    """
    if period == month_of(period.since):
        return f"{period.since:%B %Y}"
    if period.name == f"{period.since:%Y}":
        return period.name
    return f"{spoken_date(period.since)} to {spoken_date(period.until)}"


def month_after(period: Period, today: date) -> Period | None:
    """Return the month after a month, once it has begun by the house's day; None after any other period."""
    if period != month_of(period.since):
        return None
    after = month_of(period.until + timedelta(days=1))
    return after if after.since <= today else None
