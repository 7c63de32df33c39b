"""`tieout recover` as a shell sees it: exit codes, JSON, and a process that is killed in the middle."""

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from tests.flows.eventually import eventually
from tests.flows.workplace import Workplace, earned, open_workplace

CLIENTS = [f"2000000{number:02}" for number in range(1, 41)]
KEYS = [
    "run_id", "files_registered", "files_known", "posted", "held", "discarded", "left", "days_left", "waiting",
    "not_read", "notes", "report", "events",
]  # fmt: skip


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    with start_sandbox(state=tmp_path / "sandbox.db", options=("--extra-clients", "60")) as ready:
        place = open_workplace(tmp_path / "place", ready)
        text = place.config.read_text("utf-8").replace("timeout_seconds = 5", "timeout_seconds = 1\nconcurrency = 1")
        yield place.configure(text.replace("requests_per_second = 2000", "requests_per_second = 20"))


def tieout(workplace: Workplace, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "flows.cli", *arguments, "--config", str(workplace.config)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603 (our own)


def ended(workplace: Workplace, *arguments: str) -> tuple[int, str, str]:
    with tieout(workplace, *arguments) as process:
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err


def proved(workplace: Workplace) -> int:
    """Count what is proved so far, past the product."""
    with closing(sqlite3.connect(workplace.folder / "tieout.db")) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'recoveries'").fetchone():
            return 0
        return int(connection.execute("SELECT count(*) FROM recoveries").fetchone()[0])


def lose_ledger(workplace: Workplace) -> None:
    for path in workplace.folder.glob("tieout.db*"):
        if path.is_file():
            path.unlink()


@pytest.mark.long
def test_recover_tells_how_each_event_was_proved_as_json(workplace: Workplace) -> None:
    workplace.put("a.csv", earned(CLIENTS[0], 1), earned(CLIENTS[1], 10**9 + 1))
    workplace.run()
    lose_ledger(workplace)
    refused = ended(workplace, "run", "--plain")
    assert (refused[0], "tieout recover" in refused[2], "Traceback" in refused[2]) == (3, True, False)
    code, out, _ = ended(workplace, "recover", "--json")
    found: dict[str, Any] = json.loads(out)
    assert (code, list(found)) == (1, KEYS)
    assert (found["posted"], found["held"], found["left"]) == ({"service": 1}, {"not_shown": 1}, 0)
    told = {event["client_id"]: (event["decided"], event["how"]) for event in found["events"]}
    assert told == {CLIENTS[0]: ("posted", "service"), CLIENTS[1]: ("held", "not_shown")}
    code, out, _ = ended(workplace, "recover", "--json")
    again = json.loads(out)
    assert (code, again["run_id"], again["waiting"], again["events"]) == (1, None, 1, [])


def test_recover_that_is_killed_goes_on_where_it_stopped(workplace: Workplace) -> None:
    workplace.put("a.csv", *[earned(client_id, 3) for client_id in CLIENTS])
    workplace.run()
    before = workplace.commits()
    lose_ledger(workplace)
    with tieout(workplace, "recover") as process:
        eventually(lambda: proved(workplace) >= 5)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    assert 5 <= proved(workplace) < len(CLIENTS)
    code, out, err = ended(workplace, "recover")
    assert (code, "Traceback" in err) == (0, False), out
    # No client was read twice: what was proved before the kill was kept.
    assert proved(workplace) == len(CLIENTS)
    assert {row["state"] for row in workplace.rows("SELECT state FROM events")} == {"posted"}
    workplace.put("b.csv", *[earned(client_id, 3) for client_id in CLIENTS], earned(CLIENTS[0], 4))
    assert workplace.run().totals["posted"] == 1
    assert len(workplace.commits()) == len(before) + 1


@pytest.mark.long
def test_recover_that_is_killed_while_it_takes_files_in_lets_no_night_run(workplace: Workplace) -> None:
    for number in range(6):
        time = f"2026-09-{10 + number}T17:00:00Z"
        workplace.put(f"{number}.csv", *[earned(client_id, number + 1, time) for client_id in CLIENTS[:5]])
    assert workplace.run().totals["posted"] == 30
    before = workplace.commits()
    lose_ledger(workplace)
    with tieout(workplace, "recover") as process:
        eventually(lambda: "registering 2.csv" in (process.stderr.readline() if process.stderr else ""))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    code, _, err = ended(workplace, "run", "--plain")
    assert (code, "tieout recover" in err) == (3, True)
    assert ended(workplace, "recover")[0] == 0
    assert workplace.commits() == before
    assert {row["state"] for row in workplace.rows("SELECT state FROM events")} == {"posted"}
