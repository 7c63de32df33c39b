"""Close a run: collect its report, keep its snapshot, write it as files, and say how the run ended."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from flows.ledger.connection import Ledger
from flows.ledger.run import Run
from flows.ledger.summary import Artifact, ReconcileSummary, Summary
from flows.reports.artifacts import prefect_artifacts
from flows.reports.collect.of_run import collect_report
from flows.reports.for_recovery import kept_for_recovery
from flows.reports.open_breaks import open_differences
from flows.reports.page.page import write_page
from flows.reports.proofs import calls_per_event, proof_lines, proved_clients
from flows.reports.record import write_json
from flows.reports.report import Report
from flows.reports.snapshots import keep_snapshot, read_snapshot
from flows.reports.source_ids import check_line
from flows.reports.terminal import note_lines, summary_lines, watch_lines
from flows.reports.verdict import headline
from flows.reports.workbook.workbook import write_workbook
from flows.runtime.clock import utc_now
from flows.runtime.errors import said_of
from flows.settings.sections import Settings
from sql.runs import finish_run, posted_told_by_others
from transforms.destinations import NotRead
from transforms.match.compared import uncompared_lines
from transforms.match.reconciled import Reconciliation
from transforms.nights import DEAD_AFTER


def report_run(run: Run, reconciliation: Reconciliation | None) -> Summary:
    """Write the report of a run and close it; ``reconciliation`` is None where nothing was read back."""
    _note_runs_at_the_same_time(run)
    report, path = _write_report(run, reconciliation, None)
    head = (*summary_lines(report, path), *_source_id_lines(report))
    tail = (
        *watch_lines(report),
        *proof_lines(reconciliation, ZoneInfo(report.timezone)),
        *uncompared_lines(report.posted, reconciliation),
        *_not_read_lines(run),
    )
    summary = Summary(
        run_id=run.run_id,
        totals=dict(report.totals),
        report=path,
        lines=(*head, *note_lines(run.noticed), *run.notes, *tail),
        message_lines=(*head, *_notes_for_a_message(run), *tail),
        failures=tuple(run.failures),
        waiting_count=len(report.waiting),
        artifacts=_artifacts(run.settings, report, path),
        # Whoever could not be read waits for a person as well: nothing is concluded about them.
        not_read=_not_read(run),
        notes=(*run.noticed, *run.notes),
        why_left=tuple(run.why_left),
        unusual=tuple(run.unusual.items()),
        set_aside=tuple(sorted(run.set_aside)),
        breaks_opened=_opened(reconciliation),
        is_budget_spent=run.is_budget_spent,
        calls_made=run.calls_made,
        calls_per_event=calls_per_event(run.calls_made, report.posted),
        proved=proved_clients(reconciliation),
        differences_open=len(open_differences(report)),
    )
    failure = " ".join(run.failures) or None
    with run.ledger.begin() as connection:
        finish_run(connection, run.run_id, report.finished_at, summary.to_keep(), failure)
    return summary


def _note_runs_at_the_same_time(run: Run) -> None:
    """Say which posted events another report counts, too: of runs at once each ties, and their sum is too much."""
    with run.ledger.begin() as connection:
        count, others = posted_told_by_others(connection, run.run_id, utc_now() - DEAD_AFTER)
    if count:
        events = "1 posted event is" if count == 1 else f"{count:,} posted events are"
        run.notes.append(
            f"{events} counted by {' and '.join(others)}, too, at work at the same time: do not add these reports up; "
            "`tieout month` counts each event once."
        )


def _notes_for_a_message(run: Run) -> list[str]:
    """Return the notes that quote no cell of a file, and how many others there are."""
    plain = [note for note in run.notes if note not in run.quoting]
    told = [*run.told, *plain]
    quoting_count = len(run.noticed) + len(run.notes) - len(told)
    if not quoting_count:
        return told
    return [*told, f"{quoting_count:,} more notes about rows and files: the report has them."]


def report_reconciliation(run: Run, since: date, until: date, reconciliation: Reconciliation) -> ReconcileSummary:
    """Write the report of a reconciliation and close its run."""
    report, path = _write_report(run, reconciliation, (since, until))
    rolled = _rolled_breaks(reconciliation)
    open_now = rolled.groupby("class")["open_now"].sum()
    # What was opened again and what a person resolved are added in, so that opening + opened - closed = open.
    opened = rolled["new"].sum() + rolled["reopened"].sum()
    closed = rolled["closed"].sum() + rolled["resolved"].sum()
    summary = ReconcileSummary(
        since=since,
        until=until,
        matched=reconciliation.matched,
        breaks={str(name): int(count) for name, count in open_now.items() if count},
        opening=int(rolled["open_before"].sum()),
        opened=int(opened),
        closed=int(closed),
        open=int(open_now.sum()),
        ties_out=bool(report.totals["ties_out"]),
        report=path,
        lines=(*summary_lines(report, path), *watch_lines(report), *_not_read_lines(run)),
        failures=tuple(run.failures),
        not_read=_not_read(run),
        artifacts=_artifacts(run.settings, report, path),
        run_id=run.run_id,
        agrees=bool(report.totals["agrees"]),
    )
    with run.ledger.begin() as connection:
        finish_run(connection, run.run_id, report.finished_at, summary.to_json())
    return summary


def report_again(settings: Settings, ledger: Ledger, run_id: str) -> tuple[Report, list[str], bool]:
    """Write the files of a run's report anew, the same byte for byte; ``latest`` is the last run.

    Return the report, the lines to print, and whether something waited for a person. Nobody is asked, and nothing is
    counted again.
    """
    with ledger.begin() as connection:
        report = read_snapshot(settings, connection, run_id)
    workbook = _write(settings, report)
    needs_a_person = headline(report).tone != "good"
    return report, summary_lines(report, workbook), needs_a_person


def _write_report(
    run: Run, reconciliation: Reconciliation | None, period: tuple[date, date] | None
) -> tuple[Report, Path]:
    """Collect the report, keep its snapshot in the same transaction, write the files; give the workbook's path."""
    with run.ledger.begin() as connection:
        report = collect_report(run, connection, reconciliation, period)
        evidence = {**_read_back(reconciliation), **kept_for_recovery(connection, run.run_id)}
        try:
            keep_snapshot(run.settings, connection, report, evidence)
        except OSError as error:
            # What was done stands in the ledger all the same, and the run is closed: it must not look as if it died.
            run.failures.append(
                f"The snapshot of this run cannot be kept: {said_of(error)} Its report cannot be made again, and a "
                "lost ledger is harder to make out without it."
            )
    try:
        return report, _write(run.settings, report)
    except OSError as error:
        run.failures.append(
            f"The report cannot be written: {said_of(error)} What was done stands in the ledger: mend that, and "
            f"`tieout report {run.run_id}` writes it."
        )
        return report, _place_of(run.settings, report)


def _artifacts(settings: Settings, report: Report, workbook: Path) -> tuple[Artifact, ...]:
    files = [workbook, workbook.with_suffix(".html")]
    return tuple(prefect_artifacts(report, files, with_rows=settings.prefect.show_rows))


def _opened(reconciliation: Reconciliation | None) -> int:
    if reconciliation is None:
        return 0
    rolled = _rolled_breaks(reconciliation)
    return int(rolled["new"].sum() + rolled["reopened"].sum())


def _rolled_breaks(reconciliation: Reconciliation) -> pd.DataFrame:
    """Return the roll-forward in breaks: the rows of points and of amounts tell of the same ones again."""
    rolled = reconciliation.roll_forward
    return rolled[rolled["measure"].eq("breaks")]


def _read_back(reconciliation: Reconciliation | None) -> dict[str, pd.DataFrame]:
    if reconciliation is None:
        return {}
    return {"read_back_transactions": reconciliation.transactions, "read_back_rewards": reconciliation.rewards}


def _source_id_lines(report: Report) -> list[str]:
    counts = {}
    for row in report.source_ids.to_dict("records"):
        counts[row["subject"], row["finding"]] = int(row["row_count"])
    line = check_line(counts)
    return [line] if line else []


def _not_read(run: Run) -> tuple[NotRead, ...]:
    return tuple(run.not_read.values())


def _not_read_lines(run: Run) -> list[str]:
    return [f"not read: {one.what}: {one.why}" for one in run.not_read.values() if one.why not in run.failures]


def _write(settings: Settings, report: Report) -> Path:
    """Write all forms of the report, named by its run; return the path of the workbook."""
    workbook = _place_of(settings, report)
    workbook.parent.mkdir(parents=True, exist_ok=True)
    write_workbook(report, workbook)
    write_page(report, workbook.with_suffix(".html"))
    write_json(report, workbook.with_suffix(".json"))
    return workbook


def _place_of(settings: Settings, report: Report) -> Path:
    return settings.reports_folder / report.run_id / f"{report.run_id}.xlsx"
