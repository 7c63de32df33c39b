"""Examine the ledger: can it be reached and written to, is it at this version's tables, was its history changed."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from flows.doctor.diagnosis import Diagnosis, bad, doubtful, good
from flows.doctor.folders import examine_space, nearest_folder
from flows.ledger.address import database_address
from flows.ledger.backup import kept_copies
from flows.ledger.connection import (
    MOST_SKEW_SECONDS,
    Ledger,
    check_writing,
    connect_ledger,
    ledger_trouble,
    missing_file_trouble,
    other_version,
    sqlite_file,
)
from flows.ledger.recognize import Trouble
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, ExitCode, SettingsError
from flows.services.binding import configured_addresses, other_service
from flows.settings.sections import Settings
from sql.bindings import binding_in_force
from sql.break_comments import changed_comment
from sql.break_decisions import broken_link
from sql.event_decisions import changed_decision
from sql.identity import ledger_position
from sql.old_attempts import all_archives, changed_archive
from sql.probe import database_clock, probe_writing
from sql.revision import current_revision, head_revision
from sql.signatures import changed_signature
from transforms.vocabulary import SERVICE_NAMES

_UPGRADE = "Run `tieout db upgrade`."
PATIENCE_SECONDS = 5.0  # a person sits before it; a run waits longer for another one's transaction


def examine_ledger(settings: Settings) -> Iterator[Diagnosis]:
    """Say how the ledger is; one that does not exist yet is not made."""
    try:
        file = sqlite_file(settings)
        if file is not None and not file.exists():
            yield _examine_identity(missing_file_trouble(settings)) or _examine_place(file)
            return
        with connect_ledger(settings, PATIENCE_SECONDS) as ledger:
            yield from _examine(settings, ledger, file)
    except SettingsError as error:
        yield bad("ledger", str(error), mend="", exit_code=ExitCode.WRONG_USAGE)
    except CouldNotRun as error:
        yield bad("ledger", str(error), mend="", exit_code=ExitCode.COULD_NOT_RUN)


def _examine(settings: Settings, ledger: Ledger, file: Path | None) -> Iterator[Diagnosis]:
    check_writing(ledger)
    with ledger.begin() as connection:
        revision = current_revision(connection)
        skew_seconds = _skew_seconds(connection)
    yield _examine_access(settings, ledger, file, has_tables=revision is not None)
    yield _examine_revision(revision)
    if skew_seconds is not None:
        yield _examine_clock(skew_seconds)
    wrong = _examine_identity(ledger_trouble(settings, ledger))
    if wrong is not None:
        yield wrong
    if revision == head_revision():
        yield from _examine_bindings(settings, ledger)
        yield from _examine_copies(settings, ledger)
        yield _examine_chain(ledger)
        yield from _examine_old_attempts(settings, ledger)


def _examine_identity(trouble: Trouble | None) -> Diagnosis | None:
    """Say that the ledger is not the one that was there; a run refuses it, too."""
    if trouble is None:
        return None
    return bad("ledger", trouble.message, mend="", exit_code=ExitCode.COULD_NOT_RUN)


def _examine_access(settings: Settings, ledger: Ledger, file: Path | None, *, has_tables: bool) -> Diagnosis:
    said = f"{describe(settings)} is reachable."
    # Writing is tried on a table of ours: without tables there is nothing to try it on.
    if has_tables:
        refusal = refusal_to_write(ledger)
        if refusal:
            said = f"{describe(settings)} can be read and not written to: {refusal}."
            return bad("ledger", said, mend="Give this user the right.")
        said = f"{describe(settings)} is reachable and can be written to."
    # The disk of a database elsewhere is not ours to measure.
    if file is None:
        return good("ledger", said)
    return examine_space("ledger", file.parent, said)


def describe(settings: Settings) -> str:
    """Name the ledger without its user, its password or any option of its address."""
    url = database_address(settings.ledger_url)
    if url.get_backend_name() == "sqlite":
        return f"SQLite file {url.database}"
    return f"PostgreSQL database {url.database} at {url.host or 'the local socket'}"


def _examine_place(file: Path) -> Diagnosis:
    home = nearest_folder(file.parent)
    return examine_space("ledger", home, f"{file} is not there yet: the first run makes it, or `tieout db upgrade`.")


def refusal_to_write(ledger: Ledger) -> str | None:
    """Return why the ledger cannot be written to; None where it can. Nothing is changed."""
    try:
        with ledger.begin() as connection:
            probe_writing(connection)
    except DBAPIError as error:
        return " ".join(str(error.orig).split())
    except CouldNotRun as error:
        return str(error)
    return None


def _skew_seconds(connection: Connection) -> float | None:
    """Return how far this clock is ahead of the database's; None where the database is this machine's file."""
    theirs = database_clock(connection)
    if theirs is None:
        return None
    return (utc_now() - theirs).total_seconds()


def _examine_clock(skew_seconds: float) -> Diagnosis:
    said = f"This machine's clock and the ledger's differ by {abs(skew_seconds):.1f} s."
    if abs(skew_seconds) > MOST_SKEW_SECONDS:
        return bad("ledger clock", said, mend="Set both clocks by a time service: claims are told by the clock.")
    return good("ledger clock", said)


def _examine_revision(revision: str | None) -> Diagnosis:
    head = head_revision()
    if revision is None:
        return doubtful("migrations", "The ledger has no tables yet.", mend=f"{_UPGRADE} The first run does it too.")
    newer = other_version(revision)
    if newer is not None:
        return bad("migrations", newer, mend="", exit_code=ExitCode.COULD_NOT_RUN)
    if revision != head:
        return bad("migrations", f"The ledger is at {revision}, this version needs {head}.", mend=_UPGRADE)
    return good("migrations", f"The ledger is at {revision}, as this version needs.")


def _examine_bindings(settings: Settings, ledger: Ledger) -> Iterator[Diagnosis]:
    """Say which services the ledger is used against, as far as the settings tell; a sandbox names itself later."""
    for target, address in configured_addresses(settings).items():
        said = other_service(ledger, target, address)
        with ledger.begin() as connection:
            bound = binding_in_force(connection, target)
        if said is not None:
            yield bad("binding", said, mend="", exit_code=ExitCode.COULD_NOT_RUN)
        elif bound is not None:
            yield good("binding", f"{SERVICE_NAMES[target]} is {bound.address}, by {bound.bound_by}: {bound.reason}.")


def _examine_copies(settings: Settings, ledger: Ledger) -> Iterator[Diagnosis]:
    """Say how old the last copy of an embedded ledger is, once there are runs to lose."""
    with ledger.read() as connection:
        position = ledger_position(connection)
    if sqlite_file(settings) is None or position.is_empty or not settings.backups.keep:
        return
    copies = kept_copies(settings, position)
    if not copies:
        yield good(
            "copies", "No copy of the ledger is kept yet: the next run keeps one, `tieout db backup` makes one now."
        )
        return
    age_hours = (utc_now().timestamp() - copies[-1].stat().st_mtime) / 3600
    said = f"{len(copies)} of the ledger are kept in {settings.backups_folder}, the last {age_hours:,.0f} h old."
    yield good("copies", said)


def _examine_old_attempts(settings: Settings, ledger: Ledger) -> Iterator[Diagnosis]:
    """Say whether what was moved out of the ledger is where it was put; nothing where nothing was."""
    with ledger.read() as connection:
        archives = all_archives(connection)
        changed = changed_archive(connection)
    if not archives:
        return
    if changed is not None:
        said = f"Record {changed} of what was moved out does not follow from the one before it: it was changed."
        mend = "Compare table attempt_archives with a backup from before, and find out who changed it."
        yield bad("old attempts", said, mend=mend)
        return
    folder = settings.old_attempts_folder
    gone = [row.name for row in archives if not _has_size(folder / row.name, row.size_bytes)]
    if gone:
        said = f"{len(gone)} of {len(archives)} files in {folder} are not as they were written, such as {gone[0]}."
        yield bad("old attempts", said, mend="Put them back from a backup: `tieout trace` cannot tell what they hold.")
    else:
        count = sum(row.attempts_count for row in archives)
        yield good("old attempts", f"{count:,} attempts lie in {folder}, as they were moved there.")


def _has_size(path: Path, size_bytes: int) -> bool:
    return path.is_file() and path.stat().st_size == size_bytes


def _examine_chain(ledger: Ledger) -> Diagnosis:
    with ledger.read() as connection:
        changed = {
            ("a break", "break_decisions"): broken_link(connection),
            ("events", "event_decisions"): changed_decision(connection),
            ("a period that was signed", "signatures"): changed_signature(connection),
            ("what was said of a break", "break_comments"): changed_comment(connection),
        }
    for (about, table), decision_id in changed.items():
        if decision_id is not None:
            said = (
                f"Decision {decision_id} about {about} does not follow from the one before it: the history was changed."
            )
            mend = f"Compare table {table} with a backup from before, and find out who changed it."
            return bad("decisions", said, mend=mend)
    return good("decisions", "The history of decisions about breaks and events, and who signed, is as it was written.")
