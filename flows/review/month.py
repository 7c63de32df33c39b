"""A period as the ledger and the kept readings have it: collected for command line, pages and for signing.

Nothing is asked of a service here, and nothing changed.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection

from flows.ledger.connection import Ledger
from flows.reconciliation.proofs import judge
from flows.reports.month import Month
from flows.review.month_balances import clients_of
from flows.runtime.errors import WrongUsage
from flows.settings.sections import Settings
from sql.month import (
    Span,
    breaks_with_days,
    duplicates_of_period,
    events_of_period,
    rejected_of_period,
)
from sql.reversals import offset_breaks
from sql.signatures import signatures_of
from sql.taken_in import files_taken_in
from transforms.outcomes import OF_ENTRIES
from transforms.reconcile.proof import Client
from transforms.totals.control_totals import tie_frame
from transforms.totals.differences import Dated, differences_of, roll_differences
from transforms.totals.month import PeriodFacts, period_walk, posted_by, posted_of, rows_of_lines, tie_period
from transforms.totals.period import Period, parse_period
from transforms.totals.period_balances import period_balances
from transforms.vocabulary import Kind, Outcome, State, name_of_client, name_of_reward

_FILES = ["name", "sha256", "registered_at", "rows_read", "accepted", "duplicate", "held", "rejected"]
_WHOLE = ("points", "source_id", "attempt_id")


def read_period(text: str) -> Period:
    """Return the period that a person names; `WrongUsage` says how one is written."""
    period = parse_period(text.strip())
    if period is None:
        raise WrongUsage(
            f'"{text}" is no period: write a month as 2026-09, a year as 2026, or days as 2026-09-01..2026-09-15.'
        )
    return period


@dataclass(frozen=True)
class _Clocks:
    """The zones of the sites, and the one of what belongs to none."""

    of_sites: Mapping[str, tzinfo]
    shared: tzinfo

    def of(self, site_id: str | None) -> tzinfo:
        return self.of_sites.get(site_id or "", self.shared)

    def bounds(self, period: Period) -> dict[str, tuple[datetime, datetime]]:
        """Return when a period begins and ends, by site; "" for what belongs to none."""
        of_sites = {site_id: period.bounds(zone) for site_id, zone in self.of_sites.items()}
        return {**of_sites, "": period.bounds(self.shared)}


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
    names = ("role", "by_name", "actor", "at", "reason")
    signed = [{**{name: row._mapping[name] for name in names}, "holds": ""} for row in kept]
    way = ("a period is signed over all sites, by those who may look at all of them",)
    return replace(month, files=month.files.iloc[:0], signatures=signed, in_the_way=way)


def collect_period(
    settings: Settings, connection: Connection, period: Period, site_id: str | None, now: datetime
) -> Month:
    """Return a period as it stands in this transaction."""
    zones = {site.site_id: ZoneInfo(site.timezone) for site in settings.mindbody.sites}
    clocks = _Clocks(zones, ZoneInfo(settings.shared_timezone))
    breaks = [_dated(dict(row._mapping), clocks) for row in breaks_with_days(connection)]
    this = _gathered(settings, connection, period, site_id, clocks, breaks)
    last = _gathered(settings, connection, period.before, site_id, clocks, breaks)
    bounds = clocks.bounds(period)
    of_site = [one for one in breaks if site_id is None or (one.row["site_id"] or "") == site_id]
    differences = differences_of(of_site, period, bounds)
    rolled = roll_differences(differences)
    unread = _unread(this.facts)
    posted = posted_of(this.facts.events)
    clients = clients_of(connection, posted, this.proved_clients, unread=_unread_clients(this.facts))
    balances = period_balances(clients, {site: until_at for site, (_, until_at) in bounds.items()})
    walked = period_walk(this.facts)
    by_source = posted_by(this.facts.events, "source")
    return Month(
        period=period,
        site_id=site_id,
        made_at=now,
        timezone=_clock_of(settings, site_id),
        zones={site.site_id: site.timezone for site in settings.mindbody.sites},
        walk=walked,
        last=period_walk(last.facts),
        balances=balances,
        differences=differences,
        rolled=rolled,
        by_source=by_source,
        last_by_source=posted_by(last.facts.events, "source"),
        by_staff=posted_by(this.facts.events, "staff"),
        last_by_staff=posted_by(last.facts.events, "staff"),
        events=this.facts.events,
        files=_files(connection, bounds[""], site_id),
        unread=unread,
        ties=tie_frame(tie_period(walked, balances, by_source, rolled)),
        proved_by_balance=sorted(this.proved_clients),
        is_over=all(until_at <= now for _, until_at in bounds.values()),
        rows=rows_of_lines(this.facts),
    )


def _clock_of(settings: Settings, site_id: str | None) -> str:
    zones = {site.site_id: site.timezone for site in settings.mindbody.sites}
    return zones.get(site_id or "", settings.shared_timezone)


@dataclass(frozen=True)
class _Gathered:
    facts: PeriodFacts
    proved_clients: frozenset[Client]


def _gathered(
    settings: Settings,
    connection: Connection,
    period: Period,
    site_id: str | None,
    clocks: _Clocks,
    breaks: Sequence[Dated],
) -> _Gathered:
    bounds = clocks.bounds(period)
    taken = bounds[""]
    span = Span(
        since_at=min(since_at for since_at, _ in bounds.values()),
        until_at=max(until_at for _, until_at in bounds.values()),
        taken_since_at=taken[0],
        taken_until_at=taken[1],
    )
    events = _of_period(_events(events_of_period(connection, span)), bounds)
    if site_id is not None:
        events = events[events["site_id"].eq(site_id)].reset_index(drop=True)
    rejected = pd.DataFrame(
        [row for row in rejected_of_period(connection, span) if site_id is None or row["site_id"] == site_id],
        columns=["file_id", "kind", "site_id", "row_count", "points", "amount"],
        dtype="object",
    )
    proved_events, proved_clients = _proved(settings, connection, events)
    broken = _breaks_of(period, breaks, set(events["event_id"]), site_id)
    offset = offset_breaks(connection, broken["break_id"])
    there = broken[broken["state"].ne("closed") | broken["break_id"].isin(offset)]
    facts = PeriodFacts(
        events=events,
        again=duplicates_of_period(connection, span),
        rejected=rejected,
        breaks=there,
        proved=proved_events,
        offset=set(offset),
        currency=settings.referral_rock.currency or "",
    )
    return _Gathered(facts, proved_clients)


def _events(result: Any) -> pd.DataFrame:
    columns = list(result.keys())
    rows = [tuple(row) for row in result]
    frame = pd.DataFrame(rows, columns=columns, dtype="object")
    whole = {name: pd.array(frame[name].tolist(), dtype="Int64") for name in _WHOLE}
    amounts = [None if amount is None else Decimal(amount) for amount in frame["amount"]]
    times = {
        name: pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
        for name in ("action_at", "registered_at", "state_at", "compared_at")
    }
    flags = {name: frame[name].astype("bool") for name in ("is_taking_back", "was_let_go", "was_replaced")}
    texts = {name: frame[name].astype("str") for name in ("event_id", "kind", "site_id", "state", "first_state")}
    typed = frame.assign(**whole, **times, **flags, **texts)
    return typed.assign(amount=pd.Series(amounts, index=frame.index, dtype="object"))


def _of_period(events: pd.DataFrame, bounds: Mapping[str, tuple[datetime, datetime]]) -> pd.DataFrame:
    """Keep what lies in the period by the clock of its site: the query took what may."""
    is_within = events["kind"].eq(Kind.REWARD_UPDATE)
    for site_id in events.loc[~is_within, "site_id"].unique():
        since_at, until_at = bounds.get(site_id) or bounds[""]
        is_here = events["site_id"].eq(site_id) & events["action_at"].ge(since_at) & events["action_at"].lt(until_at)
        is_within |= is_here
    return events[is_within].reset_index(drop=True)


def _proved(
    settings: Settings, connection: Connection, events: pd.DataFrame
) -> tuple[frozenset[str], frozenset[Client]]:
    """Return which posted events, of which clients, no reading has compared and a balance proves."""
    is_waiting = events["state"].eq(State.POSTED) & events["compared_at"].isna() & events["client_id"].notna()
    waiting = events[is_waiting]
    if waiting.empty or settings.reconcile.proof != "balance":
        return frozenset(), frozenset()
    clients = set(zip(waiting["site_id"], waiting["client_id"], strict=True))
    judged = judge(connection, clients)
    proved = {id_ for proof in judged.proved.values() for id_ in proof.event_ids}
    return frozenset(proved & set(waiting["event_id"])), frozenset(judged.proved)


def _breaks_of(period: Period, breaks: Sequence[Dated], event_ids: set[str], site_id: str | None) -> pd.DataFrame:
    """Return the breaks about events of the period, and about entries of its days."""
    rows = []
    for broken in breaks:
        row = broken.row
        is_here = site_id is None or row["site_id"] == site_id
        is_entry = row["about_at"] is not None and bool(row["more"]) and Outcome(row["class"]) in OF_ENTRIES
        is_of_days = is_here and is_entry and period.holds(broken.day)
        if is_of_days or row["event_id"] in event_ids:
            rows.append({**row, "is_entry": is_of_days})
    columns = ["break_id", "class", "event_id", "site_id", "state", "more", "is_entry"]
    columns += ["points_ledger", "points_service", "amount_ledger", "amount_service"]
    return pd.DataFrame(rows, columns=columns, dtype="object").astype({"is_entry": "bool"})


def _dated(row: Mapping[str, Any], clocks: _Clocks) -> Dated:
    """Say which day a break is about: of its entry or event, of the reading that found it, or on which it was found."""
    local = clocks.of(row["site_id"])
    moment = row["about_at"] or row["until_at"] or row["registered_at"]
    day = row["opened_on"] if moment is None else moment.astimezone(local).date()
    return Dated(row, day, row["ended_at"])


def _unread(facts: PeriodFacts) -> pd.DataFrame:
    """Return what was posted in the period and nobody has looked at, nor is proved: one row per client or reward."""
    counts: defaultdict[str, int] = defaultdict(int)
    left = _left(facts)
    for kind, site_id, client_id, reward_id in zip(
        left["kind"], left["site_id"], left["client_id"], left["reward_id"], strict=True
    ):
        is_reward = kind == Kind.REWARD_UPDATE
        counts[name_of_reward(reward_id) if is_reward else name_of_client(site_id, client_id)] += 1
    rows = [(what, f"posted and not read back: {count:,}") for what, count in sorted(counts.items())]
    return pd.DataFrame(rows, columns=["what", "why"], dtype="str")


def _left(facts: PeriodFacts) -> pd.DataFrame:
    posted = posted_of(facts.events)
    return posted[posted["compared_at"].isna() & ~posted["event_id"].isin(set(facts.proved))]


def _unread_clients(facts: PeriodFacts) -> set[Client]:
    left = _left(facts)
    return {
        (site_id, client_id)
        for site_id, client_id in zip(left["site_id"], left["client_id"], strict=True)
        if isinstance(client_id, str)
    }


def _files(connection: Connection, taken: tuple[datetime, datetime], site_id: str | None) -> pd.DataFrame:
    """Return the files that were taken in in the period, as they were read; of a site, those that came for it."""
    since_at, until_at = taken
    found = []
    for row in files_taken_in(connection, since_at, until_at):
        is_of_site = site_id is None or row.default_site_id in ("", site_id)
        if is_of_site:
            found.append([row._mapping[name] for name in _FILES])
    frame = pd.DataFrame(found, columns=_FILES, dtype="object")
    return frame.assign(registered_at=pd.to_datetime(frame["registered_at"], utc=True))


def with_unread(month: Month, unread: pd.DataFrame) -> Month:
    """Return the period with what else nobody could read, such as files."""
    return replace(month, unread=pd.concat([month.unread, unread], ignore_index=True))
