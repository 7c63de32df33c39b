from uuid import UUID

import pytest

from flows.orchestration.task import run_as_task
from flows.runtime.errors import ServiceUnreachable
from tests.flows.eventually import eventually

# isort: split
from prefect import flow, runtime
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterFlowRunId
from prefect.client.schemas.objects import TaskRun


@flow
def one_step(name: str) -> tuple[UUID, object]:
    """Give the id of this flow run, and what the step gave back."""
    return UUID(runtime.flow_run.id), run_as_task(name, lambda secret: {"heard": secret}, "a-secret-word")


@pytest.fixture
def calls() -> list[str]:
    return []


def read_task_runs(client: SyncPrefectClient, flow_run_id: UUID) -> list[TaskRun]:
    """The server learns of task runs by events, a moment after the flow has ended."""
    of_run = TaskRunFilter(flow_run_id=TaskRunFilterFlowRunId(any_=[flow_run_id]))

    def ended() -> list[TaskRun]:
        runs = client.read_task_runs(task_run_filter=of_run)
        return runs if runs and all(run.state and run.state.is_final() for run in runs) else []

    return eventually(ended)


def test_run_as_task_is_one_task_run_with_the_steps_name(prefect_client: SyncPrefectClient) -> None:
    flow_run_id, result = one_step("read visits {1}.csv")
    assert result == {"heard": "a-secret-word"}
    assert [run.name for run in read_task_runs(prefect_client, flow_run_id)] == ["read visits {1}.csv"]


def test_run_as_task_shows_prefect_neither_arguments_nor_result(prefect_client: SyncPrefectClient) -> None:
    flow_run_id, _ = one_step("post")
    (task_run,) = read_task_runs(prefect_client, flow_run_id)
    assert task_run.task_inputs == {}
    assert "a-secret-word" not in task_run.model_dump_json()


def test_run_as_task_raises_what_the_step_raises_and_never_tries_again(prefect_url: str, calls: list[str]) -> None:
    def fail() -> None:
        calls.append("once")
        raise ServiceUnreachable("The service does not answer.")

    with pytest.raises(ServiceUnreachable, match=r"^The service does not answer\.$"):
        flow(lambda: run_as_task("post", fail), name="failing")()
    assert calls == ["once"]


def test_run_as_task_runs_an_equal_step_again(prefect_url: str, calls: list[str]) -> None:
    @flow
    def twice() -> None:
        for _ in range(2):
            run_as_task("post", calls.append, "equal")

    twice()
    assert calls == ["equal", "equal"]
