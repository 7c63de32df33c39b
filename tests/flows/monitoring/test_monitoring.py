"""What a run tells whoever watches: lines for a person, JSON lines for a collector, a file for Prometheus."""

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from flows.runtime.errors import AnswerUnreadable
from flows.services.mindbody.client import MindbodyClient
from tests.flows.command import Command, Ended
from tests.flows.workplace import Workplace, earned, open_workplace

REFUSED = "nobody"  # whom the service does not know


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any]) -> Workplace:
    workplace = open_workplace(tmp_path, ready)
    client_id = ready["mindbody"]["client_ids"].pop()
    workplace.put("a.csv", earned(client_id, 17), earned(REFUSED), "bad,0,Earned,,,")
    return workplace


def night(workplace: Workplace, bare_tieout: Command, *lines: str) -> Ended:
    if lines:
        workplace.config.write_text("\n".join([workplace.config.read_text(), "[logs]", *lines, ""]))
    return bare_tieout("run", "--plain", "--config", workplace.config)


def by_what(ended: Ended) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for line in ended.err.splitlines():
        told = json.loads(line)
        found.setdefault(told["what"], []).append(told)
    return found


@pytest.mark.long
def test_a_person_has_lines_and_one_of_figures(workplace: Workplace, bare_tieout: Command) -> None:
    lines = night(workplace, bare_tieout).err.splitlines()
    assert "checking a.csv" in lines
    (figures,) = [line for line in lines if line.startswith("figures: ")]
    assert figures.startswith("figures: 3 rows (")
    assert "1 posted (" in figures
    assert "made, " in figures


def test_a_run_by_a_schedule_without_a_terminal_writes_json_lines_with_ids_and_no_client(
    workplace: Workplace, bare_tieout: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_BY_SCHEDULE", "1")
    monkeypatch.setenv("TIEOUT_INBOX__QUIET_SECONDS", "0")
    ended = night(workplace, bare_tieout)
    told = by_what(ended)
    (figures,) = told["figures"]
    assert (figures["rows"], figures["posted"], figures["calls_made_today"] > 0) == (3, 1, True)
    (answer,) = told["answer"]
    (event,) = workplace.rows("SELECT event_id, attempt_id FROM events WHERE client_id = 'nobody'")
    assert (answer["event"], answer["attempt"], answer["verdict"]) == (*event.values(), "refused")
    assert {step["file"] for step in told["step"] if step["step"] == "register"} == {"a.csv"}
    (end,) = told["end"]
    assert (end["exit_code"], end["posted"], ended.out) == (1, 1, "")
    assert {line["run"] for lines in told.values() for line in lines} == {end["run_id"]}
    for row in workplace.rows("SELECT client_id FROM events"):
        assert row["client_id"] not in ended.err


@pytest.mark.long
def test_who_could_not_be_read_is_named_in_no_json_line(
    workplace: Workplace, bare_tieout: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(_client: object, client_id: str, *_days: object) -> None:
        raise AnswerUnreadable(f"Mindbody's reward history of client {client_id} cannot be read: it is odd.")

    monkeypatch.setenv("TIEOUT_LOGS__FORMAT", "json")
    monkeypatch.setattr(MindbodyClient, "fetch_history", unreadable)
    ended = night(workplace, bare_tieout)
    told = json.dumps(by_what(ended)["end"])
    assert ("not_read" in told, "it is odd" in told) == (True, True)
    for row in workplace.rows("SELECT client_id FROM events"):
        assert row["client_id"] not in ended.err


@pytest.mark.long
def test_the_settings_say_how_it_is_written(
    workplace: Workplace, bare_tieout: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_BY_SCHEDULE", "1")
    monkeypatch.setenv("TIEOUT_LOGS__FORMAT", "text")
    assert "figures: " in night(workplace, bare_tieout).err
    monkeypatch.setenv("TIEOUT_LOGS__FORMAT", "json")
    assert by_what(night(workplace, bare_tieout))["figures"]


def test_what_fails_in_json_lines_is_one_of_them(
    workplace: Workplace, bare_tieout: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_LOGS__FORMAT", "json")
    monkeypatch.setenv("TIEOUT_MINDBODY__API_KEY", "wrong")
    ended = night(workplace, bare_tieout)
    failures = [line for line in by_what(ended)["message"] if line["level"] == "error"]
    assert (ended.code, len(failures)) == (3, 1)
    assert "mindbody.api_key" in failures[0]["message"]


def samples(path: Path) -> dict[str, dict[tuple[str, ...], float]]:
    """Read the file as Prometheus does."""
    families = text_string_to_metric_families(path.read_text())
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples} for family in families
    }


def test_the_file_for_prometheus_says_how_the_last_run_of_each_kind_ended(
    workplace: Workplace, bare_tieout: Command
) -> None:
    night(workplace, bare_tieout, 'metrics_file = "metrics/tieout.prom"')
    bare_tieout("reconcile", "--plain", "--config", workplace.config)
    found = samples(workplace.folder / "metrics" / "tieout.prom")
    assert found["tieout_run_rows"][("nightly", "rejected")] == 1
    assert found["tieout_run_events"][("nightly", "posted")] == 1
    assert found["tieout_run_ties_out"] == {("nightly",): 1, ("reconcile",): 1}
    assert found["tieout_run_agrees"] == {("nightly",): 1, ("reconcile",): 1}
    assert found["tieout_run_not_read"] == {("nightly",): 0, ("reconcile",): 0}
    assert found["tieout_run_failed"] == {("nightly",): 0, ("reconcile",): 0}
    assert found["tieout_open_breaks"] == {(): 1}
    left = found["tieout_calls_left_today"][("mindbody",)]
    assert left + found["tieout_calls_made_today"][("mindbody",)] == 1000
    names = [path.name for path in (workplace.folder / "metrics").iterdir()]
    assert names == ["tieout.prom"]
    assert all(name.startswith("tieout_") and not name.endswith("_total") for name in found)  # gauges


@pytest.mark.long
def test_a_file_that_cannot_be_written_is_said_and_stops_nothing(workplace: Workplace, bare_tieout: Command) -> None:
    (workplace.folder / "in the way").write_text("")
    ended = night(workplace, bare_tieout, 'metrics_file = "in the way/tieout.prom"')
    assert (ended.code, "logs.metrics_file cannot be written" in ended.err) == (1, True)
