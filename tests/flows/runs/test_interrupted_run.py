"""Signals to the real command, while it posts to several sites and a second service of a sandbox that is slow."""

import json
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from flows.sandbox import start_sandbox
from tests.flows.eventually import eventually
from tests.prove.night import plan_night, write_night


def states(ledger: Path) -> Counter[str]:
    if not ledger.exists():
        return Counter()
    with closing(sqlite3.connect(ledger)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchone():
            return Counter()
        return Counter(state for (state,) in connection.execute("SELECT state FROM events"))


def interrupt(folder: Path, *signals: signal.Signals) -> tuple[int, str, Counter[str], int]:
    """Return the exit code, stderr, the states of the ledger's events, and how many the service committed."""
    options = ("--extra-clients", "8", "--more-sites", "2")
    with start_sandbox(state=folder / "sandbox.json", faults="slow~0.8", options=options) as ready:
        night = plan_night(1, ready["mindbody"]["client_ids"][-8:], ready["referral_rock"]["reward_ids"][:5])
        home = folder / "home"
        config = write_night(home, night, ready, f"sqlite:///{home / 'tieout.db'}", (30, 1), sites_count=3)
        command = [sys.executable, "-m", "flows.cli", "run", "--plain", "--json", "--config", str(config)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
            eventually(lambda: states(home / "tieout.db")["posted"])
            for number in signals:
                process.send_signal(number)
            error = process.communicate(timeout=60)[1]
        log = [json.loads(line) for line in Path(ready["log"]).read_text("utf-8").splitlines()]
        return process.returncode, error, states(home / "tieout.db"), len(log)


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.long)])
def test_first_signal_finishes_what_is_in_flight_and_exits_3(tmp_path: Path, number: signal.Signals) -> None:
    code, error, found, committed = interrupt(tmp_path, number)
    assert code == 3
    assert "Stopped as asked" in error
    assert "Traceback" not in error
    assert found["posted"] == committed
    # Nothing is left in flight or in doubt, at none of the places that were posted to side by side.
    assert {"posted", "ready"} <= set(found) <= {"posted", "ready", "refused"}


def test_second_signal_kills_and_leaves_every_event_accounted_for(tmp_path: Path) -> None:
    code, error, found, committed = interrupt(tmp_path, signal.SIGTERM, signal.SIGINT)
    assert code in {3, -signal.SIGINT, -signal.SIGTERM}
    assert "Traceback" not in error
    # What was in flight is in doubt: left as it was claimed, or told as lost by whoever had the time to.
    assert found["posted"] <= committed <= found["posted"] + found["sending"] + found["unknown"]
    assert found.total() == 40
