"""The way of the rows, from file to report: the order of the steps, whoever runs them.

Each step is one call of `step`: plainly (`run_plain`), or as one Prefect task per file or batch. The ledger, not the
caller, holds the truth, so a line that was cut off at any point is simply run again.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar
from zoneinfo import ZoneInfo

from flows.checking import CheckedFile, check_file
from flows.clock import utc_now
from flows.errors import BudgetSpent, CouldNotRun, FileRejected, Interrupted, SettingsError
from flows.inbox import InboxFile, archive_file, list_inbox
from flows.interrupt import stop_requested
from flows.ledger import Ledger, open_ledger
from flows.marking import mark_file
from flows.notify import notify
from flows.progress import Progress, count_rows, say_nothing
from flows.reconciling import Reconciled, reconcile
from flows.reference.folder import Extracts
from flows.reference.gather import check_again, reference_at_hand, sweep_for
from flows.registering import register
from flows.reporting import report_reconciliation, report_run
from flows.runs import new_run_id
from flows.services import Place, check_services, post_place, settle_place
from flows.settings import Settings
from flows.summary import Reconciliation, Summary
from flows.windows import windows_of_period, windows_of_run
from sql.claims import declare_lost, open_work
from sql.runs import start_run
from sql.settlements import doubtful_sites, waiting_times
from transforms.reference import Reference
from transforms.vocabulary import Target

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

_MAX_ROUNDS = 10  # of posting and settling; each round sends only what reading back proved not to have landed
DEFAULT_PERIOD_DAYS = 30


class Step(Protocol):
    """Runs one named step and returns its result."""

    def __call__(self, name: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `function`."""


def run_plain(_name: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run the step here and now."""
    return function(*args, **kwargs)


@dataclass
class _Line:
    """One run's way through the steps, and what failed on it."""

    settings: Settings
    ledger: Ledger
    run_id: str
    kind: str
    step: Step
    progress: Progress
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what a person should know, without its being a failure
    registered: set[str] = field(default_factory=set)  # by their hash: the files that were new
    failed_places: set[Place] = field(default_factory=set)  # not tried again in this run
    undecided: set[str] = field(default_factory=set)  # events that reading back could not decide in this run


def nightly_line(settings: Settings, step: Step = run_plain, progress: Progress = say_nothing) -> Summary:
    """Take every new file of the inbox, post, settle, reconcile and report.

    A file that cannot be read stays in the inbox and the others go on; where a service is out of reach nothing is
    registered and every file stays. Raises `CouldNotRun` or `SettingsError` where the run could not start.
    """
    with open_ledger(settings) as ledger:
        waiting = list_inbox(settings)
        return _run(settings, ledger, "nightly", waiting, step, progress)


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
    with open_ledger(settings) as ledger:
        return _run(settings, ledger, "upload", [InboxFile(path, site_id)], step, progress, checked)


def _run(
    settings: Settings,
    ledger: Ledger,
    kind: str,
    waiting: Iterable[InboxFile],
    step: Step,
    progress: Progress,
    checked: CheckedFile | None = None,
) -> Summary:
    line = _Line(settings, ledger, new_run_id(kind), kind, step, progress)
    at_hand, now = _find_reference(line), utc_now()
    files = _check_files(line, waiting, at_hand.reference, now) if checked is None else [checked]
    if kind == "upload" and line.failures:
        raise CouldNotRun(line.failures[0])
    line.failures += at_hand.failures
    _connect(line, {place for file in files for place in file.places})
    if checked is None:  # what a person approved was swept before
        files = _sweep(line, files, at_hand.reference)
    with ledger.begin() as connection:
        start_run(connection, line.run_id, kind, utc_now())
    _register_files(line, files)
    _post_and_settle(line)
    reconciled = _reconcile(line)
    _mark_files(line, files)
    summary = _report(line, reconciled)
    notify(settings, summary, progress)
    return summary


def _mark_files(line: _Line, files: Iterable[CheckedFile]) -> None:
    """Give the files back with what became of their rows; what cannot be written is said, and stops nothing."""
    always = line.kind == "upload"
    for file in files:
        if always or file.sha256 in line.registered:
            known_as = (file.sha256, file.default_site_id or "")
            run = (line.settings, line.ledger, line.run_id, file.path, *known_as)
            line.notes += line.step(f"mark {file.path.name}", mark_file, *run, always=always)


def _report(line: _Line, reconciled: Reconciled | None) -> Summary:
    told = {"failures": tuple(line.failures), "notes": tuple(line.notes)}
    return line.step("report", report_run, line.settings, line.ledger, line.run_id, reconciled, **told)


def _find_reference(line: _Line) -> Extracts:
    """Find what SourceIds can be checked against without a call."""
    at_hand = reference_at_hand(line.settings, line.ledger)
    line.notes += at_hand.notes
    return at_hand


def _check_files(line: _Line, waiting: Iterable[InboxFile], reference: Reference, now: datetime) -> list[CheckedFile]:
    files = []
    for file in waiting:
        line.progress(f"checking {file.path.name}")
        try:
            check = partial(check_file, reference=reference, now=now, on_rows=count_rows(line.progress))
            files.append(line.step(f"check {file.path.name}", check, line.settings, file.path, file.default_site_id))
        except FileRejected as error:
            if line.kind == "nightly" and not file.path.exists():
                line.progress(f"{file.path.name} was taken by another run")
                continue
            line.failures.append(str(error))
        except Exception as error:  # noqa: BLE001 - one odd file must not stop the night for all the others
            reason = f"it cannot be read ({type(error).__name__}: {error}). It stays; please report this as a defect."
            line.failures.append(f"{file.path.name}: {reason}")
    return files


def _sweep(line: _Line, files: list[CheckedFile], reference: Reference) -> list[CheckedFile]:
    """Where it is switched on, ask the service about SourceIds that nothing at hand tells, and judge anew."""
    if not line.settings.reference.sweep or not files:
        return files
    line.progress("looking up source ids")
    found = line.step("sweep reference", sweep_for, line.settings, line.ledger, files, reference)
    line.notes += found.notes
    if not found.asked_count:
        return files
    return [line.step(f"check {file.path.name}", check_again, line.settings, file, found.reference) for file in files]


def _connect(line: _Line, places: set[Place]) -> None:
    """Make sure, before anything is kept, that every service that is needed is there and takes the credentials."""
    with line.ledger.begin() as connection:
        declare_lost(connection, run_id=line.run_id, now=utc_now())
        needed = places | set(open_work(connection)) | set(doubtful_sites(connection, utc_now()))
    if needed:
        line.progress("connecting")
        line.step("connect", check_services, line.settings, line.ledger, sorted(needed))


def _register_files(line: _Line, files: Iterable[CheckedFile]) -> None:
    for file in files:
        line.progress(f"registering {file.path.name}")
        run = (line.settings, line.ledger, line.run_id, file)
        if line.step(f"register {file.path.name}", register, *run) is None:
            line.progress(f"{file.path.name} is known: the same content was registered before")
        else:
            line.registered.add(file.sha256)
        if line.kind == "nightly":
            _archive(line, file)


def _archive(line: _Line, file: CheckedFile) -> None:
    try:
        if not archive_file(file.path, file.sha256, line.settings):
            line.failures.append(
                f"{file.path.name}: it changed while it was taken in: the rest is taken the next time."
            )
    except OSError as error:
        line.failures.append(f"{file.path.name}: it is registered, and cannot go to the archive: {error.strerror}.")
    except CouldNotRun as error:
        line.failures.append(f"{file.path.name}: it is registered, and stays in the inbox. {error}")


def _post_and_settle(line: _Line) -> None:
    """Post and settle until nothing is left to do; trouble at one service or site never stops the others."""
    try:
        for _ in range(_MAX_ROUNDS):
            _settle_all(line)
            _post_all(line)
            if not _wait_for_doubtful(line):
                break
    except Interrupted as error:
        line.failures.append(str(error))


def _settle_all(line: _Line) -> None:
    with line.ledger.begin() as connection:
        declare_lost(connection, run_id=line.run_id, now=utc_now())
        places = doubtful_sites(connection, utc_now())
    for place in places:
        if place not in line.failed_places:
            line.progress(f"reading back what is in doubt at {_name(place)}")
            with _trouble_at(line, place):
                run = (line.settings, line.ledger, line.run_id, place)
                line.undecided |= line.step(f"settle {_name(place)}", settle_place, *run)


def _post_all(line: _Line) -> None:
    with line.ledger.begin() as connection:
        places = open_work(connection)
    for place in places:
        if place not in line.failed_places:
            line.progress(f"posting to {_name(place)}")
            with _trouble_at(line, place):
                run = (line.settings, line.ledger, line.run_id, place)
                line.step(f"post {_name(place)}", post_place, *run, line.progress.count)


@contextmanager
def _trouble_at(line: _Line, place: Place) -> Iterator[None]:
    """Note what went wrong at one place and go on with the others; a stop that was asked for stops all."""
    try:
        yield
    except Interrupted:
        raise
    except BudgetSpent as error:
        line.failed_places.add(place)
        line.notes.append(str(error))
    except CouldNotRun as error:
        line.failed_places.add(place)
        line.failures.append(str(error))


def _reconcile(line: _Line) -> Reconciled | None:
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


def _wait_for_doubtful(line: _Line) -> bool:
    """Wait until the next doubtful event may be read back; False where there is none to wait for."""
    with line.ledger.begin() as connection:
        due_times = [row.settle_at for row in waiting_times(connection) if row.event_id not in line.undecided]
    if not due_times:
        return False
    seconds = max(0.0, (min(due_times) - utc_now()).total_seconds())
    line.progress(f"{len(due_times)} in doubt: reading back in {math.ceil(seconds)} s")
    if stop_requested.wait(timeout=seconds + 0.01):
        raise Interrupted("Stopped as asked: what is in doubt is read back by the next run.")
    return True


def _name(place: Place) -> str:
    target, site_id = place
    return f"Mindbody site {site_id}" if target is Target.MINDBODY else "Referral Rock"


def settle_line(settings: Settings, step: Step = run_plain, progress: Progress = say_nothing) -> Summary:
    """Read back what is in doubt, without posting anything."""
    with open_ledger(settings) as ledger:
        line = _Line(settings, ledger, new_run_id("settle"), "settle", step, progress)
        with ledger.begin() as connection:
            start_run(connection, line.run_id, "settle", utc_now())
        try:
            _settle_all(line)
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
