"""Mend cells of a sheet at the desk: what is posted is the sheet plus the mends, and who changed what is kept."""

import secrets
from collections.abc import Sequence

from flows.desk.sheets import DeskSheet, move_in
from flows.desk.visit import Desk
from flows.desk.wrong_cells import Wrong, cells_of
from flows.marked_copy.mended import Cell, write_mended
from flows.readers.files import sha256_of
from flows.readers.read import read_file
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.settings.layouts import layouts_of
from sql.desk_sheets import Mend, note_mended

_LONGEST = 1_000
_WORKBOOKS = (".xlsx", ".xlsm")


def mend(desk: Desk, sheet: DeskSheet, wrong: Wrong, rows: Sequence[int], text: str, by: str) -> None:
    """Put `text` into the wrong cells of these rows, "" to empty them; `WrongUsage` where somebody else was faster."""
    sheets = read_file(sheet.path)
    columns = cells_of(desk, sheets, wrong.sheet, wrong.column, rows)
    if not columns:
        raise WrongUsage("That cell cannot be mended here: mend it in Excel, and send the sheet again.")
    texts: dict[Cell, str] = {(wrong.sheet, row, column): text for row, column in columns.items()}
    draft = sheet.folder / f"draft-{secrets.token_hex(8)}.xlsx"
    try:
        write_mended(sheet.path, sheets, texts, draft, layouts_of(desk.settings))
        sha256 = move_in(draft, sheet.folder, _workbook_name(sheet.name), sha256_of(draft))
    finally:
        draft.unlink(missing_ok=True)
    mends = [Mend(wrong.sheet, row, wrong.column, wrong.value or None, text) for row in columns]
    with desk.ledger.begin() as connection:
        is_first = note_mended(
            connection,
            sheet.sheet_id,
            mends,
            before=sheet.row.sha256,
            sha256=sha256,
            name=_workbook_name(sheet.name),
            by=by,
            now=utc_now(),
        )
    # Of two who mend at once the second one has seen cells that are not there any more.
    if not is_first:
        raise WrongUsage("Somebody else has changed the sheet meanwhile. Look at it as it is now.")


def needed(text: str) -> str:
    """Return what was typed, as it goes into a cell; `WrongUsage` where that is nothing, or nothing that can."""
    text = text.strip()
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise WrongUsage("Type what belongs there.")
    return text


def _workbook_name(name: str) -> str:
    """Return the name of the sheet as a workbook, which it is from the first mend on."""
    if name.lower().endswith(_WORKBOOKS):
        return name
    stem, dot, _ = name.rpartition(".")
    return f"{stem if dot else name}.xlsx"
