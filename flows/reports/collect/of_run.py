"""Collect the report of a run."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from flows.ledger.run import Run
from flows.reports.collect.frames import (
    decisions_frame,
    events_frame,
    frame_of,
    not_posted_frame,
    notes_frame,
    open_breaks_frame,
    waiting_frame,
    watched_frame,
)
from flows.reports.collect.sums import control_totals_of_run, footing_of_ledger, points_in_balance_breaks
from flows.reports.equal_totals.all_totals import unequal
from flows.reports.report import Report
from flows.reports.unread import unread_frame
from sql.reporting import (
    duplicates_of_run,
    events_of_run,
    rejections_of_run,
    replaced_updates_of_run,
    skipped_of_run,
    source_ids_of_run,
)
from sql.reversals import offset_breaks
from sql.runs import run_totals, started_at
from sql.sheet_totals import SheetTotal, sheet_totals_of_run
from transforms.match.compared import is_compared, is_proved, never_compared
from transforms.match.reconciled import Reconciliation
from transforms.totals.agreement import agrees
from transforms.totals.client_balances import balances_of_run
from transforms.totals.control_totals import tie_frame
from transforms.totals.ties import Counted, tie_run
from transforms.totals.walk import Walked, walk
from transforms.vocabulary import AT_A_SERVICE, RunKind, State

_TITLES = {
    RunKind.NIGHTLY: "Nightly run",
    RunKind.UPLOAD: "Upload",
    RunKind.SETTLE: "Settling",
    RunKind.RECONCILE: "Reconciliation",
}
_NEW, _BROUGHT_FORWARD = "in this run", "brought forward"


def collect_report(
    run: Run, connection: Connection, reconciliation: Reconciliation | None, period: tuple[date, date] | None
) -> Report:
    """Return the report of a run as it stands now; ``reconciliation`` is None where nothing was read back."""
    now = run.ledger.now()
    run_id = run.run_id
    totals = run_totals(connection, run_id)
    events = _events(connection, run_id)
    posted = events[events["state"].eq(State.POSTED)].rename(columns={"state_at": "posted_at"})
    walked = walk(_walked(connection, run, events, reconciliation), reconciliation)
    control = control_totals_of_run(connection, run_id, events, reconciliation)
    ties = _ties(connection, run, reconciliation, totals=totals, control=control, posted=posted, walked=walked)
    breaks = open_breaks_frame(connection, now.date())
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
        rejected=frame_of(rejections_of_run(connection, run_id)),
        waiting=waiting_frame(connection),
        posted=posted,
        refused=events[events["state"].eq(State.REFUSED)],
        by_client=nothing if reconciliation is None else reconciliation.balances,
        nights=nothing if reconciliation is None else reconciliation.nights,
        duplicates=frame_of(duplicates_of_run(connection, run_id)),
        skipped=frame_of(skipped_of_run(connection, run_id)),
        notes=notes_frame(run),
        source_ids=frame_of(source_ids_of_run(connection, run_id)),
        not_read=unread_frame(run.not_read.values()),
        decisions=decisions_frame(connection),
        watched=watched_frame(connection, run.settings),
        walk=walked,
        balances=_balances(run, posted, reconciliation),
        not_posted=not_posted_frame(events),
        zones=tuple((site.site_id, site.timezone) for site in run.settings.mindbody.sites),
    )
    return _with_unequal(report)


def _events(connection: Connection, run_id: str) -> pd.DataFrame:
    """Return the events that the run answers for, with whether it took them in itself (`is_accepted`, `origin`)."""
    events = events_frame(events_of_run(connection, run_id))
    is_accepted = events["run_id"].eq(run_id) & events["first_state"].eq(State.READY)
    origin = is_accepted.map({True: _NEW, False: _BROUGHT_FORWARD})
    return events.assign(is_accepted=is_accepted, origin=origin)


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
        uncompared_count=len(never_compared(posted[~is_known])),
        unread_count=sum(one.kind in AT_A_SERVICE for one in run.not_read.values()),
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
        footing = footing_of_ledger(connection)
    counted = Counted(
        totals=totals,
        control_totals=control,
        posted=posted,
        footing=footing,
        points_in_balance_breaks=points_in_balance_breaks(connection, reconciliation),
        walk=walked,
    )
    return tie_run(run.kind, counted, reconciliation)
