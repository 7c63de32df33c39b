"""Several sites of one key, posted to side by side by the real command: their pace, their budget, their steps."""

import time
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest

from flows.nightly import nightly
from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.eventually import eventually
from tests.flows.prefect_runs import latest_runs
from tests.flows.workplace import PASSWORD, Workplace, earned, further_sites

# isort: split
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import TaskRun

FURTHER = ("1001", "1002", "1003")
SITES = ("-99", *FURTHER)
EVENTS = 8
RUN = ("run", "--plain", "--json")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    options = ("--more-sites", str(len(FURTHER)), "--extra-clients", "60")
    with start_sandbox(state=tmp_path_factory.mktemp("sandbox") / "state.db", options=options) as found:
        yield found


def lay_out(workplace: Workplace, clients_from: int, pace: float, key_pace: float = 2000, loader: str = "") -> None:
    """Give each site events of the same clients, who are no other test's, and its settings."""
    text = workplace.configure(key_pace=key_pace).config.read_text("utf-8")
    text = text.replace("requests_per_second = 2000", f"requests_per_second = {pace}\n{loader}")
    workplace.configure(text + further_sites(dict.fromkeys(FURTHER, PASSWORD)))
    clients = workplace.ready["mindbody"]["client_ids"][clients_from:][:EVENTS]
    for site_id in SITES:
        workplace.put(f"{site_id}/export.csv", *(earned(client_id, clients_from) for client_id in clients))


def commits(workplace: Workplace, clients_from: int) -> list[str]:
    """Return the sites of what was committed, in that order."""
    return [line["site_id"] for line in workplace.commits() if line.get("points") == clients_from]


@pytest.mark.long
def test_sites_are_posted_to_side_by_side(workplace: Workplace, tieout: Tieout) -> None:
    lay_out(workplace, 20, pace=40)
    assert tieout.night().json["posted"] == EVENTS * len(SITES)
    found = commits(workplace, 20)
    assert Counter(found) == Counter(dict.fromkeys(SITES, EVENTS))
    # One after the other there would be as many turns as sites.
    assert len(list(groupby(found))) > 2 * len(SITES)


@pytest.mark.long
def test_one_at_a_time_is_one_after_the_other(workplace: Workplace, tieout: Tieout) -> None:
    lay_out(workplace, 28, pace=2000, loader="sites_at_once = 1")
    assert tieout.night().json["posted"] == EVENTS * len(SITES)
    assert len(list(groupby(commits(workplace, 28)))) == len(SITES)


def test_all_sites_keep_to_the_pace_of_their_key(workplace: Workplace, tieout: Tieout) -> None:
    lay_out(workplace, 36, pace=2000, key_pace=50)
    begun = time.monotonic()
    ended = tieout.night()
    requests = sum(row["calls"] for row in workplace.rows("SELECT calls FROM call_counts WHERE target = 'mindbody'"))
    assert requests >= 2 * EVENTS * len(SITES)
    assert time.monotonic() - begun >= (requests - 1) / 50
    assert ended.json["posted"] == EVENTS * len(SITES)


@pytest.mark.long
def test_the_budget_of_a_day_is_one_for_all_sites(workplace: Workplace, tieout: Tieout) -> None:
    lay_out(workplace, 44, pace=2000)
    workplace.configure(workplace.config.read_text("utf-8").replace("calls_per_day = 1000", "calls_per_day = 20"))
    ended = tieout(*RUN)
    # A token each, and a part is kept back for reading.
    assert 0 < ended.json["posted"] <= 20 - len(SITES)
    assert len(commits(workplace, 44)) == ended.json["posted"]
    assert ended.json["ties_out"]
    (made,) = workplace.rows("SELECT sum(calls) AS calls FROM call_counts WHERE target = 'mindbody'")
    assert made["calls"] == 20
    assert "Traceback" not in ended.err


def test_each_site_is_a_task_of_its_own_under_prefect(workplace: Workplace, prefect_client: SyncPrefectClient) -> None:
    lay_out(workplace, 52, pace=20)
    summary = nightly(str(workplace.config))
    assert summary.totals["posted"] == EVENTS * len(SITES)
    flow_run = latest_runs(prefect_client)[0]
    named = {f"post Mindbody site {site_id}" for site_id in SITES}

    def posting() -> list[TaskRun]:
        # The server learns of task runs by events, a moment after the flow has ended.
        of_run = FlowRunFilter(id={"any_": [flow_run.id]})
        tasks = prefect_client.read_task_runs(flow_run_filter=of_run, limit=200)
        ended = [task for task in tasks if task.end_time and task.name in named]
        return ended if {task.name for task in ended} == named else []

    ended = eventually(posting)
    assert {task.name for task in ended} == named
    # All had begun before any had ended.
    assert max(task.start_time for task in ended) < min(task.end_time for task in ended)
