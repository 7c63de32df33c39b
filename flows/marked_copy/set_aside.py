"""Take files that are wrong as a whole out of the inbox, where the settings ask for that, to ``rejected/``.

``rejected/-99/2026-11-26/march.0b1c2d3e4f5a.xlsx`` has beside it ``….reason.txt``, what is wrong in words, and, where
its sheets can be read at all, ``….marked.xlsx``, with the same at the place that it is about. What was only not at
hand, such as a file without rights or one that is still written, stays: the next night may find it whole.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from flows.intake.inbox import InboxFile, clear_file
from flows.ledger.run import Run
from flows.marked_copy.marks import Marks, SheetMarks
from flows.marked_copy.new_workbook import write_laid_out
from flows.marked_copy.statuses import Look
from flows.readers.files import copied_as_checked
from flows.readers.limits import MAX_ROWS
from flows.readers.read import read_file
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, FileRejected, said_of
from flows.runtime.secrets import line_of
from flows.runtime.visible import fitting_name, storable
from flows.runtime.whole_file import written_whole
from flows.settings.sections import Settings
from flows.settings.set_aside import marked_copy_of, reason_of, rejected_folder
from transforms.sheets.sheet import FileError, FileNotAtHand, Sheet, sheet_row
from transforms.vocabulary import RunKind

_ADDED_BYTES = 48  # the digits of the hash, and what stands beside the file


def set_aside_rejected(run: Run) -> None:
    """Move what this night found to be wrong as a whole; what cannot be moved stays, and is said."""
    if not run.settings.inbox.move_rejected or run.kind is not RunKind.NIGHTLY:
        return
    for file, error in run.wrong_files:
        is_at_hand = not isinstance(error.cause, FileNotAtHand)
        if error.sha256 is not None and is_at_hand:
            _set_one_aside(run, file, error, error.sha256)


def _set_one_aside(run: Run, file: InboxFile, error: FileRejected, sha256: str) -> None:
    name = storable(file.path.name)
    try:
        kept = run.step(f"set aside {file.path.name}", _set_aside, run, file, error, sha256)
    except OSError as failure:
        run.failures.append(f"{name} stays in the inbox, since it cannot be moved to rejected/: {said_of(failure)}")
    except CouldNotRun as failure:
        run.failures.append(f"{name} is in rejected/, and stays in the inbox too. {failure}")
    else:
        if kept is not None:
            run.set_aside.add(name)
            run.notes.append(f"{name} is wrong as a whole and lies in {kept} now, with the reason beside it.")


def _set_aside(run: Run, file: InboxFile, error: FileRejected, sha256: str) -> str | None:
    """Return where the file lies now; None where it is another one by now, and stays."""
    kept = _place_of(run.settings, file, sha256, utc_now().date())
    kept.parent.mkdir(parents=True, exist_ok=True)
    if not copied_as_checked(file.path, kept, sha256):
        return None
    marked = _mark(kept, error.cause)
    reason = "\n".join(_reason_lines(run, file, error, sha256, marked)) + "\n"
    with written_whole(reason_of(kept)) as part:
        part.write_text(reason, encoding="utf-8")
    # Only now that all of it is kept. A file that somebody went on writing stays, and is judged anew.
    is_gone = clear_file(file.path, sha256, run.settings)
    return kept.relative_to(run.settings.root).as_posix() if is_gone else None


def _place_of(settings: Settings, file: InboxFile, sha256: str, today: date) -> Path:
    site_folder = rejected_folder(settings) / (file.default_site_id or "")
    fitting = Path(fitting_name(file.path.name, _ADDED_BYTES))
    # By its content, so that two files of one name do not take each other's place.
    name = f"{fitting.stem}.{sha256[:12]}{fitting.suffix}"
    return site_folder / today.isoformat() / name


def _reason_lines(run: Run, file: InboxFile, error: FileRejected, sha256: str, marked: str) -> Iterator[str]:
    cause = error.cause
    yield line_of(f"{storable(file.path.name)} was not taken: {cause.message}")
    if cause.suggestion:
        yield line_of(cause.suggestion)
    yield ""
    yield f"Code: {cause.code}"
    yield f"Site: {file.default_site_id or 'none named by a folder'}"
    yield f"Found by: {run.run_id}"
    yield f"sha256: {sha256}"
    yield line_of(marked)
    yield "Nothing of it was sent. Mend it, or export it again, and put it into the inbox."


def _mark(kept: Path, cause: FileError) -> str:
    """Write what can be read of the file with its reason at the place, and say where that is, or why there is none."""
    out = marked_copy_of(kept)
    try:
        sheets = read_file(kept)
        if not sheets or any(len(sheet.cells) > MAX_ROWS for sheet in sheets):
            return "Marked copy: none, since a sheet does not hold as many rows."
        write_laid_out(sheets, _marks(sheets, cause), out)
    except FileError:
        return "Marked copy: none, since nothing of the file can be read."
    return f"Marked copy: {out.name}"


def _marks(sheets: list[Sheet], cause: FileError) -> Marks:
    """Mark the row that the reason is about; the first one of the first sheet, where it is about none."""
    filled = [sheet for sheet in sheets if len(sheet.cells)]
    if not filled:
        return Marks({})
    named = [sheet for sheet in filled if sheet.name == cause.place.sheet]
    sheet = named[0] if named else filled[0]
    width = len(sheet.cells.columns)
    row = _row_meant(sheet, cause.place.row)
    marks = SheetMarks(
        heading_rows=[int(sheet.cells.index[0])],
        status=width,
        receipt=width + 1,
        statuses={row: cause.message},
        receipts={},
        looks={row: Look.BAD},
    )
    return Marks({sheet.name: marks})


def _row_meant(sheet: Sheet, number: int | None) -> int:
    """Return a row by its number in the file, or as a spreadsheet counts it; the first one where it is not there."""
    rows = [int(row) for row in sheet.cells.index]
    for row in rows:
        if number in (row, sheet_row(sheet, row)):
            return row
    return rows[0]
