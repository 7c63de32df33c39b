"""Close a run: put the ledger's rows and what was read back into one report, and write it as files."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from sqlalchemy import Connection, select

from flows.ledger.connection import Ledger
from flows.ledger.summary import Reconciliation, Summary
from flows.reconciliation.match import Reconciled
from flows.reports.artifacts import prefect_artifacts
from flows.reports.page.page import write_page
from flows.reports.record import write_json
from flows.reports.report import Report
from flows.reports.snapshots import keep_snapshot, read_snapshot
from flows.reports.source_ids import check_line
from flows.reports.terminal import summary_lines
from flows.reports.wording import verdict
from flows.reports.workbook.workbook import write_workbook
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.breaks import break_json, open_breaks
from sql.queries import query, reading
from sql.runs import finish_run, run_totals, started_at
from sql.tables import breaks
from transforms.match.balances import balance_breaks
from transforms.match.compared import (
    compared_count,
    is_compared,
    not_compared,
    service_rows,
    uncompared_lines,
)
from transforms.totals.control_totals import (
    control_totals,
    equation,
    tie_batches,
    tie_frame,
    tie_read_back,
    tie_roll_forward,
    tie_rows,
)
from transforms.vocabulary import Kind, State

_Kind = Literal["nightly", "upload", "settle", "reconcile"]
_PLACE = {"row_number": "row"}


def report_run(
    settings: Settings,
    ledger: Ledger,
    run_id: str,
    reconciled: Reconciled | None,
    *,
    failures: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Summary:
    """Write the report of a run and close it; ``reconciled`` is None where nothing was read back."""
    with ledger.begin() as connection:
        report = _build(settings, connection, run_id, reconciled, None)
        waiting_count = len(report.waiting)
        keep_snapshot(settings, connection, report, _read_back(reconciled))
        uncompared = uncompared_lines(report.posted, reconciled)
    path = _write(settings, report)
    summary = Summary(
        run_id=run_id,
        totals=dict(report.totals),
        report=path,
        lines=(
            *summary_lines(report, path),
            *_source_id_lines(report),
            *notes,
            *uncompared,
            *_unread_lines(reconciled),
        ),
        failures=tuple(failures),
        waiting_count=waiting_count + (len(reconciled.unread) if reconciled is not None else 0),
        artifacts=tuple(prefect_artifacts(report, [path, path.with_suffix(".html")])),
    )
    with ledger.begin() as connection:
        finish_run(connection, run_id, report.finished_at, summary.to_json(), " ".join(failures) or None)
    return summary


def report_reconciliation(
    settings: Settings, ledger: Ledger, run_id: str, since: date, until: date, reconciled: Reconciled
) -> Reconciliation:
    """Write the report of a reconciliation and close its run."""
    with ledger.begin() as connection:
        report = _build(settings, connection, run_id, reconciled, (since, until))
        keep_snapshot(settings, connection, report, _read_back(reconciled))
    path = _write(settings, report)
    rolled = reconciled.roll_forward[reconciled.roll_forward["measure"].eq("breaks")]
    open_now = rolled.groupby("class")["open_now"].sum()
    result = Reconciliation(
        since=since,
        until=until,
        matched=reconciled.matched,
        breaks={str(name): int(count) for name, count in open_now.items() if count},
        opening=int(rolled["open_before"].sum()),
        opened=int(rolled["new"].sum() + rolled["reopened"].sum()),
        closed=int(rolled["closed"].sum() + rolled["resolved"].sum()),
        open=int(open_now.sum()),
        ties_out=bool(report.totals["ties_out"]),
        report=path,
        lines=(*summary_lines(report, path), *_unread_lines(reconciled)),
        failures=reconciled.failures,
        unread_count=len(reconciled.unread),
        artifacts=tuple(prefect_artifacts(report, [path, path.with_suffix(".html")])),
    )
    with ledger.begin() as connection:
        finish_run(connection, run_id, report.finished_at, result.to_json())
    return result


def report_again(settings: Settings, ledger: Ledger, run_id: str) -> tuple[list[str], bool]:
    """Write the files of a run's report anew, the same byte for byte; ``latest`` is the last run.

    Return the lines to print, and whether something waited for a person. Nobody is asked, and nothing is counted again.
    """
    with ledger.begin() as connection:
        report = read_snapshot(settings, connection, run_id)
    return summary_lines(report, _write(settings, report)), verdict(report).tone != "good"


def _read_back(reconciled: Reconciled | None) -> dict[str, pd.DataFrame]:
    if reconciled is None:
        return {}
    return {"read_back_transactions": reconciled.transactions, "read_back_rewards": reconciled.rewards}


def _build(
    settings: Settings,
    connection: Connection,
    run_id: str,
    reconciled: Reconciled | None,
    period: tuple[date, date] | None,
) -> Report:
    now = utc_now()
    kind = run_id.partition("-")[0]
    totals = run_totals(connection, run_id)
    open_now = _breaks(connection, now.date())
    events = _events(connection, run_id, "events_of_run")
    posted = events[events["state"].eq(State.POSTED)].rename(columns={"state_at": "posted_at"})
    control = _control_totals(connection, run_id, events, reconciled)
    ties = tie_rows(totals) + (tie_batches(control, int(totals["accepted"])) if kind != "reconcile" else [])
    if kind == "reconcile" and reconciled is not None:
        ties += _foot(connection)
        compared = compared_count(reconciled)
        ties += tie_read_back(compared + reconciled.uncompared_count, compared)
    elif kind != "settle":
        shown = is_compared(posted, reconciled)
        ties += tie_read_back(len(posted), int(shown.sum()) + len(not_compared(posted[~shown])))
    if reconciled is not None:
        ties += [
            *map(dict, reconciled.ties),
            *_tie_balances(connection, reconciled),
            *tie_roll_forward(reconciled.roll_forward),
        ]
    frame = tie_frame(ties)
    return Report(
        title=_TITLES[kind],
        run_id=run_id,
        kind="reconcile" if kind == "reconcile" else "upload" if kind == "upload" else "nightly",
        started_at=started_at(connection, run_id),
        finished_at=now,
        period=period,
        timezone=_timezone(settings),
        totals={**totals, "breaks_open": len(open_now), "ties_out": bool(frame["ties"].all())},
        ties=frame,
        control_totals=control,
        roll_forward=reconciled.roll_forward if reconciled is not None else pd.DataFrame(),
        breaks=open_now,
        rejected=_rows(connection, "rejections_of_run", run_id),
        waiting=_waiting(connection),
        posted=posted,
        refused=events[events["state"].eq(State.REFUSED)],
        by_client=reconciled.balances if reconciled is not None else pd.DataFrame(),
        nights=reconciled.nights if reconciled is not None else pd.DataFrame(),
        duplicates=_rows(connection, "duplicates_of_run", run_id),
        skipped=_rows(connection, "skipped_of_run", run_id),
        source_ids=_rows(connection, "source_ids_of_run", run_id),
    )


_TITLES = {
    "nightly": "Nightly run",
    "upload": "Upload",
    "settle": "Settling",
    "reconcile": "Reconciliation",
}


def _timezone(settings: Settings) -> str:
    zones = {site.timezone for site in settings.mindbody.sites}
    return zones.pop() if len(zones) == 1 else "UTC"


def _rows(connection: Connection, name: str, run_id: str) -> pd.DataFrame:
    return pd.DataFrame(connection.execute(reading(name), {"run_id": run_id}).mappings().all())


def _events(connection: Connection, run_id: str, name: str) -> pd.DataFrame:
    result = connection.execute(reading(name), {"run_id": run_id} if run_id else {})
    columns = list(result.keys())
    frame = pd.DataFrame([tuple(row) for row in result], columns=columns).rename(columns=_PLACE)
    amounts = [None if amount is None else Decimal(amount) for amount in frame["amount"]]
    return frame.assign(
        amount=pd.Series(amounts, index=frame.index, dtype=object),
        points=frame["points"].astype("Int64"),
        source_id=frame["source_id"].astype("Int64"),
    )


def _waiting(connection: Connection) -> pd.DataFrame:
    frame = _events(connection, "", "waiting_events")
    return frame.rename(columns={"state_at": "since", "state_reason": "reason"})


def _breaks(connection: Connection, today: date) -> pd.DataFrame:
    return pd.DataFrame([break_json(row, today) | {"detail": row.detail} for row in open_breaks(connection)])


def _foot(connection: Connection) -> list[dict[str, Any]]:
    """Return the equations between all files, all batches and all events that the ledger ever accepted."""
    amount = sum(map(Decimal, connection.execute(query("amounts_of_events")).scalars()), start=Decimal(0))
    events = [
        {"level": "file", **row, "amount": amount if row["kind"] == Kind.REWARD_UPDATE else None}
        for row in connection.execute(reading("footing_of_events")).mappings()
    ]
    batches = [
        {"level": "batch", **row, "events": row["event_count"], "amount": Decimal(row["amount"])}
        for row in connection.execute(reading("footing_of_batches")).mappings()
    ]
    columns = ["level", "kind", "site_id", "events", "points", "amount"]
    footed = pd.DataFrame([*events, *batches], columns=columns, dtype="object")
    return tie_batches(footed, int(connection.execute(query("accepted_by_files")).scalar_one()))


def _control_totals(
    connection: Connection, run_id: str, events: pd.DataFrame, reconciled: Reconciled | None
) -> pd.DataFrame:
    batches = [dict(row) for row in connection.execute(reading("batches_of_run"), {"run_id": run_id}).mappings()]
    is_accepted = events["run_id"].eq(run_id) & events["first_state"].eq(State.READY)
    posted = events[events["state"].eq(State.POSTED)]
    return control_totals(events[is_accepted], batches, posted, service_rows(posted, reconciled))


def _source_id_lines(report: Report) -> list[str]:
    found = report.source_ids.to_dict("records")
    line = check_line({(row["subject"], row["finding"]): int(row["row_count"]) for row in found})
    return [line] if line else []


def _unread_lines(reconciled: Reconciled | None) -> list[str]:
    unread = reconciled.unread if reconciled is not None else {}
    return [f"not read back: client {client} of site {site}: {why}" for (site, client), why in sorted(unread.items())]


def _tie_balances(connection: Connection, reconciled: Reconciled) -> list[dict[str, Any]]:
    """Return the equation that every balance that moved unexplained has a break that says so."""
    off = reconciled.balances["difference"].fillna(0).abs().sum()
    ids = [record["break_id"] for record in balance_breaks(reconciled.balances)]
    told = connection.execute(select(breaks.c.points).where(breaks.c.break_id.in_(ids))).scalars()
    return [equation("Balances", "moved without a known reason = breaks that say so", int(off), sum(told))]


def _write(settings: Settings, report: Report) -> Path:
    folder = settings.reports_folder / report.run_id
    folder.mkdir(parents=True, exist_ok=True)
    workbook = write_workbook(report, folder / f"{report.run_id}.xlsx")
    write_page(report, folder / f"{report.run_id}.html")
    write_json(report, folder / f"{report.run_id}.json")
    return workbook
