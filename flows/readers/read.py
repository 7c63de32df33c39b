"""Read one file, whatever its name says: the kind is told by the content.

| begins with | is read by |
|---|---|
| PK (a ZIP archive) | `workbook`, after a scan by `ooxml`, `xlsb` or `ods` |
| D0 CF 11 E0 (OLE) | `workbook`, after a scan by `biff`; or it is encrypted |
| < | `html_table`, `spreadsheetml` or `xml_items` |
| { or [ | `json_items` |
| PAR1 | `parquet` |
| other text | `delimited` |

Files that hold no rows for us are named with the advice that is right for their kind (`other_kinds`).
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from flows.readers import biff, delimited, html_table, json_items, ods, ooxml, parquet, spreadsheetml, xlsb, xml_items
from flows.readers.archive import names_and_type, unpack
from flows.readers.encoding import decode_head
from flows.readers.other_kinds import refuse_archive, refuse_magic, refuse_text
from flows.readers.workbook import Scan, read_workbook
from transforms.sheets.sheet import FileError, FileNotAtHand, Sheet
from transforms.vocabulary import Code

_HEAD = 64 * 1024
_XHTML = re.compile(r"<\?xml[^>]*>\s*(?:<!doctype html[^>]*>\s*)?<html[\s>]")
_HTML = ("<html", "<!doctype html", "<table", "<head", "<body", "<meta", "<style", "<div")


def read_file(path: Path) -> list[Sheet]:
    """Read all sheets of a file; a format without sheets gives one without a name.

    Raises `FileError` where the file cannot be read: unreadable, encrypted, of a kind that holds no rows, or past a
    limit of `flows.readers.limits`.
    """
    return [sheet for sheets in read_parts(path, None) for sheet in sheets]


def read_parts(path: Path, part_rows: int | None) -> Iterator[list[Sheet]]:
    """Read the same in parts of so many rows, whose memory does not depend on the length of the file.

    Delimited text, JSON Lines and Parquet come in parts, which have one sheet each, with the numbers of its rows going
    on; there is at least one part. Every other kind comes at once.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise FileNotAtHand(Code.FILE_UNREADABLE, f"the file cannot be opened: {error.strerror}.") from None
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise FileError(Code.FILE_UNREADABLE, "the file is empty. Export it again and send that.")
    # By what is in it and never by its name: a workbook that somebody called .csv would be read as a text, line by
    # line, and found to have no rows.
    if head.startswith(b"PK\x03\x04"):
        yield _read_archive(path)
    elif head.startswith(b"\xd0\xcf\x11\xe0"):
        yield read_workbook(path, biff.scan_biff(path))
    elif head.startswith(b"PAR1"):
        yield from ([sheet] for sheet in parquet.read_parquet(path, part_rows))
    else:
        yield from _read_text(path, head, part_rows)


def _read_archive(path: Path) -> list[Sheet]:
    parts = unpack(path)
    names, mimetype = names_and_type(path)
    refuse_archive(names, parts, mimetype)
    return read_workbook(path, _scan(parts))


def _scan(parts: Mapping[str, bytes]) -> dict[str, Scan]:
    names = {name.lower() for name in parts}
    if "content.xml" in names:
        return ods.scan_ods(parts)
    if any(name.endswith("workbook.bin") for name in names):
        return xlsb.scan_xlsb(parts)
    if any(name.endswith("workbook.xml") for name in names):
        return ooxml.scan_ooxml(parts)
    raise FileError(
        Code.FILE_UNREADABLE,
        "the file is a ZIP archive, but no workbook. Unpack it and send what is inside, file by file.",
    )


def _read_text(path: Path, head: bytes, part_rows: int | None) -> Iterator[list[Sheet]]:
    refuse_magic(head)
    text = decode_head(head)
    if text is None:
        raise FileError(
            Code.FILE_UNREADABLE,
            "the file is neither a workbook nor text. Save the rows as an Excel workbook (.xlsx) or as CSV and send "
            "that.",
        )
    refuse_text(text)
    start = text.lstrip("\ufeff \t\r\n").lower()
    if start.startswith(_HTML) or _XHTML.match(start):
        yield html_table.read_html(path)
    elif start.startswith("<") and spreadsheetml.NAMESPACE in start:
        yield spreadsheetml.read_spreadsheetml(path)
    elif start.startswith("<"):
        yield xml_items.read_xml(path)
    elif start.startswith(("{", "[")):
        yield from ([sheet] for sheet in json_items.read_json(path, part_rows))
    else:
        yield from ([sheet] for sheet in delimited.read_delimited(path, part_rows))
