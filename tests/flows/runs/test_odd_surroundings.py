"""A name, a folder, a disk, a user or a log that nobody foresaw: a line and a code, never a trace or lost work."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.workplace import HEADINGS, ROOT, Workplace, earned

RUN = ("run", "--plain", "--json")


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, Any]]:
    with start_sandbox(options=("--extra-clients", "40")) as found:
        yield found


def in_bytes(folder: Path, name: bytes, *rows: str) -> Path:
    """Write an export under a name that is no text."""
    path = Path(os.fsdecode(bytes(folder) + b"/" + name))
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([HEADINGS, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.first_case
@pytest.mark.parametrize("name", [b"caf\xe9.csv", b"folder\xff/a.csv"], ids=ascii)
def test_a_name_that_is_no_text_stops_nobody(workplace: Workplace, tieout: Tieout, name: bytes) -> None:
    # A site that nobody knows, and a bad row in a good file: what is told of both bears their names.
    odd = in_bytes(workplace.inbox, name, earned("200000001"), "x,0,Earned,,,")
    wrong = in_bytes(workplace.inbox, b"wrong\xe9.csv")
    wrong.write_bytes(b"%PDF-1.7")
    workplace.put("good.csv", earned("200000002"))
    ended = tieout(*RUN)
    assert (ended.code, ended.json["files"], "Traceback" in ended.err) == (3, 2, False)
    assert [one["what"] for one in ended.json["not_read"]] == ["wrong\\udce9.csv"]
    assert (odd.exists(), wrong.exists()) == (False, True)
    assert tieout("status").code == 1


@pytest.mark.long
@pytest.mark.parametrize("suffix", [".csv", ""])
def test_the_longest_name_is_read_kept_and_given_back(workplace: Workplace, tieout: Tieout, suffix: str) -> None:
    name = "é" * ((255 - len(suffix)) // 2) + suffix
    path = workplace.put(name, earned("200000003" if suffix else "200000004"), "x,0,Earned,,,")
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"], ended.json["rejected"], path.exists()) == (1, 1, 1, False)
    assert list(Path(ended.json["report"]).parent.glob("*.marked.xlsx"))
    # The same content is known again.
    path = workplace.put(name, earned("200000003" if suffix else "200000004"), "x,0,Earned,,,")
    assert (tieout(*RUN).json["files"], path.exists()) == (0, False)


def test_a_report_that_cannot_be_written_is_a_line_and_is_written_once_it_can(
    workplace: Workplace, tieout: Tieout
) -> None:
    reports = workplace.folder / "reports"
    reports.write_text("a file in the folder's place")
    workplace.put("a.csv", earned("200000005"), "x,0,Earned,,,")
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"], ended.err.count("cannot be written")) == (3, 1, 1)
    assert "Traceback" not in ended.err
    assert "cannot be written" in tieout("status").out
    reports.unlink()
    tieout("report", ended.json["run_id"])
    assert Path(ended.json["report"]).is_file()


def test_a_snapshot_that_cannot_be_kept_is_a_line(workplace: Workplace, tieout: Tieout) -> None:
    (workplace.folder / "snapshots").write_text("a file in the folder's place")
    workplace.put("a.csv", earned("200000006"))
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"], Path(ended.json["report"]).is_file()) == (3, 1, True)
    assert "snapshot of this run cannot be kept" in ended.err
    assert "Traceback" not in ended.err


def test_reconcile_whose_report_cannot_be_written_is_a_line(workplace: Workplace, tieout: Tieout) -> None:
    (workplace.folder / "reports").write_text("a file in the folder's place")
    ended = tieout("reconcile", "--json")
    assert (ended.code, ended.json["ties_out"], "cannot be written" in ended.err) == (3, True, True)


def run_in_shell(workplace: Workplace, streams: str, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as a process of its own, its streams as a shell leads them."""
    words = [*command, "run", "--plain", "--json", "--config", str(workplace.config)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(  # noqa: S603  (our own code)
        ["/bin/bash", "-c", f'"$@" {streams}', "bash", *words],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


TIEOUT = (sys.executable, "-m", "flows.cli")


@pytest.mark.long
@pytest.mark.parametrize(
    ("client_id", "streams"),
    [
        pytest.param("200000007", "2>&-", id="closed"),
        pytest.param("200000008", "2>/dev/full", id="on a full disk"),
        pytest.param("200000009", "2> >(exit)", id="read by nobody"),
    ],
)
def test_a_log_that_went_away_stops_nothing(workplace: Workplace, client_id: str, streams: str) -> None:
    workplace.put("a.csv", earned(client_id))
    ended = run_in_shell(workplace, streams, *TIEOUT)
    assert (ended.returncode, '"posted": 1' in ended.stdout) == (0, True)


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("client_id", "streams", "code", "said"),
    [
        pytest.param("200000010", ">&- <&-", 0, "reading back", id="closed"),
        pytest.param("200000011", "> >(exit)", 0, "reading back", id="read by nobody"),
        pytest.param("200000012", ">/dev/full", 3, "The output cannot be written", id="on a full disk"),
    ],
)
def test_a_result_that_nobody_gets_changes_nothing_of_what_was_done(
    workplace: Workplace, client_id: str, streams: str, code: int, said: str
) -> None:
    workplace.put("a.csv", earned(client_id))
    ended = run_in_shell(workplace, streams, *TIEOUT)
    assert (ended.returncode, said in ended.stderr, "Traceback" in ended.stderr) == (code, True, False)
    assert len(workplace.commits(client_id)) == 1


@pytest.mark.long
def test_a_user_without_a_name_or_a_home_is_named_by_number(
    workplace: Workplace, tieout: Tieout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(number: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for name in ("HOME", "USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    path = in_bytes(workplace.folder, b"by hand.csv", earned("200000013"))
    assert tieout("plan", path).code == 1
    (held,) = workplace.rows("SELECT event_id FROM events WHERE state = 'held'")
    assert tieout("approve", held["event_id"]).code == 0
    assert tieout("upload", path, "--yes").code == 0
    (said,) = workplace.rows("SELECT actor FROM event_decisions")
    assert said["actor"] == f"user {os.getuid()}"


def test_a_flow_of_a_user_without_a_home_finds_one(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import flows.runtime.prefect_quiet; from pathlib import Path; print(Path.home().is_dir())"
    hidden = "import pwd\ndef unknown(number): raise KeyError(number)\npwd.getpwuid = unknown\n"
    monkeypatch.delenv("HOME", raising=False)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", hidden + code], env=environment, capture_output=True, text=True)  # noqa: S603
    assert ended.stdout.strip() == "True"
