"""Rows and their identity as a shell sees them: what is held and why, and fractions of seconds in what is told."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from tests.flows.workplace import ROOT, Workplace, earned, open_workplace

CLIENT = "200000001"
LOCAL = "2026-09-20 17:00:00"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with start_sandbox(state=tmp_path / "sandbox.db", options=("--extra-clients", "9")) as ready:
        yield open_workplace(tmp_path / "place", ready)


def tieout(place: Workplace, *arguments: str) -> tuple[int, str]:
    """Return the exit code of the command, and what it printed."""
    command = [sys.executable, "-m", "flows.cli", *arguments, "--config", str(place.config)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, capture_output=True, text=True, cwd=place.folder, env=environment, check=False)  # noqa: S603
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout


def run(place: Workplace) -> tuple[int, dict[str, Any]]:
    code, out = tieout(place, "run", "--plain", "--json")
    return code, json.loads(out)


@pytest.mark.long
def test_run_holds_a_known_row_and_plan_tells_both_readings(place: Workplace) -> None:
    place.put("a.csv", earned(CLIENT, time=LOCAL))
    assert run(place)[0] == 0
    with place.config.open("a", encoding="utf-8") as settings:
        settings.write('\n[columns."desk"]\ntimezone = "America/New_York"\n')
    place.put("b.csv", earned(CLIENT, time=LOCAL), earned(CLIENT, 11))
    code, second = run(place)
    assert (code, second["held"], second["posted"], len(place.commits(CLIENT))) == (1, 1, 1, 2)
    code, listed = tieout(place, "plan", "--json")
    (held,) = json.loads(listed)
    assert code == 1
    assert "was read before as Sun 20 Sep 2026, 5:00 pm UTC and posted; now it reads as" in held["reason"]
    assert tieout(place, "discard", held["event_id"])[0] == 0
    place.put("c.csv", earned(CLIENT, time=LOCAL), earned(CLIENT, 12))
    code, third = run(place)
    assert (code, third["duplicate"], third["posted"], len(place.commits(CLIENT))) == (0, 1, 1, 3)


def test_trace_and_report_show_the_fraction_that_was_sent(place: Workplace) -> None:
    place.put("a.csv", earned(CLIENT, time="2026-09-20T17:00:00.123Z"))
    code, ended = run(place)
    assert code == 0
    (event,) = place.rows("SELECT event_id FROM events")
    assert "2026-09-20 17:00:00.123Z" in tieout(place, "trace", event["event_id"])[1]
    page = Path(ended["report"]).with_suffix(".html").read_text(encoding="utf-8")
    assert "2026-09-20 17:00:00.123" in page
    assert "2026-09-20T17:00:00.123" in Path(ended["report"]).with_suffix(".json").read_text(encoding="utf-8")
