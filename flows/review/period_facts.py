"""What the ledger and the kept readings have of a period: its events, what was rejected, and the breaks about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from flows.reconciliation.proofs import judge
from flows.settings.sections import Settings
from sql.month import (
    Span,
    duplicates_of_period,
    events_of_period,
    rejected_of_period,
)
from sql.reversals import offset_breaks
from transforms.outcomes import OF_ENTRIES
from transforms.reconcile.clients import clients_in
from transforms.reconcile.proof import Client
from transforms.totals.differences import Dated
from transforms.totals.period import Period
from transforms.totals.period_facts import PeriodFacts
from transforms.vocabulary import Kind, Outcome, State

_WHOLE = ("points", "source_id", "attempt_id")
_TIMES = ("action_at", "registered_at", "state_at", "compared_at")
_FLAGS = ("is_taking_back", "was_let_go", "was_replaced")
_TEXTS = ("event_id", "kind", "site_id", "state", "first_state")
_OF_BREAKS = [
    "break_id", "class", "event_id", "site_id", "state", "more", "is_entry", "points_ledger", "points_service",
    "amount_ledger", "amount_service",
]  # fmt: skip


@dataclass(frozen=True)
class PeriodClocks:
    """The zones of the sites, and the one of what belongs to none."""

    of_sites: Mapping[str, tzinfo]
    shared: tzinfo

    def of(self, site_id: str | None) -> tzinfo:
        """Return the zone of a site, the shared one for what belongs to none."""
        return self.of_sites.get(site_id or "", self.shared)

    def bounds(self, period: Period) -> dict[str, tuple[datetime, datetime]]:
        """Return when a period begins and ends, by site; "" for what belongs to none."""
        of_sites = {site_id: period.bounds(zone) for site_id, zone in self.of_sites.items()}
        return {**of_sites, "": period.bounds(self.shared)}


@dataclass(frozen=True)
class Gathered:
    """The facts of a period, and the clients whom a balance proves."""

    facts: PeriodFacts
    proved_clients: frozenset[Client]


def gather(
    settings: Settings,
    connection: Connection,
    period: Period,
    site_id: str | None,
    clocks: PeriodClocks,
    breaks: Sequence[Dated],
) -> Gathered:
    """Return what there is of a period, of one site where one is named; ``breaks`` are all that there are."""
    bounds = clocks.bounds(period)
    span = _span_of(bounds)
    events = _of_period(_events(events_of_period(connection, span)), bounds)
    if site_id is not None:
        events = events[events["site_id"].eq(site_id)].reset_index(drop=True)
    proved = _proved(settings, connection, events)
    broken = _breaks_of(period, breaks, set(events["event_id"]), site_id)
    # An extra entry that was taken back is closed as a difference, and both are in what the service shows.
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
    return Gathered(facts, proved.clients)


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
    clients = set(clients_in(waiting))
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


def dated(row: Mapping[str, Any], clocks: PeriodClocks) -> Dated:
    """Say which day a break is about: of its entry or event, of the reading that found it, or on which it was found."""
    moment = row["about_at"] or row["until_at"] or row["registered_at"]
    if moment is None:
        return Dated(row, row["opened_on"], row["ended_at"])
    day = moment.astimezone(clocks.of(row["site_id"])).date()
    return Dated(row, day, row["ended_at"])
