"""A period as the ledger and the kept readings have it: collected for command line, pages and for signing.

Nothing is asked of a service here, and nothing changed.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.reports.month import Month
from flows.reports.unread import unread_frame
from flows.review.month_balances import clients_of
from flows.review.period_facts import PeriodClocks, dated, gather
from flows.runtime.errors import WrongUsage
from flows.settings.sections import Settings
from sql.month import (
    breaks_with_days,
)
from sql.signatures import signatures_of
from sql.taken_in import files_taken_in
from transforms.destinations import NotRead, client_not_read, reward_not_read
from transforms.reconcile.clients import clients_in
from transforms.reconcile.proof import Client
from transforms.totals.control_totals import tie_frame
from transforms.totals.differences import differences_of, roll_differences
from transforms.totals.month import period_walk, posted_by, rows_of_lines, tie_period
from transforms.totals.period import Period, parse_period
from transforms.totals.period_balances import period_balances
from transforms.totals.period_facts import PeriodFacts, posted_of
from transforms.vocabulary import Kind

_FILES = ["name", "sha256", "registered_at", "rows_read", "accepted", "duplicate", "held", "rejected"]


def read_period(text: str) -> Period:
    """Return the period that a person names; `WrongUsage` says how one is written."""
    period = parse_period(text.strip())
    if period is None:
        raise WrongUsage(
            f'"{text}" is no period: write a month as 2026-09, a year as 2026, or days as 2026-09-01..2026-09-15.'
        )
    return period


def look_at_period(settings: Settings, ledger: Ledger, period: Period, site_id: str | None = None) -> Month:
    """Return a period as it stands now; `WrongUsage` where a site is named that nobody knows."""
    with ledger.read() as connection:
        return collect_period(settings, connection, period, site_id, ledger.now())


def look_at_site_alone(settings: Settings, ledger: Ledger, period: Period, site_id: str) -> Month:
    """Return a period of one site for somebody who may see no other: nothing of it tells what others have.

    Who signed is told, and not whether the signatures hold, nor what is in the way: both are about all sites. Files are
    left out, since one may hold rows of several sites.
    """
    with ledger.read() as connection:
        month = collect_period(settings, connection, period, site_id, ledger.now())
        kept = signatures_of(connection, period.since, period.until)
    return replace(
        month,
        files=month.files.iloc[:0],
        signatures=[_who_signed(row) for row in kept],
        in_the_way=("a period is signed over all sites, by those who may look at all of them",),
    )


def _who_signed(signature: Row[Any]) -> dict[str, Any]:
    names = ("role", "by_name", "actor", "at", "reason")
    told = {name: signature._mapping[name] for name in names}
    return {**told, "holds": ""}


def collect_period(
    settings: Settings, connection: Connection, period: Period, site_id: str | None, now: datetime
) -> Month:
    """Return a period as it stands in this transaction."""
    zones = {site.site_id: site.timezone for site in settings.mindbody.sites}
    clocks = PeriodClocks(
        {name: ZoneInfo(zone) for name, zone in zones.items()},
        ZoneInfo(settings.shared_timezone),
    )
    breaks = [dated(dict(row._mapping), clocks) for row in breaks_with_days(connection)]
    this = gather(settings, connection, period, site_id, clocks, breaks)
    last = gather(settings, connection, period.before, site_id, clocks, breaks)
    events, events_before = this.facts.events, last.facts.events
    bounds = clocks.bounds(period)
    ends = {site: until_at for site, (_, until_at) in bounds.items()}
    of_site = [one for one in breaks if site_id is None or (one.row["site_id"] or "") == site_id]
    differences = differences_of(of_site, period, bounds)
    rolled = roll_differences(differences)
    clients = clients_of(connection, posted_of(events), this.proved_clients, unread=_unread_clients(this.facts))
    balances = period_balances(clients, ends)
    walked = period_walk(this.facts)
    by_source = posted_by(events, "source")
    return Month(
        period=period,
        site_id=site_id,
        made_at=now,
        timezone=_clock_of(settings, site_id),
        zones=zones,
        walk=walked,
        last=period_walk(last.facts),
        balances=balances,
        differences=differences,
        rolled=rolled,
        by_source=by_source,
        last_by_source=posted_by(events_before, "source"),
        by_staff=posted_by(events, "staff"),
        last_by_staff=posted_by(events_before, "staff"),
        events=events,
        files=_files(connection, bounds[""], site_id),
        unread=_unread(this.facts),
        ties=tie_frame(tie_period(walked, balances, by_source, rolled)),
        proved_by_balance=sorted(this.proved_clients),
        is_over=max(ends.values()) <= now,
        rows=rows_of_lines(this.facts),
    )


def _clock_of(settings: Settings, site_id: str | None) -> str:
    zones = {site.site_id: site.timezone for site in settings.mindbody.sites}
    return zones.get(site_id or "", settings.shared_timezone)


def _unread(facts: PeriodFacts) -> pd.DataFrame:
    """Return what was posted in the period and nobody has looked at, nor is proved: one row per client or reward."""
    left = _left(facts)[["kind", "site_id", "client_id", "reward_id"]]
    counts = Counter(_whose(event) for event in left.to_dict("records"))
    told = [one._replace(why=f"posted and not read back: {count:,}") for one, count in counts.items()]
    return unread_frame(sorted(told))


def _whose(event: Mapping[Any, Any]) -> NotRead:
    if event["kind"] == Kind.REWARD_UPDATE:
        return reward_not_read(event["reward_id"], "")
    return client_not_read(event["site_id"], event["client_id"], "")


def _left(facts: PeriodFacts) -> pd.DataFrame:
    posted = posted_of(facts.events)
    is_unread = posted["compared_at"].isna()
    is_proved = posted["event_id"].isin(set(facts.proved))
    return posted[is_unread & ~is_proved]


def _unread_clients(facts: PeriodFacts) -> set[Client]:
    left = _left(facts)
    of_clients = left[left["client_id"].notna()]
    return set(clients_in(of_clients))


def _files(connection: Connection, taken: tuple[datetime, datetime], site_id: str | None) -> pd.DataFrame:
    """Return the files that were taken in in the period, as they were read; of a site, those that came for it."""
    since_at, until_at = taken
    rows = []
    for file in files_taken_in(connection, since_at, until_at):
        # A file without a site of its own may hold rows of any.
        if site_id is None or file.default_site_id in ("", site_id):
            told = file._mapping
            rows.append([told[name] for name in _FILES])
    frame = pd.DataFrame(rows, columns=_FILES, dtype="object")
    registered_at = pd.to_datetime(frame["registered_at"], utc=True)
    return frame.assign(registered_at=registered_at)


def with_unread(month: Month, unread: pd.DataFrame) -> Month:
    """Return the period with what else nobody could read, such as files; both as `unread_frame` gives them."""
    return replace(month, unread=pd.concat([month.unread, unread], ignore_index=True))
