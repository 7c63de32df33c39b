import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from flows.ledger.connection import open_ledger
from flows.nightly import nightly
from flows.orchestration.serve import ServedFlows, serve_nightly
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, WrongUsage
from flows.settings.load import load_settings
from flows.settings.sections import Settings
from flows.status import collect_status
from flows.status.schedule import Schedule, keep_schedule
from tests.flows.conftest import fill_workspace
from tests.flows.eventually import eventually
from transforms.nights import NightState

# isort: split
from prefect.client.orchestration import SyncPrefectClient

SERVE = """
import sys
from pathlib import Path
from flows.nightly import nightly
from flows.orchestration.serve import ServedFlows, serve_nightly
from flows.reconcile import reconcile
from flows.settings.load import load_settings
from flows.settle import settle
from flows.status.schedule import Schedule
from flows.upload import upload
config = Path("tieout.toml")
schedule = Schedule("15 2 * * *", "Europe/Berlin")
served = ServedFlows(nightly, by_hand=(upload, settle, reconcile))
serve_nightly(load_settings(config), config, schedule, served, lambda url: print(url, flush=True))
print("stopped in order")
"""

NO_FLOWS = ServedFlows(nightly, by_hand=())


@pytest.fixture(scope="module")
def served(prefect_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace in which another process serves; ready when the first line is there."""
    folder = fill_workspace(tmp_path_factory.mktemp("served"))
    with start_serving(prefect_environment, folder):
        yield folder


@contextmanager
def start_serving(prefect_environment: dict[str, str], workspace: Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", SERVE],
        cwd=workspace,
        env=prefect_environment | {"PREFECT_RUNNER_POLL_FREQUENCY": "1", "TIEOUT_DESK__ON": "false"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline().strip() == prefect_environment["PREFECT_API_URL"]
        yield process
        process.kill()


def test_the_server_knows_the_flows_and_the_schedule(served: Path, prefect_client: SyncPrefectClient) -> None:
    nightly, *others = (
        prefect_client.read_deployment_by_name(f"{n}/{n}") for n in ("nightly", "upload", "settle", "reconcile")
    )
    assert [(s.schedule.cron, s.schedule.timezone) for s in nightly.schedules] == [("15 2 * * *", "Europe/Berlin")]
    assert [deployment.schedules for deployment in others] == [[], [], []]
    assert nightly.parameters == {"config": str(served / "tieout.toml")}


def test_a_run_that_is_asked_for_ends(served: Path, prefect_client: SyncPrefectClient) -> None:
    deployment = prefect_client.read_deployment_by_name("nightly/nightly")
    run = prefect_client.create_flow_run_from_deployment(deployment.id)
    state = eventually(lambda: (found := prefect_client.read_flow_run(run.id).state) and found.is_final() and found)
    assert state, "it has not ended"
    assert state.is_completed(), state


@pytest.mark.first_case
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_stops_in_order(
    prefect_environment: dict[str, str], workspace: Path, number: signal.Signals
) -> None:
    with start_serving(prefect_environment, workspace) as process:
        process.send_signal(number)
        stdout, stderr = process.communicate()
    assert (process.returncode, stdout, stderr) == (0, "stopped in order\n", "")


def test_serve_nightly_refuses_a_second_one_in_the_same_workspace(served: Path) -> None:
    settings = load_settings(served / "tieout.toml")
    with pytest.raises(CouldNotRun, match="another `tieout serve`"):
        serve_nightly(settings, None, Schedule("0 3 * * *", "UTC"), NO_FLOWS)


def test_serve_nightly_refuses_a_schedule_that_prefect_cannot_keep(workspace: Path) -> None:
    with pytest.raises(WrongUsage, match="Prefect cannot keep the schedule"):
        serve_nightly(load_settings(workspace / "tieout.toml"), None, Schedule("0 3 LW * *", "UTC"), NO_FLOWS)


@pytest.mark.long
def test_a_night_that_was_due_is_made_up_for_at_once(
    prefect_environment: dict[str, str], prefect_client: SyncPrefectClient, workspace: Path
) -> None:
    settings = load_settings(workspace / "tieout.toml")
    with open_ledger(settings) as ledger, ledger.begin() as connection:
        keep_schedule(connection, Schedule("15 2 * * *", "Europe/Berlin"), utc_now() - timedelta(days=2))
    with start_serving(prefect_environment, workspace) as process:
        assert eventually(lambda: has_ended(settings)), "no night ran"
        process.terminate()
        _, stderr = process.communicate()
    assert "A night was due and did not run: making up for it now." in stderr
    # The log of the night itself, in a process that nobody else listens to.
    assert "Ties out" in stderr


def has_ended(settings: Settings) -> bool:
    with open_ledger(settings) as ledger:
        return collect_status(settings, ledger).last_state is NightState.ENDED
