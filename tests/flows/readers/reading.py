"""Short ways to write a file and to look at what was read."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import openpyxl

from flows.readers.read import read_file
from transforms.sheets.sheet import Sheet


def write_xlsx(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(list(row))
    workbook.save(path)
    return path


def write_bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def read_one(path: Path) -> Sheet:
    (sheet,) = read_file(path)
    return sheet


def texts(sheet: Sheet) -> list[list[str | None]]:
    """Return the cells row by row, None where empty."""
    cells = sheet.cells.astype(object)
    return cells.where(cells.notna(), None).to_numpy().tolist()
