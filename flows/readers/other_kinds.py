"""Name files that hold no rows for us, and say what to do with each: the advice that is right for that kind alone.

magic bytes       PDF, pictures, packed files, old workbooks, databases
text              web archives and mails, SYLK, DIF, RTF, links to Google Sheets
ZIP archives      Apple Numbers, Word, PowerPoint, OpenDocument texts
OLE files         Word, PowerPoint, Outlook, Excel 5
"""

import re
from collections.abc import Collection, Mapping

from transforms.sheets.sheet import FileError
from transforms.vocabulary import Code

_SAVE_ROWS = "Save the rows as an Excel workbook (.xlsx) or as CSV and send that."
_SAVE_AGAIN = "Open it in Excel or LibreOffice, save it as an Excel workbook (.xlsx), and send that."
_COPY_TABLE = "Copy the table into a spreadsheet, save that as an Excel workbook (.xlsx), and send it."
_UNPACK = "Unpack it and send what is inside, file by file."
_NUMBERS = "In Numbers choose File, Export To, Excel, and send the workbook that this writes."
_GOOGLE = "In Google Sheets choose File, Download, Microsoft Excel, and send the file that this writes."

# First bytes -> what the file is, and what to do.
_MAGIC: Mapping[bytes, tuple[str, str]] = {
    b"%PDF": ("a PDF", _SAVE_ROWS),
    b"\x1f\x8b": ("packed by gzip", _UNPACK),
    b"7z\xbc\xaf": ("packed by 7-Zip", _UNPACK),
    b"Rar!": ("packed by RAR", _UNPACK),
    b"BZh": ("packed by bzip2", _UNPACK),
    b"\xfd7zXZ": ("packed by xz", _UNPACK),
    b"\x28\xb5\x2f\xfd": ("packed by Zstandard", _UNPACK),
    b"PK\x05\x06": ("an empty ZIP archive", "Send the workbook or export itself."),
    b"\x89PNG": ("a picture", "A picture holds no rows that can be read: send the workbook or export itself."),
    b"\xff\xd8\xff": ("a picture", "A picture holds no rows that can be read: send the workbook or export itself."),
    b"GIF8": ("a picture", "A picture holds no rows that can be read: send the workbook or export itself."),
    b"\x09\x00\x04\x00": ("a workbook of Excel 2", _SAVE_AGAIN),
    b"\x09\x02\x06\x00": ("a workbook of Excel 3", _SAVE_AGAIN),
    b"\x09\x04\x06\x00": ("a workbook of Excel 4", _SAVE_AGAIN),
    b"\x09\x08\x08\x00\x00\x05": ("a workbook of Excel 5", _SAVE_AGAIN),
    b"\x00\x00\x02\x00": ("a sheet of Lotus 1-2-3", _SAVE_AGAIN),
    b"SQLite format 3": ("a database", "Export the rows as CSV and send that."),
    b"\x00\x01\x00\x00Standard": ("an Access database", "Export the rows as an Excel workbook and send that."),
}

# A part of the archive -> what the file is, and what to do.
_PARTS: Mapping[str, tuple[str, str]] = {
    "index/document.iwa": ("of Apple Numbers", _NUMBERS),
    "buildversionhistory.plist": ("of Apple Numbers", _NUMBERS),
    "metadata/buildversionhistory.plist": ("of Apple Numbers", _NUMBERS),
    "word/document.xml": ("a Word document", _COPY_TABLE),
    "ppt/presentation.xml": ("a PowerPoint presentation", _COPY_TABLE),
}
_SHEETS_OF_OPENDOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
_OPENDOCUMENT = b"application/vnd.oasis.opendocument."
_MAIN_SHEET = b"spreadsheetml.sheet.main+xml"

_STREAMS: Mapping[str, tuple[str, str]] = {
    "WordDocument": ("a Word document", _COPY_TABLE),
    "PowerPoint Document": ("a PowerPoint presentation", _COPY_TABLE),
    "__properties_version1.0": ("an Outlook message", "Open it, save the attachment, and send that."),
    "Book": ("a workbook of Excel 5 or 95", _SAVE_AGAIN),
}

_MAIL = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n)*?MIME-Version:", re.IGNORECASE)
_WEB_ARCHIVE = re.compile(r"Content-Type:\s*multipart/related", re.IGNORECASE)
# SYLK begins with the name of the program, and has records of cells; a table of columns "ID;POINTS" has none.
_SYLK = re.compile(r"ID;P[A-Z0-9]*(?:;[A-Z])*\s*\n(?s:.*?)\nC;(?:[YX][0-9]+;)+K")
_DIF = re.compile(r"TABLE\s*\r?\n0,1\s*\r?\n")
_GOOGLE_LINK = re.compile(r"\{(?=[^{}]*\"doc_id\")[^{}]*docs\.google\.com[^{}]*\}\s*")
_FLAT_OPENDOCUMENT = re.compile(r"<(?:\w+:)?document\s[^>]*urn:oasis:names:tc:opendocument:xmlns:office", re.DOTALL)
_SHIFTED_SIGNS = re.compile("\x1b(?:\\$[@B]|\\([BJI])")  # how the mails' Japanese (ISO-2022-JP) changes its signs


def refuse_magic(head: bytes) -> None:
    """Raise `FileError` where the first bytes are those of a kind without rows."""
    for magic, (what, advice) in _MAGIC.items():
        if head.startswith(magic):
            raise _refused(f"the file is {what}", advice)


def refuse_text(head: str) -> None:
    """Raise `FileError` where the beginning of a text is that of a kind without rows."""
    text = head.lstrip("\ufeff \t\r\n")
    if _MAIL.match(text):
        if _WEB_ARCHIVE.search(text):
            raise _refused("the file is a web archive (.mht), whatever its name says", _SAVE_AGAIN)
        raise _refused("the file is a mail", "Open it, save the attachment, and send that.")
    if _SYLK.match(text):
        raise _refused("the file is a SYLK sheet (.slk)", _SAVE_AGAIN)
    if _DIF.match(text):
        raise _refused("the file is a DIF sheet", _SAVE_AGAIN)
    if text.startswith("{\\rtf"):
        raise _refused("the file is a formatted text (.rtf)", _COPY_TABLE)
    if _GOOGLE_LINK.fullmatch(text):
        raise _refused("the file is only a link to a Google sheet", _GOOGLE)
    if _FLAT_OPENDOCUMENT.search(text):
        raise _refused(
            "the file is a flat OpenDocument sheet (.fods)",
            "Open it in LibreOffice, save it as an ODF spreadsheet (.ods) or an Excel workbook (.xlsx), and send that.",
        )
    if _SHIFTED_SIGNS.search(text):
        raise _refused("the text is ISO-2022-JP, an encoding of mails", "Save it as CSV UTF-8 and send that.")


def refuse_archive(names: Collection[str], parts: Mapping[str, bytes], mimetype: bytes) -> None:
    """Raise `FileError` where a ZIP archive is of another kind than a workbook; `names` are those of all its parts."""
    known = {name.lower() for name in names}
    for part, (what, advice) in _PARTS.items():
        if part in known:
            raise _refused(f"the file is {what}", advice)
    is_opendocument = mimetype.startswith(_OPENDOCUMENT)
    if is_opendocument and not mimetype.startswith(_SHEETS_OF_OPENDOCUMENT):
        kind = mimetype.removeprefix(_OPENDOCUMENT).decode("ascii", "replace").strip()[:40]
        raise _refused(f"the file is an OpenDocument {kind}, and no spreadsheet", _COPY_TABLE)
    has_sheets = _MAIN_SHEET in parts.get("[Content_Types].xml", b"")
    if has_sheets and not any(_is_book(name) for name in known):
        raise _refused("the workbook's main part has a name that is not read here", _SAVE_AGAIN)


def _is_book(name: str) -> bool:
    return name == "content.xml" or name.endswith(("xl/workbook.xml", "xl/workbook.bin"))


def refuse_streams(names: Collection[str]) -> None:
    """Raise `FileError` where an OLE file is of another kind than a workbook of Excel 97 or later."""
    for stream, (what, advice) in _STREAMS.items():
        if stream in names:
            raise _refused(f"the file is {what}", advice)


def _refused(what: str, advice: str) -> FileError:
    return FileError(Code.FILE_UNREADABLE, f"{what}. {advice}")
