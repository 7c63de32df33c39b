"""What a person sees of a run in Prefect, on a real server: its name, message, log, events and form."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.ledger.summary import Summary
from flows.nightly import nightly
from flows.orchestration.approve_form import approve
from flows.reconcile import reconcile
from flows.sandbox import start_sandbox
from flows.settle import settle
from flows.upload import upload
from tests.flows.eventually import eventually
from tests.flows.prefect_runs import latest_runs
from tests.flows.workplace import Workplace, earned, open_workplace, redeemed

# isort: split
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import LogFilter
from prefect.client.schemas.objects import FlowRun
from prefect.events.schemas.automations import AutomationCore
from prefect.utilities.callables import parameter_schema

ROOT = Path(__file__).parents[3]
CLIENT, POOR = "200000001", "200000002"


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    folder = tmp_path_factory.mktemp("place")
    with start_sandbox(state=folder / "sandbox.db", options=("--extra-clients", "9")) as ready:
        yield open_workplace(folder / "work", ready)


@pytest.fixture(scope="module")
def night(workplace: Workplace, prefect_url: str) -> Summary:
    """A night of which one row is posted, one refused, and one wrong."""
    workplace.put("night.csv", earned(CLIENT), redeemed(POOR), f"{CLIENT},many,Earned,Sale,,2026-09-20T17:00:00Z")
    return nightly(str(workplace.config))


@pytest.fixture
def seen(night: Summary, prefect_client: SyncPrefectClient) -> FlowRun:
    """The flow run of the night, as the server has it."""
    return next(run for run in latest_runs(prefect_client) if run.state and "1 refused" in str(run.state.message))


def test_the_state_of_a_flow_run_says_what_waits(night: Summary, seen: FlowRun) -> None:
    assert (night.totals["posted"], night.totals["refused"], night.totals["rejected"]) == (1, 1, 1)
    assert seen.state
    assert seen.state.is_completed()
    assert str(seen.state.message).startswith("Ties out. Waits for a person: 1 rejected, 1 refused")


def test_a_flow_run_is_named_by_what_it_does_and_when(seen: FlowRun) -> None:
    assert seen.name == f"nightly {seen.expected_start_time:%Y-%m-%d %H:%M}"


def test_the_log_of_a_flow_run_has_our_own_lines(seen: FlowRun, prefect_client: SyncPrefectClient) -> None:
    only_this = LogFilter(flow_run_id={"any_": [seen.id]})  # type: ignore[arg-type]

    def lines() -> list[str]:
        said = [str(log.message) for log in prefect_client.read_logs(only_this, limit=200)]
        return said if "ties_out: yes" in said else []

    said = eventually(lines)
    assert "reading back" in said
    assert any(line.startswith("posting to ") for line in said)


def test_a_run_emits_events_with_counts_and_no_client(night: Summary, prefect_client: SyncPrefectClient) -> None:
    asked = {"filter": {"event": {"prefix": ["tieout."]}, "resource": {"id": [f"tieout.run.{night.run_id}"]}}}

    def events() -> list[dict[str, Any]]:
        told = prefect_client._client.post("/events/filter", json=asked).json()["events"]
        return told if len(told) >= 3 else []

    told = eventually(events)
    assert {one["event"] for one in told} == {"tieout.run.finished", "tieout.run.waits", "tieout.break.opened"}
    assert [(one["payload"]["posted"], one["payload"]["exit_code"]) for one in told] == [(1, 1)] * 3
    assert CLIENT not in str(told)


def test_artifacts_of_a_night_name_no_client(night: Summary, prefect_client: SyncPrefectClient) -> None:
    shown = {"tieout-summary", "tieout-file-xlsx"}

    def artifacts() -> list[dict[str, Any]]:
        kept = prefect_client._client.post("/artifacts/filter", json={"limit": 200}).json()
        return kept if shown <= {one["key"] for one in kept} else []

    kept = eventually(artifacts)
    assert shown <= {one["key"] for one in kept}
    assert [one["key"] for one in kept if CLIENT in str(one) or POOR in str(one)] == []


@pytest.mark.parametrize("shown", [nightly, upload, approve, settle, reconcile])
def test_the_form_says_what_each_parameter_means(shown: Flow[Any, Any]) -> None:
    properties = parameter_schema(shown.fn).properties
    assert properties
    assert all(len(one.get("description") or "") > 20 for one in properties.values())
    assert shown.description


def test_a_form_refuses_what_is_no_hash(prefect_url: str) -> None:
    with pytest.raises(Exception, match="sha256"):
        upload("x.csv", sha256="not a hash")


def test_the_example_automations_are_taken_by_the_server(prefect_client: SyncPrefectClient) -> None:
    examples = yaml.safe_load((ROOT / "automations.yaml").read_text(encoding="utf-8"))["automations"]
    made = [AutomationCore.model_validate(one) for one in examples]
    answers = [prefect_client._client.post("/automations/", json=one.model_dump(mode="json")) for one in made]
    assert [answer.status_code for answer in answers] == [201, 201]
