"""Rows and their identity as a shell sees them: what is held and why, and fractions of seconds in what is told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.workplace import Workplace, earned, open_workplace

CLIENT = "200000001"
LOCAL = "2026-09-20 17:00:00"


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    with start_sandbox(state=tmp_path / "sandbox.db", options=("--extra-clients", "9")) as ready:
        yield open_workplace(tmp_path / "place", ready)


def run(tieout: Tieout) -> tuple[int, dict[str, Any]]:
    ended = tieout("run", "--plain", "--json")
    return ended.code, ended.json


@pytest.mark.long
def test_run_holds_a_known_row_and_plan_tells_both_readings(workplace: Workplace, tieout: Tieout) -> None:
    workplace.put("a.csv", earned(CLIENT, time=LOCAL))
    assert run(tieout)[0] == 0
    with workplace.config.open("a", encoding="utf-8") as settings:
        settings.write('\n[columns."desk"]\ntimezone = "America/New_York"\n')
    workplace.put("b.csv", earned(CLIENT, time=LOCAL), earned(CLIENT, 11))
    code, second = run(tieout)
    assert (code, second["held"], second["posted"], len(workplace.commits(CLIENT))) == (1, 1, 1, 2)
    listed = tieout("plan", "--json")
    (held,) = listed.json
    assert listed.code == 1
    assert "was read before as Sun 20 Sep 2026, 5:00 pm UTC and posted; now it reads as" in held["reason"]
    assert tieout("discard", held["event_id"]).code == 0
    workplace.put("c.csv", earned(CLIENT, time=LOCAL), earned(CLIENT, 12))
    code, third = run(tieout)
    assert (code, third["duplicate"], third["posted"], len(workplace.commits(CLIENT))) == (0, 1, 1, 3)


def test_trace_and_report_show_the_fraction_that_was_sent(workplace: Workplace, tieout: Tieout) -> None:
    workplace.put("a.csv", earned(CLIENT, time="2026-09-20T17:00:00.123Z"))
    code, ended = run(tieout)
    assert code == 0
    (event,) = workplace.rows("SELECT event_id FROM events")
    assert "2026-09-20 17:00:00.123Z" in tieout("trace", event["event_id"]).out
    page = Path(ended["report"]).with_suffix(".html").read_text(encoding="utf-8")
    assert "2026-09-20 17:00:00.123" in page
    assert "2026-09-20T17:00:00.123" in Path(ended["report"]).with_suffix(".json").read_text(encoding="utf-8")
