"""prefect.yaml, deployed by Prefect's own commands to a real server."""

import subprocess
import sys
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient

ROOT = Path(__file__).parents[3]


def prefect(environment: dict[str, str], *arguments: str) -> None:
    """Run Prefect's command in this folder, as its head comment says."""
    command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_flow_is_deployed_to_the_pool_and_nightly_has_its_schedule(
    prefect_environment: dict[str, str], prefect_client: SyncPrefectClient
) -> None:
    here = prefect_environment | {"PWD": str(ROOT)}
    prefect(here, "work-pool", "create", "tieout", "--type", "process")
    prefect(here, "deploy", "--all")
    found = {
        name: prefect_client.read_deployment_by_name(f"{name}/{name}")
        for name in ("nightly", "upload", "approve", "settle", "reconcile")
    }
    assert {deployment.work_pool_name for deployment in found.values()} == {"tieout"}
    assert [(s.schedule.cron, s.schedule.timezone) for s in found["nightly"].schedules] == [
        ("0 3 * * *", "America/Los_Angeles")
    ]
    assert found["nightly"].global_concurrency_limit is None
    assert not found["upload"].schedules + found["settle"].schedules + found["reconcile"].schedules
    assert found["nightly"].pull_steps == [
        {"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}
    ]
