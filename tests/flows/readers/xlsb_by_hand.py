"""A small .xlsb written byte by byte, since no library writes one: text, a number, and two kinds of errors."""

import struct
import zipfile
from pathlib import Path

_TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>"""
_RELATIONS = """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"
 Target="{target}"/></Relationships>"""


def write_xlsb(
    path: Path,
    rows: list[list[str | float]],
    far_column: int | None = None,
    hidden: tuple[int, ...] = (),
    struck: tuple[int, ...] = (),
    code: str = "000000",
) -> Path:
    """Write rows; a text that begins with # is an error cell, of a value in odd columns and of a formula in even.

    A whole number is shown by the format `code`; `hidden` and `struck` (crossed out) are rows from 0."""
    cells = b"".join(
        _row(number, row, far_column, (number in hidden, number in struck)) for number, row in enumerate(rows)
    )
    sheet = _record(129) + _record(148, struct.pack("<4I", 0, len(rows) - 1, 0, len(rows[0]) - 1))
    sheet += _record(145) + cells + _record(146) + _record(130)
    bundle = _record(156, struct.pack("<II", 0, 1) + _wide("rId1") + _wide("Rewards"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELATIONS.format(kind="officeDocument", target="xl/workbook.bin"))
        archive.writestr("xl/workbook.bin", _record(131) + _record(143) + bundle + _record(144) + _record(132))
        archive.writestr("xl/_rels/workbook.bin.rels", _RELATIONS.format(kind="worksheet", target="worksheets/s.bin"))
        archive.writestr("xl/worksheets/s.bin", sheet)
        archive.writestr("xl/styles.bin", _styles(code))
    return path


def _styles(code: str) -> bytes:
    """Give three cell styles: a plain one, one with a number format, one that is crossed out."""
    look = b"\0" * 12
    of_styles = _record(626, b"\1\0\0\0") + _record(47, struct.pack("<HH", 0xFFFF, 164) + look) + _record(627)
    plain, padded = (_record(47, struct.pack("<HH", 0, number_format) + look) for number_format in (0, 164))
    struck = _record(47, struct.pack("<HHH", 0, 0, 1) + look[2:])
    of_cells = _record(617, b"\3\0\0\0") + plain + padded + struck + _record(618)
    faces = (_record(43, struct.pack("<HH", 220, flags) + b"\0" * 17 + _wide("Arial")) for flags in (0, 8))
    fonts = _record(611, b"\2\0\0\0") + b"".join(faces) + _record(612)
    formats = _record(615, b"\1\0\0\0") + _record(44, struct.pack("<H", 164) + _wide(code)) + _record(616)
    return _record(278) + formats + fonts + of_styles + of_cells + _record(279)


def _row(number: int, row: list[str | float], far_column: int | None, look: tuple[bool, bool]) -> bytes:
    is_hidden, is_struck = look
    header = _record(0, struct.pack("<IIHBBB", number, 0, 300, 0, 0x10 if is_hidden else 0, 0) + struct.pack("<I", 0))
    cells = [_cell(column, value, is_struck=is_struck) for column, value in enumerate(row)]
    return header + b"".join(cells) + (_cell(far_column, 1.0) if far_column else b"")


def _cell(column: int, value: str | float, *, is_struck: bool = False) -> bytes:
    style = 1 if isinstance(value, int) else 0
    place = struct.pack("<II", column, 2 if is_struck else style)
    if isinstance(value, float | int):
        return _record(5, place + struct.pack("<d", value))
    if not value.startswith("#"):
        return _record(6, place + _wide(value))
    if column % 2:
        return _record(3, place + b"\x2a")
    return _record(11, place + b"\x2a" + struct.pack("<HII", 0, 0, 0))


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _record(kind: int, content: bytes = b"") -> bytes:
    return _varint(kind) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    parts = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        parts.append(low | (0x80 if number else 0))
        if not number:
            return bytes(parts)
