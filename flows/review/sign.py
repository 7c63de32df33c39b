"""Sign a period, as preparer and then as approver: the one door for command line and pages.

Who signs is whom the system knows, and not the name that is given beside it. What is signed is kept with the
signature, so that whatever changes afterwards is told.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.reports.month import Month
from flows.review.deciding import deciding
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
from transforms.totals.client_balances import Proof
from transforms.totals.differences import without_reason
from transforms.totals.period import Period
from transforms.totals.signed import changes, signed_content
from transforms.totals.walk_steps import summed
from transforms.vocabulary import RunKind, SignedAs, State, WalkLine, is_name_at_a_service

_MOST = 5
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
        known = {site.site_id for site in settings.mindbody.sites} | set(whole.walk["site_id"])
        if site_id not in known:
            raise WrongUsage(f"No site {site_id} is in the settings, and nothing of this period is of it.")
        of_site = collect_period(settings, connection, period, site_id, ledger.now())
    # A signature is about all sites.
    return replace(
        of_site, signatures=whole.signatures, changes=whole.changes, in_the_way=whole.in_the_way, is_over=whole.is_over
    )


def _whole(settings: Settings, connection: Connection, period: Period, now: datetime) -> Month:
    month = collect_period(settings, connection, period, None, now)
    month = with_unread(month, _files_not_read(connection))
    content = signed_content(month.walk, month.differences)
    kept = signatures_of(connection, period.since, period.until)
    said = [_told(row, kept, content) for row in kept]
    changed = _changes(connection, month, kept[-1], content) if kept else []
    return replace(month, signatures=said, changes=changed, in_the_way=in_the_way(month))


def sign(settings: Settings, ledger: Ledger, period: Period, *, user: str, by_name: str, reason: str = "") -> Signed:
    """Sign a period: as preparer, or as approver where somebody has prepared it and nothing changed since.

    ``user`` is whom the system, or the desk, knows. Where something is in the way nothing is kept. `WrongUsage` where
    nobody is named, where it is signed already, or where the preparer would approve and the settings want another one.
    """
    if not by_name.strip():
        raise WrongUsage("A signature needs a name: --by NAME.")
    with deciding(settings, ledger) as connection:
        month = _whole(settings, connection, period, ledger.now())
        content = signed_content(month.walk, month.differences)
        kept = signatures_of(connection, period.since, period.until)
        role = _role(settings, kept, content, user)
        if month.in_the_way:
            return Signed(None, month.in_the_way, month)
        signing = Signing(
            at=ledger.now(),
            actor=user,
            by_name=by_name.strip(),
            role=role,
            since_on=period.since,
            until_on=period.until,
            content=content,
            reason=reason.strip(),
        )
        keep_signature(connection, signing)
        return Signed(role, (), _whole(settings, connection, period, ledger.now()))


def _role(settings: Settings, kept: Sequence[Row[Any]], content: str, user: str) -> SignedAs:
    """Return as what the next signature is given; one about other figures than these counts no more."""
    if not kept or kept[-1].fingerprint != fingerprint_of(content):
        return SignedAs.PREPARER
    last = kept[-1]
    if last.role == SignedAs.APPROVER:
        raise WrongUsage(
            f"It is signed already: approved by {last.by_name} (user {last.actor}), and nothing changed since."
        )
    if last.actor == user and settings.sign.another_person:
        raise WrongUsage(
            f"{user} prepared it: another person has to approve it, and the system's user counts, whatever --by says "
            "(sign.another_person)."
        )
    return SignedAs.APPROVER


def in_the_way(month: Month) -> list[str]:
    """Return why a period cannot be signed, a line each; none where nothing is in the way."""
    read = f"`tieout month {month.period.name} --read` reads it anew"
    found = []
    if not month.is_over:
        found.append(f"the period is not over before the end of {month.period.until} by the clock of every site")
    if not month.ties_out:
        off = month.ties[month.ties["ties"].eq(False)]["name"]
        found.append(f"it does not tie: {_some(off)}")
    if len(month.unread):
        found.append(f"{len(month.unread):,} could not be read, or nobody has: {_some(month.unread['what'])}; {read}")
    alone = month.balances[month.balances["proof"].eq(Proof.BALANCE)]
    if len(alone):
        whose = [f"client {row.client_id} of site {row.site_id}" for row in alone.itertuples()]
        found.append(f"{len(alone):,} proved by the balance alone since before its end: {_some(whose)}; {read}")
    in_doubt = summed(month.walk, WalkLine.NOT_SURE, "events")
    if in_doubt:
        ids = month.events.loc[month.events["state"].eq(State.UNKNOWN), "event_id"]
        found.append(f"{in_doubt:,} in doubt, and nobody knows whether posted: {_some(ids)}; `tieout settle`")
    unexplained = without_reason(month.differences)
    if len(unexplained):
        found.append(
            f"{len(unexplained):,} differences have no reason: {_some(unexplained['break_id'])}; `tieout breaks` lists "
            "them, and `tieout breaks acknowledge` or `resolve` gives one"
        )
    return found


def _some(names: Any) -> str:
    listed = [str(name) for name in names]
    more = f" and {len(listed) - _MOST:,} more" if len(listed) > _MOST else ""
    return ", ".join(listed[:_MOST]) + more


def _files_not_read(connection: Connection) -> pd.DataFrame:
    """Return the files that the last night could not read: nobody knows which days they are of."""
    rows = []
    for run in last_ended_runs(connection):
        if run.kind == RunKind.NIGHTLY and run.summary:
            told = json.loads(run.summary).get("not_read", [])
            rows += [(one["what"], one["why"]) for one in told if not is_name_at_a_service(one["what"])]
    return pd.DataFrame(rows, columns=["what", "why"], dtype="str")


def _told(row: Row[Any], kept: Sequence[Row[Any]], content: str) -> Mapping[str, Any]:
    """Return a signature as reports tell it, and whether it holds by now."""
    is_of_now = row.fingerprint == fingerprint_of(content)
    holds = _HOLDS if is_of_now else _CHANGED
    if not is_of_now and row.fingerprint != kept[-1].fingerprint:
        holds = _REPLACED
    return {
        "role": row.role,
        "by_name": row.by_name,
        "actor": row.actor,
        "at": row.at,
        "reason": row.reason,
        "holds": holds,
    }


def _changes(connection: Connection, month: Month, last: Row[Any], content: str) -> list[str]:
    """Return what changed since the last signature: figures, differences, and what people decided."""
    found = changes(content_of(last.content), content_of(content))
    events = set(month.events["event_id"])
    decided: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in decisions_about_events_since(connection, last.last_event_decision_id):
        if row.event_id in events:
            decided[row.decision_id].append(row)
    for rows in decided.values():
        first = rows[0]
        said = f": {first.reason}" if first.reason else ""
        ids = _some(row.event_id for row in rows)
        found.append(f"{first.actor} decided {first.verb} on {first.at:%Y-%m-%d} about {ids}{said}")
    breaks = set(month.differences["break_id"])
    for row in decisions_about_breaks_since(connection, last.last_break_decision_id, breaks):
        what = f"{row.verb} on {row.at:%Y-%m-%d} about difference {row.break_id}"
        found.append(f"{row.actor} decided {what}: {row.reason}")
    return [*found, *_posted_since(month, last.at)]


def _posted_since(month: Month, at: datetime) -> list[str]:
    later = month.events[month.events["state"].eq(State.POSTED) & month.events["state_at"].gt(pd.Timestamp(at))]
    if later.empty:
        return []
    what = "1 event was" if len(later) == 1 else f"{len(later):,} events were"
    return [f"{what} posted since: {_some(later['event_id'])}"]
