"""Collect what a report is made of, from the ledger and from what was read back; what must tie is tied elsewhere."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Result, Row

from flows.ledger.run import Run
from flows.reports.equal_totals import unequal
from flows.reports.report import COLUMNS, PLACE, Report
from flows.settings.sections import Settings
from sql.breaks import break_json, open_breaks
from sql.event_decisions import decisions_since
from sql.reporting import (
    accepted_by_files,
    amount_of_events,
    batches_of_run,
    duplicates_of_run,
    events_of_run,
    footing_of_batches,
    footing_of_events,
    places_of_open_breaks,
    points_of_breaks,
    rejections_of_run,
    replaced_updates_of_run,
    skipped_of_run,
    source_ids_of_run,
    waiting_events,
)
from sql.reversals import offset_breaks
from sql.runs import run_totals, started_at
from sql.sheet_totals import SheetTotal, sheet_totals_of_run
from sql.snapshots import last_told_decision_id
from sql.watch import watched_events
from transforms.match.balances import balance_breaks
from transforms.match.compared import is_compared, is_proved, not_compared, service_rows
from transforms.match.reconciled import Reconciliation
from transforms.sheets.times import with_fractions
from transforms.totals.agreement import agrees
from transforms.totals.client_balances import balances_of_run
from transforms.totals.control_totals import control_totals, tie_frame
from transforms.totals.ties import Counted, Footing, tie_run
from transforms.totals.walk import Walked, walk
from transforms.vocabulary import Kind, RunKind, State, Target, is_name_at_a_service

_TITLES = {
    RunKind.NIGHTLY: "Nightly run",
    RunKind.UPLOAD: "Upload",
    RunKind.SETTLE: "Settling",
    RunKind.RECONCILE: "Reconciliation",
}
_NEW, _BROUGHT_FORWARD = "in this run", "brought forward"
_FOOTING = ["level", "kind", "site_id", "events", "points", "amount"]


def collect_report(
    run: Run, connection: Connection, reconciliation: Reconciliation | None, period: tuple[date, date] | None
) -> Report:
    """Return the report of a run as it stands now; ``reconciliation`` is None where nothing was read back."""
    now = run.ledger.now()
    run_id = run.run_id
    totals = run_totals(connection, run_id)
    events = _events(events_of_run(connection, run_id))
    is_accepted = events["run_id"].eq(run_id) & events["first_state"].eq(State.READY)
    events = events.assign(is_accepted=is_accepted, origin=is_accepted.map({True: _NEW, False: _BROUGHT_FORWARD}))
    posted = events[events["state"].eq(State.POSTED)].rename(columns={"state_at": "posted_at"})
    walked = walk(_walked(connection, run, events, reconciliation), reconciliation)
    control = _control_totals(connection, run_id, events, reconciliation)
    ties = _ties(connection, run, reconciliation, totals=totals, control=control, posted=posted, walked=walked)
    breaks = _open_breaks(connection, now.date())
    nothing = pd.DataFrame()
    report = Report(
        title=_TITLES[run.kind],
        run_id=run_id,
        kind=run.kind,
        started_at=started_at(connection, run_id),
        finished_at=now,
        period=period,
        timezone=run.settings.shared_timezone,
        totals={
            **totals,
            "breaks_open": len(breaks),
            "ties_out": bool(ties["ties"].all()),
            "agrees": _agrees(run, breaks, posted, walked, reconciliation),
        },
        ties=ties,
        control_totals=control,
        roll_forward=nothing if reconciliation is None else reconciliation.roll_forward,
        breaks=breaks,
        rejected=_frame(rejections_of_run(connection, run_id)),
        waiting=_waiting(connection),
        posted=posted,
        refused=events[events["state"].eq(State.REFUSED)],
        by_client=nothing if reconciliation is None else reconciliation.balances,
        nights=nothing if reconciliation is None else reconciliation.nights,
        duplicates=_frame(duplicates_of_run(connection, run_id)),
        skipped=_frame(skipped_of_run(connection, run_id)),
        notes=_notes(run),
        source_ids=_frame(source_ids_of_run(connection, run_id)),
        not_read=pd.DataFrame(list(run.not_read.items()), columns=["what", "why"], dtype="str"),
        decisions=_decisions(connection),
        watched=_watched(connection, run.settings),
        walk=walked,
        balances=_balances(run, posted, reconciliation),
        not_posted=_not_posted(events),
        zones=tuple((site.site_id, site.timezone) for site in run.settings.mindbody.sites),
    )
    return _with_unequal(report)


def _balances(run: Run, posted: pd.DataFrame, reconciliation: Reconciliation | None) -> pd.DataFrame:
    """Return what each client's balance came from; what a settling posted is matched by the next night."""
    if reconciliation is None:
        return pd.DataFrame()
    return balances_of_run(
        reconciliation.balances,
        posted,
        read_clients=reconciliation.read_clients,
        is_of_run=run.kind is not RunKind.RECONCILE,
    )


def _not_posted(events: pd.DataFrame) -> pd.DataFrame:
    """Return what the run answers for and is neither posted nor refused, with why."""
    is_over = events["state"].isin([State.POSTED, State.REFUSED])
    left = events[events["is_answered_for"].astype("bool") & ~is_over]
    return left.rename(columns={"state_reason": "reason"})


def _with_unequal(report: Report) -> Report:
    """Return the report with an equation for each total that another table counts otherwise: it does not tie then."""
    found = unequal(report)
    if not found:
        return report
    ties = pd.concat([report.ties, tie_frame(found)], ignore_index=True)
    return replace(report, ties=ties, totals={**report.totals, "ties_out": False})


def _agrees(
    run: Run,
    breaks: pd.DataFrame,
    posted: pd.DataFrame,
    walked: pd.DataFrame,
    reconciliation: Reconciliation | None,
) -> bool:
    """Return whether the services show what was posted, and nobody is left to be read who could say otherwise."""
    is_known = is_compared(posted, reconciliation) | is_proved(posted, reconciliation)
    return agrees(
        breaks,
        walked,
        uncompared_count=len(not_compared(posted[~is_known])),
        unread_count=sum(is_name_at_a_service(name) for name in run.not_read),
    )


def _walked(connection: Connection, run: Run, events: pd.DataFrame, reconciliation: Reconciliation | None) -> Walked:
    """Return what the walk of the run is made of."""
    # Only what is no event of ours can be an extra entry, and those are few.
    entries: list[str] = []
    if reconciliation is not None:
        found = reconciliation.transactions
        entries = found.loc[found["event_id"].isna(), "break_id"].tolist()
    answered_for = events[events["is_answered_for"].astype("bool")]
    return Walked(
        sheets=pd.DataFrame(sheet_totals_of_run(connection, run.run_id), columns=list(SheetTotal._fields)),
        events=answered_for,
        replaced=replaced_updates_of_run(connection, run.run_id),
        offset_breaks=offset_breaks(connection, entries),
        currency=run.settings.referral_rock.currency or "",
        amount_tolerance=run.settings.reconcile.amount_tolerance,
    )


def _notes(run: Run) -> pd.DataFrame:
    """Return what was noticed while the run's files were read: place and column NA where it is about the whole."""
    noticed = [(file, note.sheet, note.row, note.column, note.message) for file, note in run.file_notes]
    frame = pd.DataFrame(noticed, columns=list(COLUMNS["notes"]))
    # Whole numbers with gaps would become floats.
    return frame.astype(dict.fromkeys(COLUMNS["notes"], "str") | {"row": "Int64"})


def _decisions(connection: Connection) -> pd.DataFrame:
    """Return what people decided about events since the last report told of it; times are aware UTC."""
    since = last_told_decision_id(connection)
    found = decisions_since(connection, since)
    return pd.DataFrame(found).rename(columns={"at": "decided_at", "events_count": "events"})


def _ties(
    connection: Connection,
    run: Run,
    reconciliation: Reconciliation | None,
    *,
    totals: Mapping[str, Any],
    control: pd.DataFrame,
    posted: pd.DataFrame,
    walked: pd.DataFrame,
) -> pd.DataFrame:
    """Return the equations of the run, each with both sides."""
    footing = None
    # It goes over all that the ledger ever held; a night must not cost by the ledger's age, so it leaves it out.
    if run.kind is RunKind.RECONCILE:
        footing = _footing(connection)
    counted = Counted(
        totals=totals,
        control_totals=control,
        posted=posted,
        footing=footing,
        points_in_balance_breaks=_points_in_balance_breaks(connection, reconciliation),
        walk=walked,
    )
    return tie_run(run.kind, counted, reconciliation)


def _frame(result: Result[Any]) -> pd.DataFrame:
    return pd.DataFrame(result.mappings().all())


def _events(result: Result[Any]) -> pd.DataFrame:
    """Return the events as a frame; amounts Decimal, points and source ids whole, null where there is none."""
    columns = list(result.keys())
    # pandas would make floats of whole numbers with gaps, and lose the last digits of an id of more than fifteen.
    whole = ("points", "source_id")
    rows = [tuple(row) for row in result]
    kept = {
        name: pd.array([row[place] for row in rows], dtype="Int64")
        for place, name in enumerate(columns)
        if name in whole
    }
    frame = pd.DataFrame(rows, columns=columns).assign(**kept)
    frame = frame.rename(columns={"row_number": "row"})
    amounts = [None if amount is None else Decimal(amount) for amount in frame["amount"]]
    return frame.assign(
        action_at=_with_fractions(frame),
        state_at=pd.to_datetime(frame["state_at"], utc=True).dt.floor("s"),
        amount=pd.Series(amounts, index=frame.index, dtype=object),
    )


def _with_fractions(events: pd.DataFrame) -> pd.Series:
    """Return the times as their rows show them, fractions included; updates of rewards have none."""
    action_at = pd.to_datetime(events["action_at"], utc=True).astype("datetime64[us, UTC]")
    return with_fractions(action_at, events["action_fraction"].astype("str"))


def _waiting(connection: Connection) -> pd.DataFrame:
    # Of every run: what an earlier night left waiting still waits.
    waiting = _events(waiting_events(connection))
    told = zip(waiting["state_reason"], waiting["evidence"], strict=True)
    reasons = pd.Series([_reason(*one) for one in told], index=waiting.index, dtype="str")
    return waiting.rename(columns={"state_at": "since"}).assign(reason=reasons)


def _reason(reason: str | None, evidence: str | None) -> str | None:
    """Say why an event waits, and that nobody could look where that is so: it is not the same as "not there"."""
    failure = json.loads(evidence).get("failure") if isinstance(evidence, str) else None
    if not failure:
        return reason
    return f"{reason}; it could not be read back: {failure}"


def _watched(connection: Connection, settings: Settings) -> pd.DataFrame:
    """Return what is under watch, of every run, and until when: the reading after that time ends it."""
    hours = dict(zip(Target, settings.grace_hours, strict=True))
    watched = []
    for row in watched_events(connection):
        until = row.watch_from_at + timedelta(hours=hours[Target(row.target)])
        amount = None if row.amount is None else Decimal(row.amount)
        watched.append({**row._mapping, "amount": amount, "row": row.row_number, "watched_until_at": until})
    frame = pd.DataFrame(watched)
    return frame if frame.empty else frame.astype({"points": "Int64"})


def _open_breaks(connection: Connection, today: date) -> pd.DataFrame:
    places = places_of_open_breaks(connection)
    breaks = [
        {**break_json(row, today), "detail": row.detail, **_place(places.get(row.break_id))}
        for row in open_breaks(connection)
    ]
    frame = pd.DataFrame(breaks)
    return frame if frame.empty else frame.astype({"row": "Int64"})


def _place(place: Row[Any] | None) -> dict[str, Any]:
    if place is None:
        return dict.fromkeys(PLACE)
    return {"file": place.file, "sheet": place.sheet, "row": place.row_number}


def _control_totals(
    connection: Connection, run_id: str, events: pd.DataFrame, reconciliation: Reconciliation | None
) -> pd.DataFrame:
    batches = list(batches_of_run(connection, run_id))
    # The events of a run are also those that earlier runs accepted and this one sent; files and batches of this run
    # know nothing of them.
    accepted = events[events["is_accepted"]]
    posted = events[events["state"].eq(State.POSTED)]
    shown = service_rows(posted, reconciliation)
    return control_totals(accepted, batches, posted, shown)


def _footing(connection: Connection) -> Footing:
    """Return what all files, all batches and all events that the ledger ever accepted come to."""
    updated = amount_of_events(connection)
    lines = []
    for row in footing_of_events(connection):
        amount = updated if row["kind"] == Kind.REWARD_UPDATE else None
        lines.append({"level": "file", **row, "amount": amount})
    for row in footing_of_batches(connection):
        amount = Decimal(row["amount"])
        lines.append({"level": "batch", **row, "events": row["event_count"], "amount": amount})
    # As objects, or the amounts would become floats.
    totals = pd.DataFrame(lines, columns=_FOOTING, dtype="object")
    return Footing(totals, accepted_by_files(connection))


def _points_in_balance_breaks(connection: Connection, reconciliation: Reconciliation | None) -> int:
    if reconciliation is None:
        return 0
    ids = [record["break_id"] for record in balance_breaks(reconciliation.balances)]
    return points_of_breaks(connection, ids)
