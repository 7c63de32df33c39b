"""Files of kinds that hold no rows for us are refused in one line, with the advice that is right for the kind."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import xlsxwriter

from flows.readers.read import read_file
from tests.flows.readers.reading import write_bytes
from transforms.sheets.sheet import FileError

SYLK = b'ID;PWXL;N;E\r\nP;PGeneral\r\nB;Y2;X3;D0 0 1 2\r\nC;Y1;X1;K"ClientId"\r\nC;X2;K"Points"\r\nE\r\n'
SYLK_OF_LIBREOFFICE = b'ID;PCALCOOO32\nB;Y2;X3\nC;X1;Y1;K"ClientId"\nC;X2;Y1;K"Points"\nE\n'
MHT = (
    b'MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\nContent-Type: multipart/related; boundary="--=_b"\r\n\r\n'
    b"----=_b\r\nContent-Type: text/html\r\n\r\n<table><tr><td>ClientId</table>"
)
MAIL = (
    b"From: a@example.com\nSubject: March\n of the studio\nMIME-Version: 1.0\nContent-Type: multipart/mixed\n\nhello\n"
)
FODS = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<office:document xmlns:css3t="http://www.w3.org/TR/css3-text/" '
    b'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:version="1.3"><office:body/>'
    b"</office:document>"
)
LINK = b'{"url": "https://docs.google.com/open?id=1", "doc_id": "1", "email": "a@example.com"}'
JAPANESE = "ClientId,Points,Action,Name\n1,5,Earned,田中\n".encode("iso2022_jp")


def said(path: Path) -> str:
    with pytest.raises(FileError) as refused:
        read_file(path)
    return refused.value.message


@pytest.mark.parametrize(
    ("content", "what", "advice"),
    [
        pytest.param(SYLK, "SYLK", "save it as an Excel workbook", id="SYLK"),
        pytest.param(SYLK_OF_LIBREOFFICE, "SYLK", "save it as an Excel workbook", id="SYLK of LibreOffice"),
        pytest.param(b'TABLE\n0,1\n"EXCEL"\n', "DIF", "save it as an Excel workbook", id="DIF"),
        pytest.param(MHT, "web archive", "save it as an Excel workbook", id="MHTML"),
        pytest.param(MAIL, "a mail", "save the attachment", id="mail"),
        pytest.param(FODS, "flat OpenDocument sheet", "Open it in LibreOffice", id="fods"),
        pytest.param(LINK, "link to a Google sheet", "choose File, Download", id="gsheet"),
        pytest.param(b"{\\rtf1\\ansi ClientId}", "formatted text", "Copy the table", id="RTF"),
        pytest.param(JAPANESE, "ISO-2022-JP", "CSV UTF-8", id="ISO-2022-JP"),
        pytest.param(b"Rar!\x1a\x07\x00", "RAR", "Unpack it", id="RAR"),
        pytest.param(b"\x89PNG\r\n\x1a\n....", "a picture", "holds no rows", id="picture"),
        pytest.param(b"\x09\x08\x08\x00\x00\x05\x05\x00", "Excel 5", "save it as an Excel workbook", id="Excel 5"),
        pytest.param(b"SQLite format 3\x00", "a database", "Export the rows", id="SQLite"),
    ],
)
def test_a_file_of_another_kind_gets_the_advice_for_its_kind(
    content: bytes, what: str, advice: str, tmp_path: Path
) -> None:
    message = said(write_bytes(tmp_path / "march.xls", content))
    assert what in message
    assert advice in message


def archive(path: Path, parts: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in parts.items():
            # Python would write the name with slashes if it were given as a text.
            packed.writestr(_named(name), content)
    return path


def _named(name: str) -> zipfile.ZipInfo:
    part = zipfile.ZipInfo("part")
    part.filename = name
    return part


@pytest.mark.parametrize(
    ("parts", "what", "advice"),
    [
        pytest.param(
            {"Index/Document.iwa": b"x", "Metadata/BuildVersionHistory.plist": b"x"},
            "Apple Numbers",
            "choose File, Export To, Excel",
            id="Numbers",
        ),
        pytest.param({"word/document.xml": b"<w/>"}, "Word document", "Copy the table", id="docx"),
        pytest.param({"ppt/presentation.xml": b"<p/>"}, "PowerPoint", "Copy the table", id="pptx"),
        pytest.param(
            {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<office/>"},
            "OpenDocument text",
            "Copy the table",
            id="odt",
        ),
        pytest.param({"march.csv": b"ClientId,Points,Action\n"}, "ZIP archive", "Unpack it", id="a packed export"),
    ],
)
def test_an_archive_of_another_kind_gets_the_advice_for_its_kind(
    parts: Mapping[str, bytes], what: str, advice: str, tmp_path: Path
) -> None:
    message = said(archive(tmp_path / "march.xlsx", parts))
    assert what in message
    assert advice in message


def parts_of_workbook() -> dict[str, bytes]:
    written = io.BytesIO()
    with xlsxwriter.Workbook(written) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["ClientId", "Points", "Action"])
        page.write_row(1, 0, ["000123", 5, "Earned"])
        page.write_number(1, 0, 123, book.add_format({"num_format": "000000"}))
    with zipfile.ZipFile(written) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_a_workbook_whose_parts_have_backslashes_is_read_like_any_other(tmp_path: Path) -> None:
    parts = {name.replace("/", "\\"): content for name, content in parts_of_workbook().items()}
    (sheet,) = read_file(archive(tmp_path / "a.xlsx", parts))
    assert sheet.cells.loc[2].tolist() == ["000123", "5", "Earned"]


def test_a_workbook_under_another_part_name_is_to_be_saved_again(tmp_path: Path) -> None:
    parts = {
        name.replace("workbook.xml", "book2.xml"): content.replace(b"workbook.xml", b"book2.xml")
        for name, content in parts_of_workbook().items()
    }
    message = said(archive(tmp_path / "a.xlsx", parts))
    assert "main part" in message
    assert "save it as an Excel workbook" in message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("ID;POINTS;ACTION\nA;5;Earned\nC;X1;K\n", id="a table of a column ID"),
        pytest.param("Note: MIME-Version\nClientId,Points,Action\n1,5,Earned\n", id="a title with a colon"),
        pytest.param('{"ClientId": "1", "Points": 5, "Action": "see docs.google.com"}', id="an event with a link"),
        pytest.param("TABLE\nClientId,Points,Action\n1,5,Earned\n", id="a title TABLE"),
    ],
)
def test_what_only_looks_like_another_kind_is_read(text: str, tmp_path: Path) -> None:
    (sheet,) = read_file(write_bytes(tmp_path / "a.csv", text.encode()))
    assert len(sheet.cells)


def test_a_page_that_is_written_as_xml_is_read_as_a_page(tmp_path: Path) -> None:
    page = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "x.dtd">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml"><body><table><tr><td>ClientId</td><td>Points</td><td>Action</td></tr>'
        "<tr><td>000123</td><td>5</td><td>Earned</td></tr></table></body></html>"
    )
    (sheet,) = read_file(write_bytes(tmp_path / "a.xls", page.encode()))
    assert sheet.cells.loc[2].tolist() == ["000123", "5", "Earned"]
