"""JSON, JSON Lines and XML: items of keys and values."""

from pathlib import Path

import pytest

from flows.readers.read import read_file
from tests.flows.readers.reading import read_one, texts, write_bytes
from transforms.sheets.sheet import NESTED_VALUE, FileError

DOCUMENTED_XML = b"""<ArrayOfupdateReward xmlns:i="http://www.w3.org/2001/XMLSchema-instance"> <updateReward>
<payoutId>p</payoutId> <eligibilityDate>2024-11-08T10:26:33.2282749+00:00</eligibilityDate>
<description i:nil="true"/> <rewardId>r</rewardId> <amount>1</amount> </updateReward> </ArrayOfupdateReward>"""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[{"ClientId": "007", "Points": 5}, {"ClientId": "8", "Points": 6}]', id="list"),
        pytest.param('{"ClientId": "007", "Points": 5}\n{"ClientId": "8", "Points": 6}\n', id="lines"),
        pytest.param(
            '{"n": 2, "rows": [{"ClientId": "007", "Points": 5}, {"ClientId": "8", "Points": 6}]}', id="inside"
        ),
        pytest.param('[{"ClientId": "007", "Points": 5}, {"points": 6, "client_id": "8"}]', id="two spellings"),
    ],
)
def test_read_file_reads_items(text: str, tmp_path: Path) -> None:
    sheet = read_one(write_bytes(tmp_path / "a.json", text.encode()))
    assert texts(sheet) == [["ClientId", "Points"], ["007", "5"], ["8", "6"]]
    assert (sheet.heading_row, sheet.cells.index.tolist()) == (0, [0, 1, 2])


def test_read_file_reads_one_object_as_one_item(tmp_path: Path) -> None:
    assert texts(read_one(write_bytes(tmp_path / "a.json", b'{"ClientId": "7", "Points": 1.0}')))[1] == ["7", "1"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("12.0", "12"),
        pytest.param("12.50", "12.5"),
        pytest.param("0.1234567890123456789", "0.1234567890123456789", id="exact"),
        pytest.param("1e3", "1000"),
        pytest.param("1e400", "1E+400"),
        pytest.param("true", "TRUE"),
        pytest.param("null", None),
        pytest.param('"1e3"', "1e3", id="text stays"),
        pytest.param('"\\ud83d\\ude00"', "\U0001f600", id="both halves of a character"),
        pytest.param("[1]", NESTED_VALUE),
        pytest.param('{"a": 1}', NESTED_VALUE),
    ],
)
def test_read_file_gives_the_text_of_a_value(value: str, text: str | None, tmp_path: Path) -> None:
    assert texts(read_one(write_bytes(tmp_path / "a.json", f'[{{"x": {value}}}]'.encode())))[1] == [text]


def test_read_file_numbers_json_lines_like_an_editor(tmp_path: Path) -> None:
    sheet = read_one(write_bytes(tmp_path / "a.jsonl", b'{"a": 1}\n\n{"a": 2}\n'))
    assert sheet.cells.index[sheet.cells[0] == "2"].tolist() == [3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("[" * 100_000, "nested too deeply"),
        pytest.param('[{"a": 1,}]', "line 1, column"),
        pytest.param('{"a": 1}\n{"a": 2', "line 2"),
        pytest.param("[1, 2]", "a list of objects"),
        pytest.param('[{"a": NaN}]', "NaN"),
        pytest.param('[{"a": "\\ud83d"}]', "half of a character"),
        pytest.param(f'[{{"a": {"9" * 5000}}}]', "4,300 digits"),
        pytest.param('[{"Points": 1, "points": 2}]', "item 1 gives points twice"),
        pytest.param('[{"Points": 1, "Points": 2}]', "item 1 gives Points twice"),
    ],
)
def test_read_file_refuses_json_that_leaves_a_doubt(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=said):
        read_file(write_bytes(tmp_path / "a.json", text.encode()))


def test_read_file_reads_the_documented_xml(tmp_path: Path) -> None:
    headings, row = texts(read_one(write_bytes(tmp_path / "a.xml", DOCUMENTED_XML)))
    assert headings == ["payoutId", "eligibilityDate", "description", "rewardId", "amount"]
    assert row == ["p", "2024-11-08T10:26:33.2282749+00:00", None, "r", "1"]


def test_read_file_reads_a_lone_element_as_one_item(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "a.xml", b"<updateReward><rewardId>r</rewardId></updateReward>")
    assert texts(read_one(path)) == [["rewardId"], ["r"]]


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        pytest.param('<!DOCTYPE a [<!ENTITY b "c">]><a><b><c>&b;</c></b></a>', "DTD or entities"),
        pytest.param("<a><b></a>", "mismatched tag"),
    ],
)
def test_read_file_refuses_xml_that_is_dangerous_or_broken(xml: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=said):
        read_file(write_bytes(tmp_path / "a.xml", xml.encode()))
