"""Take files in: check them, look up what their rows name, register each whole, and give it back marked."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from flows.intake.check import CheckedFile, check_file
from flows.intake.inbox import InboxFile, archive_file
from flows.intake.register import register
from flows.ledger.run import Line
from flows.marked_copy.give_back import mark_file
from flows.reference.at_hand import check_again, reference_at_hand, sweep_for
from flows.reference.extracts import Extracts
from flows.runtime.errors import CouldNotRun, FileRejected
from flows.runtime.progress import count_rows
from transforms.reference.reference import Reference


def find_reference(line: Line) -> Extracts:
    """Find what SourceIds can be checked against without a call."""
    at_hand = reference_at_hand(line.settings, line.ledger)
    line.notes += at_hand.notes
    return at_hand


def check_files(line: Line, waiting: Iterable[InboxFile], reference: Reference, now: datetime) -> list[CheckedFile]:
    """Return the files that can be read, judged; a file that is wrong as a whole stays, and is noted."""
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


def sweep_reference(line: Line, files: list[CheckedFile], reference: Reference) -> list[CheckedFile]:
    """Where it is switched on, ask the service about SourceIds that nothing at hand tells, and judge anew."""
    if not line.settings.reference.sweep or not files:
        return files
    line.progress("looking up source ids")
    found = line.step("sweep reference", sweep_for, line.settings, line.ledger, files, reference)
    line.notes += found.notes
    if not found.asked_count:
        return files
    return [line.step(f"check {file.path.name}", check_again, line.settings, file, found.reference) for file in files]


def register_files(line: Line, files: Iterable[CheckedFile]) -> None:
    """Register each file whole; those of the inbox leave it after."""
    for file in files:
        line.progress(f"registering {file.path.name}")
        run = (line.settings, line.ledger, line.run_id, file)
        if line.step(f"register {file.path.name}", register, *run) is None:
            line.progress(f"{file.path.name} is known: the same content was registered before")
        else:
            line.registered.add(file.sha256)
        if line.kind == "nightly":
            _archive(line, file)


def _archive(line: Line, file: CheckedFile) -> None:
    try:
        if not archive_file(file.path, file.sha256, line.settings):
            line.failures.append(
                f"{file.path.name}: it changed while it was taken in: the rest is taken the next time."
            )
    except OSError as error:
        line.failures.append(f"{file.path.name}: it is registered, and cannot go to the archive: {error.strerror}.")
    except CouldNotRun as error:
        line.failures.append(f"{file.path.name}: it is registered, and stays in the inbox. {error}")


def mark_files(line: Line, files: Iterable[CheckedFile]) -> None:
    """Give the files back with what became of their rows; what cannot be written is said, and stops nothing."""
    always = line.kind == "upload"
    for file in files:
        if always or file.sha256 in line.registered:
            known_as = (file.sha256, file.default_site_id or "")
            run = (line.settings, line.ledger, line.run_id, file.path, *known_as)
            line.notes += line.step(f"mark {file.path.name}", mark_file, *run, always=always)
