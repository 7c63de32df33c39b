"""Letters whose encoding is only guessed are a question where they would be sent, and are read as it was answered."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.intake.check import check_file
from flows.settings.load import load_settings
from tests.flows.readers.reading import write_bytes

HEADINGS = "RewardId,PayoutId,Amount,Description,Name"
REWARD = "3344d59a-0000-4000-8000-000000000002,35b10000-0000-4000-8000-000000000001,5"


def sheet_of(path: Path, description: str, encoding: str, name: str = "x") -> Path:
    return write_bytes(path, f"{HEADINGS}\n{REWARD},{description},{name}\n".encode(encoding))


def run(*arguments: object, folder: Path, answer: str = "") -> tuple[int, str]:
    config = folder / "tieout.toml"
    config.touch()
    ended = CliRunner().invoke(app, [*map(str, arguments), "--config", str(config)], input=answer)
    return ended.exit_code, ended.stdout


def check(path: Path) -> tuple[int, Any]:
    code, out = run("check", path, "--json", folder=path.parent)
    return code, json.loads(out)


def descriptions(path: Path) -> list[str]:
    found: list[str] = (
        check_file(load_settings(path.parent / "tieout.toml"), path, None).checked.events["description"].tolist()
    )
    return found


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("description", "encoding", "answer"),
    [
        pytest.param("Prêmio José", "cp1252", "windows-1252", id="Western"),
        pytest.param("приз", "cp1251", "windows-1251", id="Cyrillic", marks=pytest.mark.long),
        pytest.param("賞品 表ソ", "cp932", "shift-jis", id="Japanese"),
        pytest.param("奖品", "gb18030", "gb18030", id="Chinese", marks=pytest.mark.long),
        pytest.param("상품", "cp949", "euc-kr", id="Korean", marks=pytest.mark.long),
        pytest.param("nagroda żółw", "cp1250", "windows-1250", id="Polish", marks=pytest.mark.long),
    ],
)
def test_letters_are_asked_about_and_read_as_was_answered(
    description: str, encoding: str, answer: str, tmp_path: Path
) -> None:
    path = sheet_of(tmp_path / "a.csv", description, encoding)
    code, told = check(path)
    (note,) = [note for note in told["notes"] if "reads right" in note["message"]]
    assert (code, note["column"], note["row"]) == (1, "Description", 2)
    assert f": {description}" in note["message"]
    assert run("layout", path, folder=tmp_path, answer=f"{answer}\n")[0] == 0
    assert check(path)[0] == 0
    assert descriptions(path) == [description]
    assert run("check", path, "--marked", tmp_path / "marked.xlsx", folder=tmp_path)[0] == 0
    assert openpyxl.load_workbook(tmp_path / "marked.xlsx").active["D2"].value == description


def test_the_answer_holds_for_the_next_file_and_says_where_it_does_not_fit(tmp_path: Path) -> None:
    first = sheet_of(tmp_path / "a.csv", "賞品 表ソ", "cp932")
    assert run("layout", first, folder=tmp_path, answer="shift-jis\n")[0] == 0
    assert check(sheet_of(tmp_path / "b.csv", "表ソ 十", "cp932"))[0] == 0
    code, told = check(sheet_of(tmp_path / "c.csv", "José", "cp1252"))
    assert (code, "is not Japanese" in told["errors"][0]["message"]) == (3, True)
    assert descriptions(sheet_of(tmp_path / "d.csv", "賞", "utf-8")) == ["賞"]


@pytest.mark.parametrize(
    ("description", "name"),
    [
        pytest.param("voucher", "José", id="in a column that nobody reads"),
        pytest.param("a – “voucher”", "x", id="marks of the West"),
    ],
)
def test_letters_that_are_not_sent_are_only_a_note(description: str, name: str, tmp_path: Path) -> None:
    code, told = check(sheet_of(tmp_path / "a.csv", description, "cp1252", name))
    assert (code, told["accepted"]) == (0, 1)
    assert any("not UTF-8" in note["message"] for note in told["notes"])


def test_an_id_beside_letters_of_any_encoding_is_read_right(tmp_path: Path) -> None:
    text = "ClientId,Points,Action,Name\n000123,5,Earned,田中\n".encode("cp932")
    path = write_bytes(tmp_path / "a.csv", text)
    code, out = run("check", path, "--json", "--site", "-99", folder=tmp_path)
    assert (code, json.loads(out)["accepted"]) == (0, 1)
    assert check_file(load_settings(tmp_path / "tieout.toml"), path, "-99").checked.events["client_id"].tolist() == [
        "000123"
    ]
