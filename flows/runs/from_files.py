"""The steps that a night and an upload share: from files to a report.

Each step is one call of `run.step`: plainly (`run_plain`), or as one Prefect task per file or batch. The ledger, not
the caller, holds the truth, so a run that was cut off at any point is simply run again.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from flows.intake.as_before import keep_as_before
from flows.intake.inbox import InboxFile
from flows.intake.take_in import check_files, find_reference, register_files, sweep_reference
from flows.ledger.alive import showing_life
from flows.ledger.counted import counted
from flows.ledger.run import Run
from flows.ledger.summary import Summary
from flows.loader.deliver import connect, post_and_settle
from flows.loader.look_back import has_forgotten
from flows.monitoring.figures import tell_figures
from flows.notices.run_end import notify, notify_night
from flows.reconciliation.ahead import calls_to_keep, tell_nights
from flows.reconciliation.match import match_ledger
from flows.reconciliation.plan import plan_of_run
from flows.reports.close import report_run
from flows.review.shown import keep_shown
from flows.runs.ending import leave_in_order
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, LedgerUnavailable, TieoutError
from flows.runtime.interrupt import stop_requested
from flows.services.binding import refuse_other_services
from flows.services.standing import calls_of_run
from flows.status.schedule import keep_planned
from sql.recovery import pending_in_recovery
from sql.runs import carry_over, fail_run, open_run
from transforms.destinations import Destination
from transforms.match.reconciled import Reconciliation
from transforms.vocabulary import RunKind, Target

# The rules, the readers and the marked copies are loaded with the first file.
if TYPE_CHECKING:
    from flows.intake.checked_file import CheckedFile

FindFiles = Callable[[], Iterable[InboxFile]]


def run_from_files(run: Run, find_files: FindFiles, approved: "CheckedFile | None" = None) -> Summary:
    """Take the files in, post, settle, reconcile and report; tell people where something waits for them.

    What a person ``approved`` is taken as it was checked then, and nothing is looked for.
    """
    with counted(run.settings, run.ledger), run.ledger.begin() as connection:
        open_run(connection, run.run_id, run.kind, run.ledger.now())
        keep_planned(connection, run.settings, utc_now())
    with showing_life(run.ledger, run.run_id):
        files = _start(run, find_files, approved)
        register_files(run, files)
        reconciliation = None if has_forgotten(run) else _deliver(run)
        _give_back(run, files)
        summary = report(run, reconciliation)
    summary = leave_in_order(run, summary)
    tell_figures(run, summary)
    tell = notify_night if run.kind is RunKind.NIGHTLY else notify
    tell(run.settings, summary, run.progress)
    return summary


def _give_back(run: Run, files: "list[CheckedFile]") -> None:
    """Give files back marked, and set aside what is wrong as a whole."""
    if files:
        from flows.marked_copy.give_back import mark_files

        mark_files(run, files)
    if run.wrong_files:
        from flows.marked_copy.set_aside import set_aside_rejected

        set_aside_rejected(run)


def _deliver(run: Run) -> Reconciliation | None:
    run.calls_kept = calls_to_keep(run)
    post_and_settle(run)
    return _reconcile(run)


def _start(run: Run, find_files: FindFiles, approved: "CheckedFile | None") -> "list[CheckedFile]":
    """Check everything and look who is there before anything is kept; why that failed stays with the run."""
    try:
        files = _check_and_connect(run, find_files, approved)
    except TieoutError as error:
        # Where the ledger itself has gone away, why is said by the error that is on its way.
        with suppress(LedgerUnavailable), run.ledger.begin() as connection:
            fail_run(connection, run.run_id, utc_now(), str(error))
        raise
    with run.ledger.begin() as connection:
        carry_over(connection, run.run_id)
    return files


def _check_and_connect(run: Run, find_files: FindFiles, approved: "CheckedFile | None") -> "list[CheckedFile]":
    refuse_other_services(run.settings, run.ledger)
    keep_as_before(run.settings, run.ledger)
    extracts, now = find_reference(run), utc_now()
    files = [approved] if approved else check_files(run, find_files(), extracts.reference, now)
    if run.kind is RunKind.UPLOAD and run.failures:
        raise CouldNotRun(run.failures[0])
    run.failures += extracts.failures
    run.could_not_read(*extracts.not_read)
    troubles = connect(run, {destination for file in files for destination in file.destinations})
    files = _without_those_that_wait(run, files, troubles)
    if approved:  # its SourceIds were looked up before it was shown
        return files
    return sweep_reference(run, files, extracts.reference)


def _without_those_that_wait(
    run: Run, files: "list[CheckedFile]", troubles: Mapping[Destination, TieoutError]
) -> "list[CheckedFile]":
    """Return the files that have rows for a place that is there; one that has none but for places in trouble stays.

    A file with rows for both is registered whole: what cannot go yet waits in the ledger.
    """
    staying = [file for file in files if file.destinations and file.destinations <= troubles.keys()]
    for file in staying:
        places = sorted(file.destinations)
        # Whoever uploads this one file waits for nothing else: why it cannot go is the answer.
        if run.kind is RunKind.UPLOAD:
            raise troubles[places[0]]
        names = ", ".join(place.name for place in places)
        run.notes.append(f"{file.path.name} stays in the inbox and is taken by the next run: nothing goes to {names}.")
    return [file for file in files if file not in staying]


def _reconcile(run: Run) -> Reconciliation | None:
    """Read back and match, unless the run was stopped; what could not be read is noted."""
    if stop_requested.is_set():
        return None
    run.progress("reading back")
    plan = plan_of_run(run)
    with_rewards = run.settings.referral_rock.is_named
    try:
        reconciliation = run.step(
            "reconcile", match_ledger, run, plan.windows, with_rewards=with_rewards, proofs=plan.proofs
        )
    except LedgerUnavailable:
        raise
    except CouldNotRun as error:
        run.failures.append(str(error))
        return None
    note_not_read(run, reconciliation)
    run.could_not_read(*plan.not_read)
    return reconciliation


def note_not_read(run: Run, reconciliation: Reconciliation) -> None:
    """Take over what reading back could not look at, and drop what it could, though settling had failed at it."""
    run.failures += [failure for failure in reconciliation.failures if failure not in run.failures]
    for key in reconciliation.read:
        run.not_read.pop(key, None)
    run.could_not_read(*reconciliation.not_read)


def report(run: Run, reconciliation: Reconciliation | None) -> Summary:
    """Close the run and write its report."""
    run.calls_made = calls_of_run(Target.MINDBODY)
    nights = tell_nights(run)
    if nights:
        run.is_budget_spent = True
        run.leave(nights)
    with run.ledger.begin() as connection:
        waits = pending_in_recovery(connection)
        # Whoever approves what the run holds has its report before them.
        keep_shown(connection, run.settings, run.run_id)
    if waits:
        run.leave(f"pending until `tieout recover` has looked at their clients and rewards: {waits:,} events")
    return run.step("report", report_run, run, reconciliation)
