"""Sign a period, as preparer and then as approver: the one door for command line and pages.

Who signs is whom the system knows, and not the name that is given beside it. What is signed is kept with the
signature, so that whatever changes afterwards is told.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.ledger.not_read import not_read_kept
from flows.people.accounts import name_key
from flows.reports.month import Month
from flows.reports.unread import unread_frame
from flows.review.deciding import deciding
from flows.review.in_the_way import in_the_way, some
from flows.review.month import collect_period, with_unread
from flows.runtime.errors import WrongUsage
from flows.settings.sections import Settings
from sql.figures import last_ended_runs
from sql.signatures import (
    Signing,
    content_of,
    decisions_about_breaks_since,
    decisions_about_events_since,
    fingerprint_of,
    keep_signature,
    signatures_of,
)
from transforms.destinations import NotRead
from transforms.totals.period import Period
from transforms.totals.signed import Change, ChangeOf, changes, signed_content
from transforms.vocabulary import AT_A_SERVICE, RunKind, SignedAs, State

_HOLDS = "holds"
_CHANGED = "changed since"
_REPLACED = "replaced by a later one"


@dataclass(frozen=True)
class Signed:
    """How an attempt to sign ended: the role, or what is in the way, a line each."""

    role: SignedAs | None
    in_the_way: Sequence[str]
    month: Month


def look_at(settings: Settings, ledger: Ledger, period: Period, site_id: str | None = None) -> Month:
    """Return a period as it stands now, with who signed it, what changed since, and what is in the way of signing."""
    with ledger.begin() as connection:
        whole = _whole(settings, connection, period, ledger.now())
        if site_id is None:
            return whole
        known = set(settings.mindbody.site_ids) | set(whole.walk["site_id"])
        if site_id not in known:
            raise WrongUsage(f"No site {site_id} is in the settings, and nothing of this period is of it.")
        of_site = collect_period(settings, connection, period, site_id, ledger.now())
    # A signature is about all sites.
    return replace(
        of_site,
        signatures=whole.signatures,
        changed=whole.changed,
        in_the_way=whole.in_the_way,
        is_over=whole.is_over,
        fingerprint=whole.fingerprint,
    )


def _whole(settings: Settings, connection: Connection, period: Period, now: datetime) -> Month:
    month = collect_period(settings, connection, period, None, now)
    month = with_unread(month, _files_not_read(connection))
    # Figures and differences alone: what is told of them, and in which words, may change with a version.
    content = signed_content(month.walk, month.differences)
    kept = signatures_of(connection, period.since, period.until)
    return replace(
        month,
        signatures=[_told(row, kept, content) for row in kept],
        changed=_changes(connection, month, kept[-1], content) if kept else [],
        in_the_way=in_the_way(month),
        fingerprint=fingerprint_of(content),
    )


def sign(
    settings: Settings, ledger: Ledger, period: Period, *, user: str, by_name: str, reason: str = "", seen: str = ""
) -> Signed:
    """Sign a period: as preparer, or as approver where somebody has prepared it and nothing changed since.

    ``user`` is whom the system, or the desk, knows. It is about exactly what bears the code ``seen`` (`code_of`), where
    one is given. Where something is in the way nothing is kept. `WrongUsage` where nobody is named, where it is signed
    already, where the preparer would approve and the settings want another one, or where it changed since it was seen.
    """
    if not by_name.strip():
        raise WrongUsage("A signature needs a name: --by NAME.")
    with deciding(settings, ledger) as connection:
        # Collected in the turn: nothing can be decided or posted between this look and the signature.
        month = _whole(settings, connection, period, ledger.now())
        role = next_role(settings, month, user)
        if seen and seen != code_of(month, role):
            raise WrongUsage("It is not what you looked at any more: look again, and sign what stands there then.")
        if month.in_the_way:
            return Signed(None, month.in_the_way, month)
        signing = Signing(
            at=ledger.now(),
            actor=user,
            by_name=by_name.strip(),
            role=role,
            since_on=period.since,
            until_on=period.until,
            content=signed_content(month.walk, month.differences),
            reason=reason.strip(),
        )
        keep_signature(connection, signing)
        return Signed(role, (), _whole(settings, connection, period, ledger.now()))


def code_of(month: Month, role: SignedAs) -> str:
    """Return what tells a period as it was shown to whoever is about to sign it as this."""
    return f"{role}-{month.fingerprint[:32]}"


def next_role(settings: Settings, month: Month, user: str) -> SignedAs:
    """Return as what the next signature is given; one about other figures than these counts no more.

    `WrongUsage` where it is signed already, or where somebody else has to.
    """
    last = month.signatures[-1] if month.signatures else None
    if last is None or last["holds"] != _HOLDS:
        return SignedAs.PREPARER
    if last["role"] == SignedAs.APPROVER:
        raise WrongUsage(
            f"It is signed already: approved by {last['by_name']} (user {last['actor']}), and nothing changed since."
        )
    # The same person at a terminal and at the desk: how a name is written does not make two of one.
    is_who_prepared = name_key(last["actor"]) == name_key(user)
    if is_who_prepared and settings.sign.another_person:
        raise WrongUsage(
            f"{user} prepared it: another person has to approve it, and the system's user counts, whatever --by says "
            "(sign.another_person)."
        )
    return SignedAs.APPROVER


def _files_not_read(connection: Connection) -> pd.DataFrame:
    """Return the files that the last night could not read: nobody knows which days they are of."""
    found: list[NotRead] = []
    for run in last_ended_runs(connection):
        if run.kind == RunKind.NIGHTLY and run.summary:
            not_read = not_read_kept(json.loads(run.summary))
            # What could not be read at a service, each period knows of by itself.
            found += [one for one in not_read if one.kind not in AT_A_SERVICE]
    return unread_frame(found)


def _told(row: Row[Any], kept: Sequence[Row[Any]], content: str) -> Mapping[str, Any]:
    """Return a signature as reports tell it, and whether it holds by now."""
    return {
        "role": row.role,
        "by_name": row.by_name,
        "actor": row.actor,
        "at": row.at,
        "reason": row.reason,
        "holds": _how_it_holds(row, kept[-1], content),
    }


def _how_it_holds(row: Row[Any], last: Row[Any], content: str) -> str:
    if row.fingerprint == fingerprint_of(content):
        return _HOLDS
    # Signed again since, about what stood there then.
    is_of_the_last = row.fingerprint == last.fingerprint
    return _CHANGED if is_of_the_last else _REPLACED


def _changes(connection: Connection, month: Month, last: Row[Any], content: str) -> list[Change]:
    """Return what changed since the last signature: figures, differences, and what people decided."""
    return [
        *changes(content_of(last.content), content_of(content)),
        *_decided_about_events(connection, month, last.last_event_decision_id),
        *_decided_about_breaks(connection, month, last.last_break_decision_id),
        *_posted_since(month, last.at),
    ]


def _decided_about_events(connection: Connection, month: Month, decision_id: int) -> Iterator[Change]:
    of_period = set(month.events["event_id"])
    decided: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in decisions_about_events_since(connection, decision_id):
        if row.event_id in of_period:
            decided[row.decision_id].append(row)
    for rows in decided.values():
        decision = rows[0]
        event_ids = some([row.event_id for row in rows])
        told = f"{decision.actor} decided {decision.verb} on {decision.at:%Y-%m-%d} about {event_ids}"
        if decision.reason:
            told += f": {decision.reason}"
        yield Change(ChangeOf.DECISION, told, today=_said(decision), events_count=len(rows))


def _decided_about_breaks(connection: Connection, month: Month, decision_id: int) -> Iterator[Change]:
    of_period = set(month.differences["break_id"])
    for row in decisions_about_breaks_since(connection, decision_id, of_period):
        about = f"on {row.at:%Y-%m-%d} about difference {row.break_id}"
        told = f"{row.actor} decided {row.verb} {about}: {row.reason}"
        yield Change(ChangeOf.DECISION, told, today=_said(row), break_id=row.break_id)


def _said(decision: Row[Any]) -> Mapping[str, Any]:
    kept = decision._mapping
    return {name: kept[name] for name in ("actor", "verb", "at", "reason")}


def _posted_since(month: Month, at: datetime) -> Iterator[Change]:
    is_posted = month.events["state"].eq(State.POSTED)
    is_later = month.events["state_at"].gt(pd.Timestamp(at))
    event_ids = month.events.loc[is_posted & is_later, "event_id"].tolist()
    if not event_ids:
        return
    what = "1 event was" if len(event_ids) == 1 else f"{len(event_ids):,} events were"
    yield Change(ChangeOf.POSTED, f"{what} posted since: {some(event_ids)}", events_count=len(event_ids))
