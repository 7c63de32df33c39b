"""Make out what a lost or older ledger no longer knows; nothing is posted."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flows.intake.archive import keep_file
from flows.intake.check import check_file
from flows.ledger.alive import showing_life
from flows.ledger.connection import Ledger, ledger_trouble, missing_file_trouble, open_any_ledger
from flows.ledger.counted import adopt_ledger, begin_recovery, counted
from flows.ledger.run import Run, new_run, run_plain
from flows.readers.files import sha256_of
from flows.recovery.archive import ArchiveRead, lost_files, register_archive, unknown_files, waiting_files
from flows.recovery.clients import read_site
from flows.recovery.report import Recovery, report_recovery
from flows.recovery.rewards import read_rewards
from flows.recovery.snapshots import bring_back_what_took_back, find_snapshots, take_what_is_said, unreadable_lines
from flows.runs.turn import only_one
from flows.runtime.clock import utc_now
from flows.runtime.errors import BudgetSpent, CouldNotRun, Interrupted, SettingsError, of_one_place
from flows.runtime.interrupt import stop_requested
from flows.runtime.progress import Progress, say_nothing
from flows.services.mindbody.tokens import sharing_tokens
from flows.settings.sections import Settings
from sql.claims import declare_lost
from sql.recovery import at_work_count, close_dead_recoveries, hold_unfinished, recovering_left, recovering_sites
from sql.runs import open_run, waiting_counts
from transforms.destinations import Destination, destination_not_read
from transforms.vocabulary import RunKind, Target


def recover(
    settings: Settings,
    without: Collection[str] = (),
    progress: Progress = say_nothing,
    *,
    is_older: bool = False,
    files: Iterable[Path] = (),
) -> Recovery:
    """Make out what was sent and is not in the ledger; go on where an earlier recovery stopped.

    Everything that the ledger had not finished, and every event of the archive that it does not know, is held first.
    Then what snapshots say and the services show proves what was sent. ``without`` names files that are gone for good,
    ``files`` are some that the archive lacks, and are kept there first; ``is_older`` says that the ledger was put back
    from a copy, though nothing in the workspace shows it.
    """
    # Asked before the ledger is opened, which makes the file that is missing.
    is_missing = missing_file_trouble(settings) is not None
    at_work = only_one(settings.prefect_folder / "night.lock", "a night or another `tieout recover` is at work")
    with at_work, open_any_ledger(settings) as ledger, sharing_tokens():
        run = new_run(settings, ledger, RunKind.RECOVER, run_plain, progress)
        for file in files:
            # What is kept there has to be read by every recovery from then on: a slip would stop them all.
            check_file(settings, file, None, keeps_events=False)
            keep_file(file, sha256_of(file), None, settings)
        is_lost = is_older or is_missing or ledger_trouble(settings, ledger) is not None
        if not is_lost and _has_nothing_to_do(run):
            return _nothing(ledger)
        return _recover(run, without, is_lost=is_lost)


def _has_nothing_to_do(run: Run) -> bool:
    with run.ledger.begin() as connection:
        left = recovering_left(connection).events
    if left:
        return False
    unknown = {file.digits for file in unknown_files(run)}
    return not unknown or unknown <= waiting_files(run)


def _nothing(ledger: Ledger) -> Recovery:
    with ledger.begin() as connection:
        held = int(waiting_counts(connection).held)
    return Recovery(
        run_id=None,
        registered=0,
        known=0,
        decided={},
        left=0,
        days_left=None,
        held=held,
        lost=(),
        not_read=(),
        report=None,
        notes=(),
        failures=(),
    )


def _recover(run: Run, without: Collection[str], *, is_lost: bool) -> Recovery:
    begun_at = utc_now()
    if is_lost:
        # From here on no run takes this ledger for a whole one, however often this is killed.
        begin_recovery(run.settings, run.ledger)
    with counted(run.settings, run.ledger), run.ledger.begin() as connection:
        close_dead_recoveries(connection, begun_at)
        open_run(connection, run.run_id, run.kind, begun_at)
    with showing_life(run.ledger, run.run_id):
        archive = ArchiveRead(0, 0, ())
        try:
            if is_lost:
                _hold(run)
            archive = _take_in(run, without, is_lost=is_lost)
            if is_lost:
                _wait_for_the_last_request(run, (utc_now() - begun_at).total_seconds())
            if not archive.lost:
                # All that was ever taken in is held or known: nights are safe, whatever is still to be looked at.
                adopt_ledger(run.settings, run.ledger)
            _look(run)
        except Interrupted as error:
            run.failures.append(str(error))
        return report_recovery(run, archive)


def _hold(run: Run) -> None:
    """Hold all that an older ledger would send or settle; what it knows as sent stays."""
    run.progress("holding what the ledger had not finished")
    with run.ledger.begin() as connection:
        declare_lost(connection, run_id=run.run_id, now=run.ledger.now())
        if at_work_count(connection):
            raise CouldNotRun("A run is posting from this ledger: let it end, or stop it, and recover then.")
        hold_unfinished(connection, run_id=run.run_id, now=run.ledger.now())


def _take_in(run: Run, without: Collection[str], *, is_lost: bool) -> ArchiveRead:
    """Register what the ledger does not know, and note what snapshots say of it."""
    snapshots = find_snapshots(run)
    archive = register_archive(run, snapshots.files, without, is_lost=is_lost)
    bring_back_what_took_back(run, snapshots)
    in_no_file = take_what_is_said(run, snapshots)
    run.notes += unreadable_lines(snapshots.unreadable)
    if not is_lost:  # then it was said before, and a person went on
        return archive
    return replace(archive, lost=[*archive.lost, *lost_files(in_no_file, archive, without)])


def _wait_for_the_last_request(run: Run, gone_seconds: float) -> None:
    """Let whatever a run sent as it was cut off land and show: read too early it would seem never to have been sent."""
    loader = run.settings.loader
    seconds = 2 * loader.timeout_seconds + loader.settle_after_seconds - gone_seconds
    if seconds <= 0:
        return
    run.progress(f"waiting {seconds:.0f} s, so that what was on its way shows")
    if stop_requested.wait(timeout=seconds):
        raise Interrupted("Stopped as asked: `tieout recover` goes on where this one stopped.")


def _look(run: Run) -> None:
    """Read what is to be made out, one destination after the other; trouble at one never stops the others."""
    with run.ledger.begin() as connection:
        destinations = recovering_sites(connection)
    for destination in destinations:
        run.progress(f"reading back {destination.name}")
        with _trouble_at(run, destination):
            if destination.target is Target.MINDBODY:
                read_site(run, destination.site_id)
            else:
                read_rewards(run)


@contextmanager
def _trouble_at(run: Run, destination: Destination) -> Iterator[None]:
    try:
        yield
    except BudgetSpent as error:
        run.notes.append(str(error))
    except (CouldNotRun, SettingsError) as error:
        run.could_not_read(destination_not_read(destination, str(of_one_place(error))))
