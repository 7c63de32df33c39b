"""The way of the rows, from file to report: the order of the steps, whoever runs them.

Each step is one call of `step`: plainly (`run_plain`), or as one Prefect task per file or batch. The ledger, not the
caller, holds the truth, so a line that was cut off at any point is simply run again.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.intake.check import CheckedFile
from flows.intake.inbox import InboxFile, list_inbox
from flows.intake.take_in import check_files, find_reference, mark_files, register_files, sweep_reference
from flows.ledger.alive import showing_life
from flows.ledger.connection import Ledger, open_ledger
from flows.ledger.run import Line, Step, run_plain
from flows.ledger.run_id import new_run_id
from flows.ledger.summary import Reconciliation, Summary
from flows.loader.budget import tell_nights
from flows.loader.deliver import connect, post_and_settle, settle_all
from flows.notices.ping import ping_after
from flows.notices.run_end import notify, notify_stopped
from flows.reconciliation.match import Reconciled, reconcile
from flows.reconciliation.windows import windows_of_period, windows_of_run
from flows.reports.close import report_reconciliation, report_run
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, Interrupted, LedgerUnavailable, SettingsError, TieoutError
from flows.runtime.interrupt import stop_requested
from flows.runtime.progress import Progress, say_nothing
from flows.services.mindbody.tokens import sharing_tokens
from flows.settings.sections import Settings
from flows.status.schedule import keep_planned
from sql.runs import carry_over, fail_run, open_run, start_run

DEFAULT_PERIOD_DAYS = 30


def nightly_line(settings: Settings, step: Step = run_plain, progress: Progress = say_nothing) -> Summary:
    """Take every new file of the inbox, post, settle, reconcile and report.

    A file that cannot be read stays in the inbox and the others go on; where a service is out of reach nothing is
    registered and every file stays. Raises `CouldNotRun` or `SettingsError` where the run could not start.
    """
    try:
        with open_ledger(settings) as ledger, sharing_tokens():
            return _run(settings, ledger, "nightly", lambda: list_inbox(settings), step, progress)
    except Interrupted:
        raise
    except Exception as error:
        # Nobody sits before a night: the one that cannot tell by a report has to be told of all the more.
        notify_stopped(settings, error, progress)
        raise


def upload_line(
    settings: Settings,
    path: Path,
    site_id: str | None = None,
    step: Step = run_plain,
    progress: Progress = say_nothing,
    checked: CheckedFile | None = None,
) -> Summary:
    """Take one file by hand, wherever it lies; it stays there.

    What was ``checked`` when a person approved it is taken as it was then, whatever has become of the file.
    """
    with open_ledger(settings) as ledger, sharing_tokens():
        return _run(settings, ledger, "upload", lambda: [InboxFile(path, site_id)], step, progress, checked)


def _run(
    settings: Settings,
    ledger: Ledger,
    kind: str,
    find_files: Callable[[], Iterable[InboxFile]],
    step: Step,
    progress: Progress,
    checked: CheckedFile | None = None,
) -> Summary:
    line = Line(settings, ledger, new_run_id(kind), kind, step, progress)
    with ledger.begin() as connection:
        open_run(connection, line.run_id, kind, utc_now())
        keep_planned(connection, settings, utc_now())
    with showing_life(ledger, line.run_id):
        files = _start(line, find_files, checked)
        register_files(line, files)
        post_and_settle(line)
        reconciled = _reconcile(line)
        mark_files(line, files)
        summary = _report(line, reconciled)
    notify(settings, summary, progress)
    if kind == "nightly":
        ping_after(settings, summary, progress)
    return summary


def _start(line: Line, find_files: Callable[[], Iterable[InboxFile]], checked: CheckedFile | None) -> list[CheckedFile]:
    """Check everything and reach every service before anything is kept; why that failed stays with the run."""
    try:
        files = _check_and_connect(line, find_files, checked)
    except TieoutError as error:
        # Where the ledger itself has gone away, why is said by the error that is on its way.
        with suppress(LedgerUnavailable), line.ledger.begin() as connection:
            fail_run(connection, line.run_id, utc_now(), str(error))
        raise
    with line.ledger.begin() as connection:
        carry_over(connection, line.run_id)
    return files


def _check_and_connect(
    line: Line, find_files: Callable[[], Iterable[InboxFile]], checked: CheckedFile | None
) -> list[CheckedFile]:
    at_hand, now = find_reference(line), utc_now()
    files = check_files(line, find_files(), at_hand.reference, now) if checked is None else [checked]
    if line.kind == "upload" and line.failures:
        raise CouldNotRun(line.failures[0])
    line.failures += at_hand.failures
    connect(line, {place for file in files for place in file.places})
    if checked is None:  # what a person approved was swept before
        files = sweep_reference(line, files, at_hand.reference)
    return files


def _report(line: Line, reconciled: Reconciled | None) -> Summary:
    nights = tell_nights(line.settings, line.ledger)
    told = {"failures": tuple(line.failures), "notes": (*line.notes, *([nights] if nights else []))}
    return line.step("report", report_run, line.settings, line.ledger, line.run_id, reconciled, **told)


def _reconcile(line: Line) -> Reconciled | None:
    """Read back and match, unless the run was stopped; what could not be read is noted."""
    if stop_requested.is_set():
        return None
    line.progress("reading back")
    windows = windows_of_run(line.settings, line.ledger, line.run_id)
    with_rewards = line.settings.referral_rock.public_key is not None
    run = (line.settings, line.ledger, line.run_id, windows)
    try:
        reconciled = line.step("reconcile", reconcile, *run, with_rewards=with_rewards)
    except CouldNotRun as error:
        line.failures.append(str(error))
        return None
    line.failures += [failure for failure in reconciled.failures if failure not in line.failures]
    return reconciled


def settle_line(settings: Settings, step: Step = run_plain, progress: Progress = say_nothing) -> Summary:
    """Read back what is in doubt, without posting anything."""
    with open_ledger(settings) as ledger:
        line = Line(settings, ledger, new_run_id("settle"), "settle", step, progress)
        with ledger.begin() as connection:
            start_run(connection, line.run_id, "settle", utc_now())
        try:
            settle_all(line)
        except Interrupted as error:
            line.failures.append(str(error))
        return _report(line, None)


def _latest_day(settings: Settings) -> date:
    """Return today where it is latest: days are the sites' own."""
    now = utc_now()
    return max((now.astimezone(ZoneInfo(site.timezone)).date() for site in settings.mindbody.sites), default=now.date())


def reconcile_line(
    settings: Settings,
    since: date | None = None,
    until: date | None = None,
    step: Step = run_plain,
    progress: Progress = say_nothing,
) -> Reconciliation:
    """Read back and match a period, days of the sites, both included; the last 30 days without one."""
    until = until or _latest_day(settings)
    since = since or until - timedelta(days=DEFAULT_PERIOD_DAYS)
    if since > until:
        raise SettingsError(f"The period starts on {since} and ends before, on {until}: swap --since and --until.")
    with open_ledger(settings) as ledger:
        run_id = new_run_id("reconcile")
        with ledger.begin() as connection:
            start_run(connection, run_id, "reconcile", utc_now())
        progress("reading back")
        windows = windows_of_period(settings, ledger, since, until)
        with_rewards = settings.referral_rock.public_key is not None
        found = step("reconcile", reconcile, settings, ledger, run_id, windows, with_rewards=with_rewards)
        return step("report", report_reconciliation, settings, ledger, run_id, since, until, found)
