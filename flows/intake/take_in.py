"""Take files in: check them, look up what their rows name, keep each in the archive and register it whole."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from flows.intake.archive import forget_file, keep_file
from flows.intake.guarded import stop_notes
from flows.intake.inbox import InboxFile, clear_file
from flows.intake.unusual import note_missing, note_size
from flows.ledger.counted import mark
from flows.ledger.run import Run
from flows.reference.at_hand import reference_at_hand
from flows.reference.extracts import Extracts
from flows.runtime.errors import CouldNotRun, FileRejected, Interrupted, LedgerUnavailable, as_one_of_ours
from flows.runtime.progress import count_rows
from sql.runs import is_taken_by_another
from transforms.destinations import NotRead
from transforms.reference.reference import Reference
from transforms.sheets.notes import note_text
from transforms.sheets.questions import question_text
from transforms.vocabulary import RunKind, Unread

# The rules and the readers are loaded with the first file: a night without one does without them, and without pandera.
if TYPE_CHECKING:
    from flows.intake.checked_file import CheckedFile


def find_reference(run: Run) -> Extracts:
    """Find what SourceIds can be checked against without a call."""
    at_hand = reference_at_hand(run.settings, run.ledger)
    run.notes += at_hand.notes
    return at_hand


def check_files(run: Run, waiting: Iterable[InboxFile], reference: Reference, now: datetime) -> "list[CheckedFile]":
    """Return the files that can be read, judged; a file that is wrong as a whole stays, and is noted."""
    files: list[CheckedFile] = []
    here: list[tuple[str, str | None]] = []
    for file in waiting:
        here.append((file.path.name, file.default_site_id))
        checked = _checked(run, file, reference, now)
        if checked is not None:
            files.append(checked)
    # Of an inbox that nobody could look into, nobody can say what lies there.
    is_seen = all(one.kind is not Unread.INBOX for one in run.not_read.values())
    if run.kind is RunKind.NIGHTLY and is_seen:
        note_missing(run, [*here, *_left_there(run)])
    return files


def _checked(run: Run, file: InboxFile, reference: Reference, now: datetime) -> "CheckedFile | None":
    """Return the file, judged; None where it stays, which is noted."""
    from flows.intake.check import check_file

    name = file.path.name
    run.progress(f"checking {name}")
    check = partial(check_file, reference=reference, now=now, on_rows=count_rows(run.progress))
    try:
        checked = run.step(f"check {name}", check, run.settings, file.path, file.default_site_id)
    except FileRejected as error:
        _note_wrong(run, file, error)
        return None
    except Exception as error:  # noqa: BLE001 - one odd file must not stop the night for all the others
        reason = f"it cannot be read ({type(error).__name__}: {error}). It stays; please report this as a defect."
        run.failures.append(f"{name}: {reason}")
        run.could_not_read(_not_read(file, reason))
        return None
    if checked.questions:
        # Read by a guess it would be posted by one: it stays, and is taken once somebody has answered.
        run.could_not_read(*(_not_read(file, question_text(question)) for question in checked.questions))
        return None
    return checked


def _note_wrong(run: Run, file: InboxFile, error: FileRejected) -> None:
    if _has_gone(run, file.path, file.default_site_id):
        return
    run.failures.append(str(error))
    run.could_not_read(_not_read(file, error.cause.message))
    run.wrong_files.append((file, error))


def _not_read(file: InboxFile, why: str) -> NotRead:
    return NotRead(file.path.name, why, site_id=file.default_site_id or "")


def _left_there(run: Run) -> Iterator[tuple[str, str | None]]:
    """Name what lies in the inbox and could not be taken yet, with the site that its folder names."""
    for one in run.not_read.values():
        if one.kind is Unread.FILE:
            path = PurePath(one.what)
            yield path.name, one.site_id or path.parent.name or None


def sweep_reference(run: Run, files: "list[CheckedFile]", reference: Reference) -> "list[CheckedFile]":
    """Where it is switched on, ask the service about SourceIds that nothing at hand tells, and judge anew."""
    if not run.settings.reference.sweep or not files:
        return files
    from flows.intake.source_ids import check_again, sweep_for

    run.progress("looking up source ids")
    found = run.step("sweep reference", sweep_for, run.settings, run.ledger, files, reference)
    run.notes += found.notes
    if not found.asked_count:
        return files
    return [run.step(f"check {file.path.name}", check_again, run.settings, file, found.reference) for file in files]


def register_files(run: Run, files: "Sequence[CheckedFile]") -> None:
    """Keep each file in the archive and register it whole; those of the inbox leave it after."""
    if files:
        from flows.intake.known_rows import learn_rows

        run.notes += learn_rows(run.settings, run.ledger, run.progress)
    for file in files:
        run.progress(f"registering {file.path.name}")
        if _keep(run, file) and _register(run, file) and run.kind is RunKind.NIGHTLY:
            _clear(run, file)


def _keep(run: Run, file: "CheckedFile") -> bool:
    try:
        run.step(f"keep {file.path.name}", keep_file, file.path, file.sha256, file.default_site_id, run.settings)
    except CouldNotRun as error:
        _not_kept(run, file, error)
        return False
    return True


def _register(run: Run, file: "CheckedFile") -> bool:
    """Register the file; False where the ledger has nothing of it, and takes others."""
    from flows.intake.register import register

    name = file.path.name
    try:
        registered = run.step(f"register {name}", register, run, file)
    except (LedgerUnavailable, Interrupted):
        raise
    except Exception as error:  # noqa: BLE001 - one odd file must not keep all the others waiting
        why = f"{as_one_of_ours(error)} The file stays as it is."
        run.failures.append(f"{name}: {why}")
        run.could_not_read(NotRead(name, why, site_id=file.default_site_id or ""))
        # What is in no ledger is nothing that a lost one would have to be made again from.
        forget_file(file.path, file.sha256, file.default_site_id, run.settings)
        return False
    if registered is None:
        run.progress(f"{name} is known: the same content was registered before")
    else:
        run.notes += (*registered.alike, *registered.notes)
        run.quoting.update(registered.alike, registered.notes)
        run.registered.add(file.sha256)
        note_size(run, file, registered)
        # What is over a limit comes first of all that is noticed in the file: much of it may wait.
        stops = stop_notes(registered.stops, run.run_id)
        run.notice(name, (*stops, *file.notes))
        run.told += [note_text(name, note) for note in stops]
        # Before the file leaves the inbox: a ledger that does not know it is behind from here on.
        mark(run.settings, run.ledger)
    return True


def _not_kept(run: Run, file: "CheckedFile", error: CouldNotRun) -> None:
    """Say that a file is not taken; unless another night, at work at the same time, was faster."""
    if not _has_gone(run, file.path, file.default_site_id):
        run.failures.append(str(error))
        run.could_not_read(NotRead(file.path.name, str(error), site_id=file.default_site_id or ""))


def _has_gone(run: Run, path: Path, site_id: str | None) -> bool:
    """Tell whether a file has left the inbox since it was seen there, and say so.

    Another night may have been faster. What no run has taken was moved away by somebody, and its rows are nowhere.
    """
    if run.kind is not RunKind.NIGHTLY or path.exists():
        return False
    with run.ledger.begin() as connection:
        is_taken = is_taken_by_another(connection, run.run_id, path.name)
    if is_taken:
        run.progress(f"{path.name} was taken by another run")
        return True
    why = "it lay in the inbox as this night began, and is gone: no run has taken it. Put it back if it is wanted."
    run.failures.append(f"{path.name}: {why}")
    run.could_not_read(NotRead(path.name, why, site_id=site_id or ""))
    return True


def _clear(run: Run, file: "CheckedFile") -> None:
    name = file.path.name
    try:
        if not clear_file(file.path, file.sha256, run.settings):
            said = "it changed while it was taken in, or somebody still has it open"
            run.failures.append(f"{name}: {said}: what comes later is taken the next time.")
    except OSError as error:
        run.failures.append(f"{name}: it is registered, and cannot leave the inbox: {error.strerror}.")
    except CouldNotRun as error:
        run.failures.append(f"{name}: it is registered, and stays in the inbox. {error}")
