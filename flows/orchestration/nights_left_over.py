"""Clear what an earlier `serve` left at Prefect, and start the one night that makes up for it.

A process that was killed cannot say that its runs are over: they would be shown as running for ever. And of the nights
that were due while nobody served, Prefect may hold none, one or many as scheduled; whether one is needed is told by the
ledger, which knows what ran. So what is overdue at Prefect is called off, and at most one night is started instead.
"""

from uuid import UUID

import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Cancelled, Crashed

from flows.runtime.clock import utc_now

_DEPLOYMENTS = ["nightly", "upload", "settle", "reconcile"]
_AT_WORK = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
_PAGE = 200  # the most that Prefect's API gives at once


async def clear_left_over(*, with_running: bool) -> None:
    """Call off the nights that are overdue; `with_running`, mark as crashed what is shown as at work."""
    async with get_client() as client:
        # By force, here and below: a rule of Prefect may refuse the step, and no process is there to take another.
        message = "It was due while nobody served."
        for run in await _find(client, ["nightly"], [StateType.SCHEDULED], is_overdue=True):
            await client.set_flow_run_state(run.id, Cancelled(message=message), force=True)
        if not with_running:
            return
        message = "Its process ended together with the `tieout serve` that had started it."
        for run in await _find(client, _DEPLOYMENTS, _AT_WORK):
            await client.set_flow_run_state(run.id, Crashed(message=message), force=True)


async def start_a_night(deployment_id: UUID) -> None:
    """Start the deployment's flow now."""
    async with get_client() as client:
        await client.create_flow_run_from_deployment(deployment_id)


async def _find(
    client: PrefectClient, deployments: list[str], states: list[StateType], *, is_overdue: bool = False
) -> list[FlowRun]:
    of_deployments = DeploymentFilter(name=DeploymentFilterName(any_=deployments))
    of_runs = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=utc_now()) if is_overdue else None,
    )
    found: list[FlowRun] = []
    while True:
        page = await client.read_flow_runs(
            deployment_filter=of_deployments,
            flow_run_filter=of_runs,
            limit=_PAGE,
            offset=len(found),
        )
        found += page
        if len(page) < _PAGE:
            return found
