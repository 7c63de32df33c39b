"""Whatever a file, its name or a service says, no command prints a sign that a terminal obeys, nor a forged line."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from flows.sandbox import start_sandbox
from tests.flows.command import Ended as EndedWithin
from tests.flows.command import Tieout
from tests.flows.shell import Ended, tieout
from tests.flows.workplace import HEADINGS, Workplace, earned, open_workplace

FORGED = "tieout: Ties out. FORGED"
# A line break and a carriage return, an escape sequence of either kind, a bidi override, separators, a backspace.
HOSTILE = f"a\x1b[2K\x1b]0;x\x07\r\n{FORGED}\u202eb\u2028{FORGED}\u2066\u2029\x85{FORGED}\x9b2J\x08\x7fz"
NAME = f"m\x1b[2K\n{FORGED}\u202e\u2028.csv"
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with start_sandbox(state=tmp_path / "sandbox.db", options=("--extra-clients", "9")) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any]) -> Workplace:
    return open_workplace(tmp_path / "work", ready)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def put_hostile_files(workplace: Workplace) -> list[Path]:
    """Fill an inbox with hostile names, headings, cells and sheet names, some rows of which are good."""
    heading = quoted(f"Note {HOSTILE}")
    rows = [
        f"{earned('200000001')},x",
        f"{quoted(HOSTILE)},10,Earned,Sale,,2026-09-20T17:00:00Z,x",
        f"200000002,{quoted(HOSTILE)},{quoted(HOSTILE)},{quoted(HOSTILE)},{quoted(HOSTILE)},{quoted(HOSTILE)},x",
        f"{quoted(HOSTILE)},5,Earned,,,,x",
    ]
    csv = workplace.put(NAME, *rows, headings=f"{HEADINGS},{heading}")
    again = workplace.put(f"again {NAME}", *rows, headings=f"{HEADINGS},{heading}")
    updates = workplace.put(
        f"r{NAME}", f"r-1,p-1,1,{quoted(HOSTILE)}", f"{quoted(HOSTILE)},{quoted(HOSTILE)},1,",
        headings="RewardId,PayoutId,Amount,Description",
    )  # fmt: skip
    broken = workplace.put(f"broken {NAME}", "1,2", headings=f"ClientId,{quoted(HOSTILE)}")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "S\u202e\u2028tieout\u2066"
    for row in (HEADINGS.split(","), ["200000003\u202e\u2028", "bad\u2028", "Earned", f"\u2028{FORGED}"]):
        sheet.append(row)
    book.create_sheet("x\u2029\u202ey").append([f"nothing\u2028{FORGED}"])
    workbook = workplace.inbox / f"{NAME}.xlsx"
    book.save(workbook)
    return [csv, again, updates, broken, workbook]


def assert_harmless(ended: Ended | EndedWithin) -> None:
    for stream in (ended.out, ended.err):
        assert OBEYED.findall(stream) == []
        assert [line for line in stream.splitlines() if line.startswith(FORGED)] == []


def test_a_night_prints_nothing_that_a_terminal_obeys(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put_hostile_files(workplace)
    within = Tieout(workplace, monkeypatch, capsys)
    for words in (["run", "--plain"], ["trace", f"{NAME}::3"], ["plan"]):
        assert_harmless(within(*words))


@pytest.mark.long
def test_no_command_prints_what_a_terminal_obeys(workplace: Workplace, tmp_path: Path) -> None:
    files = put_hostile_files(workplace)
    kept = tmp_path / "kept"
    shutil.copytree(workplace.inbox, kept)
    config = ("--config", workplace.config)
    for path in files:
        assert_harmless(tieout("check", path, *config))
        assert_harmless(tieout("plan", kept / path.name, *config))
    ended = tieout("run", "--plain", *config)
    assert ended.code in (1, 3)
    assert_harmless(ended)
    ids = [row["event_id"] for row in workplace.rows("SELECT event_id FROM events")]
    assert len(ids) >= 2
    for words in (["plan"], ["breaks"], ["status"], ["doctor"], ["settle", "--plain"], ["report", "latest"]):
        assert_harmless(tieout(*words, *config))
    for event_id in ids:
        assert_harmless(tieout("trace", event_id, *config))
    for row in (2, 3, 4, 5):
        assert_harmless(tieout("trace", f"{NAME}::{row}", *config))
    assert_harmless(tieout("upload", kept / f"again {NAME}", *config, answer="n\n"))
    assert_harmless(tieout("reverse", kept / NAME, "--reason", HOSTILE, "--by", HOSTILE, *config))
    assert_harmless(tieout("reconcile", "--plain", *config))


@pytest.mark.long
@pytest.mark.parametrize(
    "words",
    [
        ["trace", HOSTILE],
        ["check", f"nowhere{HOSTILE}"],
        ["report", HOSTILE],
        ["approve", HOSTILE],
        ["breaks", "acknowledge", HOSTILE, "--by", HOSTILE, "--reason", HOSTILE],
        ["reverse", HOSTILE, "--reason", HOSTILE],
        [HOSTILE],
        ["run", f"--{HOSTILE}"],
        ["reconcile", "--since", HOSTILE],
        ["status", "--config", HOSTILE],
    ],
)
def test_nor_does_it_of_its_own_arguments(workplace: Workplace, words: list[str]) -> None:
    ended = tieout(*words, folder=workplace.folder)
    assert ended.code in (2, 3)
    assert_harmless(ended)


@pytest.mark.long
def test_json_keeps_every_sign_and_escapes_it(workplace: Workplace) -> None:
    path = put_hostile_files(workplace)[0]
    ended = tieout("check", path, "--json", "--config", workplace.config)
    assert_harmless(ended)
    assert json.loads(ended.out)["file"] == str(path)


@pytest.mark.long
def test_a_page_and_a_file_of_json_hold_no_such_sign(workplace: Workplace) -> None:
    put_hostile_files(workplace)
    tieout("run", "--plain", "--config", workplace.config)
    pages = [path.read_text() for path in workplace.folder.glob("reports/*/*") if path.suffix in (".html", ".json")]
    assert len(pages) == 2
    for page in pages:
        assert OBEYED.findall(page) == []
