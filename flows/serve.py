"""Keep the nightly schedule on one box, by Prefect's `serve`: no work pool, no worker, no other service to look after.

With a configured Prefect API the deployments appear there and runs can be started there. Without one, a server of our
own keeps them for as long as this process lives, on Prefect's usual port if that is free, with its database in the
workspace (`.prefect/`), so that the runs of earlier nights can be looked up. In both cases a night that this box
slept through is made up for when it serves again.

Each run is a process of its own, so one that dies takes nobody along; told to stop, this process stops them
first.
"""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flows.prefect_server import prefect_api  # before Prefect, which reads its settings as it is imported

# isort: split
from prefect import Flow
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.types.entrypoint import EntrypointType

from flows.errors import SettingsError
from flows.nightly import nightly
from flows.reconcile import reconcile
from flows.settings import Settings
from flows.upload import upload

NIGHTLY_CRON = "0 3 * * *"
PREFECT_PORT = 4200
# A second nightly waits for the first: cancelled, it would leave what came into the inbox meanwhile to the next night.
ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)


def serve_nightly(
    settings: Settings,
    config: Path | None,
    cron: str = NIGHTLY_CRON,
    timezone: str = "UTC",
    announce: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve the three flows until SIGTERM or Ctrl-C, `nightly` by the schedule.

    `announce` is told Prefect's API URL once runs are taken. `cron` holds in `timezone` (an IANA name), summer
    time included. Raises `SettingsError` where either is none, and `CouldNotRun` where no API can be reached.
    """
    deployments = list(_deployments(config, _schedule(cron, timezone)))
    with prefect_api(settings.root / ".prefect", with_scheduler=True, port=_free_port()) as url:
        runner = Runner(name="tieout", pause_on_shutdown=False)
        for deployment in deployments:
            runner.add_deployment(deployment)
        asyncio.run(_run_until_told_to_stop(runner, lambda: announce(url)))


def _schedule(cron: str, timezone: str) -> CronSchedule:
    try:
        return CronSchedule(cron=cron, timezone=timezone)
    except ValueError:
        raise SettingsError(
            f'"{cron}" in "{timezone}" is no schedule: write a cron line such as "{NIGHTLY_CRON}" and a time zone '
            'such as "America/Los_Angeles".'
        ) from None


def _deployments(config: Path | None, schedule: CronSchedule) -> Iterator[RunnerDeployment]:
    yield _deployment(nightly, config, schedules=[schedule], concurrency_limit=ONE_AT_A_TIME)
    yield _deployment(upload, config)
    yield _deployment(reconcile, config)


def _deployment(served: Flow[Any, Any], config: Path | None, **options: Any) -> RunnerDeployment:
    """By its module, so that a run finds the flow wherever the package is installed, and from whatever folder."""
    parameters = {"config": str(config.resolve())} if config else {}
    return RunnerDeployment.from_flow(
        served, served.name, parameters=parameters, entrypoint_type=EntrypointType.MODULE_PATH, **options
    )


async def _run_until_told_to_stop(runner: Runner, announce: Callable[[], None]) -> None:
    """Prefect's own handler of SIGTERM forgets to await what it starts; ours replaces it and stops in order."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    running = asyncio.create_task(runner.start())
    while not (runner.started or running.done()):  # noqa: ASYNC110 - it tells nobody that it has started
        await asyncio.sleep(0.01)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    announce()
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if runner.started:
        await runner.astop()
    await running


def _free_port() -> int:
    """Return Prefect's usual port, else 0 for any."""
    try:
        socket.create_server(("127.0.0.1", PREFECT_PORT)).close()
    except OSError:
        return 0
    return PREFECT_PORT
