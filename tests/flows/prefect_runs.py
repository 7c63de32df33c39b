"""Flow runs of a test's own on a server of Prefect's that all tests of a session share."""

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort


def latest_runs(client: SyncPrefectClient) -> list[FlowRun]:
    """Return what was run here and not by a deployment, the latest first.

    Other tests serve deployments on the same server, whose runs of the nights to come count as later than any that ran.
    """
    here = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(is_null_=True))
    return client.read_flow_runs(flow_run_filter=here, sort=FlowRunSort.START_TIME_DESC, limit=20)
