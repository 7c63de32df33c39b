"""A period as the ledger and the kept readings have it: collected for command line, pages and for signing.

Nothing is asked of a service here, and nothing changed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Row

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
_TIMES = ("action_at", "registered_at", "state_at", "compared_at")
_FLAGS = ("is_taking_back", "was_let_go", "was_replaced")
_TEXTS = ("event_id", "kind", "site_id", "state", "first_state")
_OF_BREAKS = [
    "break_id", "class", "event_id", "site_id", "state", "more", "is_entry", "points_ledger", "points_service",
    "amount_ledger", "amount_service",
]  # fmt: skip


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
    zones = {site.site_id: ZoneInfo(site.timezone) for site in settings.mindbody.sites}
    clocks = _Clocks(zones, ZoneInfo(settings.shared_timezone))
    breaks = [_dated(dict(row._mapping), clocks) for row in breaks_with_days(connection)]
    this = _gathered(settings, connection, period, site_id, clocks, breaks)
    last = _gathered(settings, connection, period.before, site_id, clocks, breaks)
    bounds = clocks.bounds(period)
    ends = {site: until_at for site, (_, until_at) in bounds.items()}
    of_site = [one for one in breaks if site_id is None or (one.row["site_id"] or "") == site_id]
    differences = differences_of(of_site, period, bounds)
    rolled = roll_differences(differences)
    unread = _unread(this.facts)
    posted = posted_of(this.facts.events)
    clients = clients_of(connection, posted, this.proved_clients, unread=_unread_clients(this.facts))
    balances = period_balances(clients, ends)
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
        is_over=max(ends.values()) <= now,
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
    span = _span_of(bounds)
    events = _of_period(_events(events_of_period(connection, span)), bounds)
    if site_id is not None:
        events = events[events["site_id"].eq(site_id)].reset_index(drop=True)
    proved = _proved(settings, connection, events)
    broken = _breaks_of(period, breaks, set(events["event_id"]), site_id)
    offset = offset_breaks(connection, broken["break_id"])
    # What is closed is gone, unless it is since an entry of ours took it back: that one is in the sums.
    is_there = broken["state"].ne("closed") | broken["break_id"].isin(offset)
    facts = PeriodFacts(
        events=events,
        again=duplicates_of_period(connection, span),
        rejected=_rejected(connection, span, site_id),
        breaks=broken[is_there],
        proved=proved.event_ids,
        offset=set(offset),
        currency=settings.referral_rock.currency or "",
    )
    return _Gathered(facts, proved.clients)


def _span_of(bounds: Mapping[str, tuple[datetime, datetime]]) -> Span:
    """Return all that is a part of the period by the clock of any site; files are taken in by the shared one."""
    taken_since_at, taken_until_at = bounds[""]
    return Span(
        since_at=min(since_at for since_at, _ in bounds.values()),
        until_at=max(until_at for _, until_at in bounds.values()),
        taken_since_at=taken_since_at,
        taken_until_at=taken_until_at,
    )


def _rejected(connection: Connection, span: Span, site_id: str | None) -> pd.DataFrame:
    found = rejected_of_period(connection, span)
    own = [row for row in found if site_id is None or row["site_id"] == site_id]
    columns = ["file_id", "kind", "site_id", "row_count", "points", "amount"]
    return pd.DataFrame(own, columns=columns, dtype="object")


def _events(result: Any) -> pd.DataFrame:
    """Return the events of a result with the types that the rules want: a column of nulls alone has none by itself."""
    columns = list(result.keys())
    frame = pd.DataFrame([tuple(row) for row in result], columns=columns, dtype="object")
    amounts = [None if amount is None else Decimal(amount) for amount in frame["amount"]]
    typed: dict[str, Any] = {"amount": pd.Series(amounts, index=frame.index, dtype="object")}
    for name in _WHOLE:
        typed[name] = pd.array(frame[name].tolist(), dtype="Int64")
    for name in _TIMES:
        typed[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
    for name in _FLAGS:
        typed[name] = frame[name].astype("bool")
    for name in _TEXTS:
        typed[name] = frame[name].astype("str")
    return frame.assign(**typed)


def _of_period(events: pd.DataFrame, bounds: Mapping[str, tuple[datetime, datetime]]) -> pd.DataFrame:
    """Keep what lies in the period by the clock of its site: the query took what may."""
    is_reward = events["kind"].eq(Kind.REWARD_UPDATE)
    is_within = is_reward.copy()
    for site_id in events.loc[~is_reward, "site_id"].unique():
        since_at, until_at = bounds.get(site_id) or bounds[""]
        is_of_site = events["site_id"].eq(site_id)
        is_since, is_before = events["action_at"].ge(since_at), events["action_at"].lt(until_at)
        is_within |= is_of_site & is_since & is_before
    return events[is_within].reset_index(drop=True)


@dataclass(frozen=True)
class _Proved:
    """What a balance proves, by event and by client."""

    event_ids: frozenset[str] = frozenset()
    clients: frozenset[Client] = frozenset()


def _proved(settings: Settings, connection: Connection, events: pd.DataFrame) -> _Proved:
    """Return which posted events, of which clients, no reading has compared and a balance proves."""
    is_posted = events["state"].eq(State.POSTED)
    is_unread = events["compared_at"].isna()
    waiting = events[is_posted & is_unread & events["client_id"].notna()]
    if waiting.empty or settings.reconcile.proof != "balance":
        return _Proved()
    clients = set(zip(waiting["site_id"], waiting["client_id"], strict=True))
    proofs = judge(connection, clients).proved
    event_ids = {event_id for proof in proofs.values() for event_id in proof.event_ids}
    return _Proved(frozenset(event_ids & set(waiting["event_id"])), frozenset(proofs))


def _breaks_of(period: Period, breaks: Sequence[Dated], event_ids: set[str], site_id: str | None) -> pd.DataFrame:
    """Return the breaks about events of the period, and about entries of its days."""
    rows = []
    for broken in breaks:
        row = broken.row
        is_here = site_id is None or row["site_id"] == site_id
        is_of_days = is_here and _is_entry(row) and period.holds(broken.day)
        if is_of_days or row["event_id"] in event_ids:
            rows.append({**row, "is_entry": is_of_days})
    return pd.DataFrame(rows, columns=_OF_BREAKS, dtype="object").astype({"is_entry": "bool"})


def _is_entry(row: Mapping[str, Any]) -> bool:
    """Return whether a break is about an entry at the service that moves points, at a time that is known."""
    moves_points = bool(row["more"])
    return row["about_at"] is not None and moves_points and Outcome(row["class"]) in OF_ENTRIES


def _dated(row: Mapping[str, Any], clocks: _Clocks) -> Dated:
    """Say which day a break is about: of its entry or event, of the reading that found it, or on which it was found."""
    moment = row["about_at"] or row["until_at"] or row["registered_at"]
    if moment is None:
        return Dated(row, row["opened_on"], row["ended_at"])
    day = moment.astimezone(clocks.of(row["site_id"])).date()
    return Dated(row, day, row["ended_at"])


def _unread(facts: PeriodFacts) -> pd.DataFrame:
    """Return what was posted in the period and nobody has looked at, nor is proved: one row per client or reward."""
    left = _left(facts)[["kind", "site_id", "client_id", "reward_id"]]
    counts = Counter(_name_of(event) for event in left.to_dict("records"))
    rows = [(what, f"posted and not read back: {count:,}") for what, count in sorted(counts.items())]
    return pd.DataFrame(rows, columns=["what", "why"], dtype="str")


def _name_of(event: Mapping[Any, Any]) -> str:
    if event["kind"] == Kind.REWARD_UPDATE:
        return name_of_reward(event["reward_id"])
    return name_of_client(event["site_id"], event["client_id"])


def _left(facts: PeriodFacts) -> pd.DataFrame:
    posted = posted_of(facts.events)
    is_unread = posted["compared_at"].isna()
    is_proved = posted["event_id"].isin(set(facts.proved))
    return posted[is_unread & ~is_proved]


def _unread_clients(facts: PeriodFacts) -> set[Client]:
    left = _left(facts)
    of_clients = left[left["client_id"].notna()]
    return set(zip(of_clients["site_id"], of_clients["client_id"], strict=True))


def _files(connection: Connection, taken: tuple[datetime, datetime], site_id: str | None) -> pd.DataFrame:
    """Return the files that were taken in in the period, as they were read; of a site, those that came for it."""
    since_at, until_at = taken
    found = files_taken_in(connection, since_at, until_at)
    # A file without a site of its own may hold rows of any.
    own = [row._mapping for row in found if site_id is None or row.default_site_id in ("", site_id)]
    frame = pd.DataFrame([[row[name] for name in _FILES] for row in own], columns=_FILES, dtype="object")
    return frame.assign(registered_at=pd.to_datetime(frame["registered_at"], utc=True))


def with_unread(month: Month, unread: pd.DataFrame) -> Month:
    """Return the period with what else nobody could read, such as files."""
    return replace(month, unread=pd.concat([month.unread, unread], ignore_index=True))
