import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.errors import SettingsError
from flows.orchestration.serve import serve_nightly
from flows.settings import Settings
from tests.flows.eventually import eventually

# isort: split
from prefect.client.orchestration import SyncPrefectClient

SERVE = """
import sys
from pathlib import Path
from flows.orchestration.serve import serve_nightly
from flows.settings import load_settings
config = Path("tieout.toml")
serve_nightly(load_settings(config), config, "15 2 * * *", "Europe/Berlin", lambda url: print(url, flush=True))
print("stopped in order")
"""


@pytest.fixture
def serving(prefect_environment: dict[str, str], workspace: Path) -> Iterator["subprocess.Popen[str]"]:
    """Serve in the workspace; ready when the first line is there."""
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", SERVE],
        cwd=workspace,
        env=prefect_environment | {"PREFECT_RUNNER_POLL_FREQUENCY": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline().strip() == prefect_environment["PREFECT_API_URL"]
        yield process
        process.kill()


def test_the_server_knows_the_flows_and_the_schedule(
    serving: object, prefect_client: SyncPrefectClient, workspace: Path
) -> None:
    nightly, *others = (prefect_client.read_deployment_by_name(f"{n}/{n}") for n in ("nightly", "upload", "reconcile"))
    assert [(s.schedule.cron, s.schedule.timezone) for s in nightly.schedules] == [("15 2 * * *", "Europe/Berlin")]
    assert [deployment.schedules for deployment in others] == [[], []]
    assert nightly.parameters == {"config": str(workspace / "tieout.toml")}
    assert nightly.global_concurrency_limit.limit == 1


def test_a_run_that_is_asked_for_ends(serving: object, prefect_client: SyncPrefectClient) -> None:
    deployment = prefect_client.read_deployment_by_name("nightly/nightly")
    run = prefect_client.create_flow_run_from_deployment(deployment.id)
    state = eventually(lambda: (found := prefect_client.read_flow_run(run.id).state) and found.is_final() and found)
    assert state, "it has not ended"
    assert state.is_completed(), state


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_stops_in_order(serving: "subprocess.Popen[str]", number: signal.Signals) -> None:
    serving.send_signal(number)
    stdout, stderr = serving.communicate()
    assert (serving.returncode, stdout, stderr) == (0, "stopped in order\n", "")


@pytest.mark.parametrize(
    ("cron", "timezone"),
    [
        pytest.param("at three", "UTC", id="no-cron"),
        pytest.param("0 3 * * *", "Mars/Olympus", id="no-zone"),
    ],
)
def test_serve_nightly_refuses_what_is_no_schedule(cron: str, timezone: str) -> None:
    with pytest.raises(SettingsError, match="is no schedule"):
        serve_nightly(Settings(), None, cron, timezone)
