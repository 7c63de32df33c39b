"""After a run, give the files back as marked copies: what became of every row, and its receipt.

The copy is made from the file, which lies in the archive or where its owner has it, and from the ledger alone, so that
it can be made again at any time. An upload always gets one; in a nightly run only a file with something to mend or to
decide does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import pandas as pd
from sqlalchemy import Connection, Row

from flows.intake.checked_file import CheckedFile
from flows.ledger.connection import Ledger
from flows.ledger.run import Run
from flows.marked_copy.statuses import (
    Look,
    RowPlace,
    RowStatus,
    before_sending,
    known_status,
    rejected_statuses,
    status_of,
)
from flows.readers.files import sha256_of
from flows.readers.limits import MAX_ROWS
from flows.readers.read import read_file
from flows.runtime.errors import LedgerUnavailable, as_one_of_ours
from flows.runtime.visible import fitting_name
from flows.settings.archive_places import archive_places
from flows.settings.layouts import layouts_of
from flows.settings.sections import Settings
from flows.settings.set_aside import not_sent_folder
from sql.marks import known_rows_of_file, rejections_of_file, rows_of_file, rows_read_of_file
from sql.register import find_file
from transforms.sheets.notes import Note
from transforms.sheets.sheet import FileError, Sheet, sheet_row
from transforms.vocabulary import RunKind, State

_REJECTION_COLUMNS = ["sheet", "row", "column", "cell", "code", "value", "message", "suggestion"]
NO_ERRORS = pd.DataFrame(columns=_REJECTION_COLUMNS)
_SUFFIX = ".marked"
_MACROS = ".xlsm"
_MOST_COPIES = 9_999  # of one name, from as many folders
_ADDED_BYTES = 48  # to a file's name: a number, the word, the suffix, and what it is called while it is made
_WAITING = (State.HELD, State.REFUSED, State.UNKNOWN)


@dataclass(frozen=True)
class Rows:
    """What the ledger says of the rows of one file."""

    rows_read: int
    errors: pd.DataFrame
    statuses: Mapping[RowPlace, RowStatus]
    receipts: Mapping[RowPlace, str]
    waits_for_a_person: bool


def mark_files(run: Run, files: Iterable[CheckedFile]) -> None:
    """Give a run's files back with what became of their rows; what cannot be written is said, and stops nothing."""
    always = run.kind is RunKind.UPLOAD
    for file in files:
        if not always and file.sha256 not in run.registered:
            continue
        mark = partial(mark_file, always=always, only_bad=run.only_bad, noticed=file.notes)
        site_id = file.default_site_id or ""
        about = (run.settings, run.ledger, run.run_id, file.path, file.sha256, site_id)
        run.notes += run.step(f"mark {file.path.name}", mark, *about)


def mark_file(
    settings: Settings,
    ledger: Ledger,
    run_id: str,
    path: Path,
    sha256: str,
    site_id: str,
    *,
    always: bool,
    only_bad: bool = False,
    noticed: Sequence[Note] = (),
) -> list[str]:
    """Write the marked copy into the run's folder and return lines that say where it is, or why there is none.

    Without `always` nothing is written, and nothing said, where no row of the file waits for a person.
    """
    with ledger.begin() as connection:
        file_id = find_file(connection, sha256, site_id)
        rows = None if file_id is None else read_rows(connection, file_id)
    if rows is None or not (always or rows.waits_for_a_person):
        return []
    try:
        # Where the file lay when it was checked there may be another of its name by now, or none.
        lies_at = next((place for place in _places(settings, path, sha256, site_id) if _holds(place, sha256)), None)
        if lies_at is None:
            return [f"{path.name}: no marked copy, since the file was changed after it was taken in."]
        folder = settings.reports_folder / run_id
        return _write(settings, path, lies_at, folder, rows, noticed=noticed, only_bad=only_bad)
    except FileError as error:
        return [_no_copy(path, error.message)]
    except OSError as error:
        return [_cannot_be_written(path, error)]
    except LedgerUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - the night is done, and one odd file must not keep it from its report
        return [_no_copy(path, str(as_one_of_ours(error)))]


def mark_unsent(settings: Settings, file: CheckedFile, rows: Rows, *, only_bad: bool = False) -> list[str]:
    """Give a file back that nobody has agreed to send, and return lines that say where; nothing of it was kept."""
    folder = not_sent_folder(settings)
    try:
        return _write(settings, file.path, file.path, folder, rows, noticed=file.notes, only_bad=only_bad)
    except FileError as error:
        return [_no_copy(file.path, error.message)]
    except OSError as error:
        return [_cannot_be_written(file.path, error)]


def _no_copy(path: Path, why: str) -> str:
    return f"{path.name}: no marked copy: {why}"


def _cannot_be_written(path: Path, error: OSError) -> str:
    return f"{path.name}: no marked copy, since it cannot be written: {error.strerror or error}."


def _places(settings: Settings, path: Path, sha256: str, site_id: str) -> tuple[Path, ...]:
    return (path, *archive_places(path, sha256, settings, site_id))


def _holds(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of(path) == sha256


def _write(
    settings: Settings,
    path: Path,
    lies_at: Path,
    folder: Path,
    rows: Rows,
    *,
    noticed: Sequence[Note],
    only_bad: bool,
) -> list[str]:
    too_long = [f"{path.name}: no marked copy, since it has more than the {MAX_ROWS:,} rows of a sheet."]
    # A workbook has as many rows as it likes, on several sheets. Any other file is refused by what the ledger counted,
    # since it would be read into memory as a whole to find out.
    if rows.rows_read > MAX_ROWS and not is_zipfile(lies_at):
        return too_long
    sheets = read_file(lies_at)
    if any(_last_row(sheet) > MAX_ROWS for sheet in sheets):
        return too_long
    if only_bad and not any(status.look is Look.BAD for status in rows.statuses.values()):
        return [f"{path.name}: no row of it is to be mended, so there is no copy of such rows."]
    # With openpyxl: most nights have no file to give back.
    from flows.marked_copy.write import write_marked

    folder.mkdir(parents=True, exist_ok=True)
    out = _free_name(folder, path)
    lost = write_marked(
        lies_at,
        sheets,
        rows.errors,
        out,
        statuses=rows.statuses,
        receipts=rows.receipts,
        layouts=layouts_of(settings),
        noticed=noticed,
        only_bad=only_bad,
    )
    return [f"marked copy of {path.name}: {out}", *lost]


def _last_row(sheet: Sheet) -> int:
    return sheet_row(sheet, int(sheet.cells.index[-1])) if len(sheet.cells) else 0


def _free_name(folder: Path, path: Path) -> Path:
    """Name the copy after the file; two files of one name, from two sites' folders, are numbered."""
    stem = Path(fitting_name(path.name, _ADDED_BYTES)).stem.removesuffix(_SUFFIX)
    # A workbook with macros does not open under any other suffix than its own.
    suffix = _MACROS if path.suffix.lower() == _MACROS else ".xlsx"
    first = folder / f"{stem}{_SUFFIX}{suffix}"
    if not first.exists():
        return first
    numbered = (folder / f"{stem} {number}{_SUFFIX}{suffix}" for number in range(2, _MOST_COPIES + 1))
    return next(copy for copy in numbered if not copy.exists())


def read_rows(connection: Connection, file_id: int, *, is_preview: bool = False) -> Rows:
    """Return what became of every row of a registered file, as the ledger has it now.

    Of a preview, which registers and takes it back, the copy says what would become of them.
    """
    own = rows_of_file(connection, file_id)
    known = known_rows_of_file(connection, file_id)
    errors = pd.DataFrame(rejections_of_file(connection, file_id), columns=_REJECTION_COLUMNS)
    tell = before_sending if is_preview else status_of
    # The order counts, since the last word wins: a row that was rejected has no event, and one that brought an event
    # again is told by that event.
    statuses = {_place(row): tell(row) for row in own}
    statuses |= {_place(row): known_status(row, file_id) for row in known}
    statuses |= rejected_statuses(errors)
    is_waiting = any(row.state in _WAITING for row in own)
    return Rows(
        rows_read=rows_read_of_file(connection, file_id),
        errors=errors,
        statuses=statuses,
        # What a preview registered is in no ledger after it.
        receipts=_receipts(known if is_preview else [*own, *known]),
        waits_for_a_person=is_waiting or len(errors) > 0,
    )


def _receipts(rows: Iterable[Row[Any]]) -> Mapping[RowPlace, str]:
    """Return the receipt of each row, by its place.

    A row that brought an event again has that event's receipt, so that it is known again however it is mended.
    """
    return {_place(row): row.event_id for row in rows}


def _place(row: Row[Any]) -> RowPlace:
    return row.sheet, row.row_number
