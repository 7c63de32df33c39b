"""Keep the nightly schedule on one box, by Prefect's `serve`: no work pool, no worker, no other service to look after.

With a configured Prefect API the deployments appear there and runs can be started there. Without one, a server of our
own keeps them for as long as this process lives, on Prefect's usual port if that is free, with its database in the
workspace (`.prefect/`), so that the runs of earlier nights can be looked up. That server is started again where it
ends by itself.

Each run is a process of its own, so one that dies takes nobody along; told to stop, this process stops them first.
Whatever killed an earlier `serve`, the next one starts clean: what it left as running is marked as crashed, and one
night makes up for all that were due meanwhile (`nights_left_over`).
"""

import asyncio
import signal
import socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.notices.quiet import send_kept
from flows.orchestration.server import (  # before Prefect, which reads its settings as it is imported
    OwnServer,
    is_api_configured,
    lasting_home,
    reach_configured_api,
    using_server,
)

# isort: split
from prefect import Flow
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.types.entrypoint import EntrypointType

from flows.ledger.connection import open_ledger
from flows.orchestration.desk import keep_desk
from flows.orchestration.forms import TAGS
from flows.orchestration.nights_left_over import clear_left_over, start_a_night
from flows.orchestration.service_errors import hearing_errors
from flows.runs.turn import is_night_at_work, only_one
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, WrongUsage
from flows.runtime.progress import Say, say_on_stderr
from flows.runtime.schedule import starting_by_schedule
from flows.settings.sections import Settings
from flows.status.collect import due_now
from flows.status.schedule import NIGHTLY_CRON, Schedule, keep_schedule

PREFECT_PORT = 4200
_WATCH_SECONDS = 1.0
_TELL_SECONDS = 60.0
# A server that cannot stay up is not brought up for ever: whoever keeps this process (systemd, a person) is told.
_MOST_RESTARTS = 5
_RESTARTS_WITHIN_SECONDS = 3600.0


@dataclass(frozen=True)
class ServedFlows:
    """The flows to serve: the one that a schedule starts, and those that people start."""

    nightly: Flow[Any, Any]
    by_hand: tuple[Flow[Any, Any], ...]


def serve_nightly(
    settings: Settings,
    config: Path | None,
    schedule: Schedule,
    served: ServedFlows,
    announce: Say = lambda _url: None,
    say: Say = say_on_stderr,
) -> None:
    """Serve the flows until SIGTERM or Ctrl-C, the nightly one by the schedule.

    `announce` is told Prefect's API URL once runs are taken, `say` what a person should know meanwhile. From now on the
    ledger knows the schedule, so that a night which does not run is missed. Raises `WrongUsage` where the schedule
    is none for Prefect, and `CouldNotRun` where no API or ledger can be reached, or another `serve` is at work here.
    """
    deployments = list(_deployments(config, _prefect_schedule(schedule), served))
    with only_one(settings.prefect_folder / "serve.lock", "another `tieout serve` keeps the nights of this workspace"):
        _remember(settings, schedule)
        own_server = None if is_api_configured() else _own_server(settings, say)
        config = config.resolve() if config else None
        # Runs are processes of their own, which take over the environment: nobody sits before them.
        with _api(own_server) as url, hearing_errors(settings.prefect_folder, say), starting_by_schedule():
            asyncio.run(_serve(settings, config, deployments, own_server, url, announce, say))


def _prefect_schedule(schedule: Schedule) -> CronSchedule:
    try:
        return CronSchedule(cron=schedule.cron, timezone=schedule.timezone)
    except ValueError:
        raise WrongUsage(
            f'Prefect cannot keep the schedule "{schedule.cron}": write a cron line such as "{NIGHTLY_CRON}".'
        ) from None


def _deployments(config: Path | None, schedule: CronSchedule, served: ServedFlows) -> Iterator[RunnerDeployment]:
    yield _deployment(served.nightly, config, schedules=[schedule])
    for flow in served.by_hand:
        yield _deployment(flow, config)


def _deployment(served: Flow[Any, Any], config: Path | None, **options: Any) -> RunnerDeployment:
    """By its module, so that a run finds the flow wherever the package is installed, and from whatever folder."""
    parameters = {"config": str(config.resolve())} if config else {}
    return RunnerDeployment.from_flow(
        served,
        served.name,
        parameters=parameters,
        tags=list(TAGS),
        entrypoint_type=EntrypointType.MODULE_PATH,
        **options,
    )


def _remember(settings: Settings, schedule: Schedule) -> None:
    with open_ledger(settings) as ledger, ledger.begin() as connection:
        keep_schedule(connection, schedule, utc_now())


def _own_server(settings: Settings, say: Say) -> OwnServer:
    store = settings.prefect_folder
    home = lasting_home(store)
    # Before the services are up, which would be marking as late what is called off here: both write to one database.
    with using_server(OwnServer(home, errors_folder=store, say=say)):
        asyncio.run(clear_left_over(with_running=True))
    return OwnServer(home, errors_folder=store, with_scheduler=True, port=_free_port(), say=say)


def _free_port() -> int:
    """Return Prefect's usual port, else 0 for any."""
    try:
        socket.create_server(("127.0.0.1", PREFECT_PORT)).close()
    except OSError:
        return 0
    return PREFECT_PORT


def _api(own_server: OwnServer | None) -> AbstractContextManager[str]:
    return _configured_api() if own_server is None else using_server(own_server)


@contextmanager
def _configured_api() -> Iterator[str]:
    url = reach_configured_api()
    # What is shown there as at work may be another machine's.
    asyncio.run(clear_left_over(with_running=False))
    yield url


async def _serve(
    settings: Settings,
    config: Path | None,
    deployments: list[RunnerDeployment],
    own_server: OwnServer | None,
    url: str,
    announce: Say,
    say: Say,
) -> None:
    runner = Runner(name="tieout", pause_on_shutdown=False)
    deployment_ids = [await runner.aadd_deployment(deployment) for deployment in deployments]
    running = asyncio.create_task(runner.start())
    while not (runner.started or running.done()):  # noqa: ASYNC110 - it tells nobody that it has started
        await asyncio.sleep(0.01)
    # Only now: the runner, as it starts, sets a handler of its own.
    told = _told_to_stop()
    announce(url)
    if _is_night_due(settings, say):
        await start_a_night(deployment_ids[0])
    stopping = asyncio.create_task(told.wait())
    keeping_up = asyncio.create_task(_keep_up(own_server, say))
    telling = asyncio.create_task(tell_after_quiet_hours(settings, say))
    # It is not among those whose end ends us: nights go on, whatever becomes of the pages.
    desk = asyncio.create_task(keep_desk(settings, config, say))
    ending = {running, stopping, keeping_up, telling}
    done, others = await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
    for task in (others - {running}) | {desk}:
        task.cancel()
    await asyncio.wait({desk})
    # The runs first, and then the error of whatever ended it: a night must not be left to itself.
    if runner.started:
        await runner.astop()
    await asyncio.gather(*done, running)


def _told_to_stop() -> asyncio.Event:
    """Prefect's own handler of SIGTERM forgets to await what it starts; ours replaces it and stops in order."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    return told


def _is_night_due(settings: Settings, say: Say) -> bool:
    """Return whether a night is to be started now, since one was due while nobody served."""
    with open_ledger(settings) as ledger, ledger.begin() as connection:
        is_due = due_now(connection, settings, is_one_at_work=is_night_at_work(settings.prefect_folder))
    if is_due and settings.schedule.make_up:
        say("A night was due and did not run: making up for it now.")
    elif is_due:
        say("A night was due and did not run, and schedule.make_up is off: `tieout run` makes up for it.")
    return is_due and settings.schedule.make_up


async def tell_after_quiet_hours(settings: Settings, say: Say) -> None:
    """Send what quiet hours have kept as they end: the next night may be in the next ones."""
    while True:
        await asyncio.sleep(_TELL_SECONDS)
        await asyncio.to_thread(send_kept, settings, say)


async def _keep_up(own_server: OwnServer | None, say: Say) -> None:
    """Start our own server again whenever it has ended by itself; `CouldNotRun` where it does not stay up."""
    restarts: deque[float] = deque(maxlen=_MOST_RESTARTS)
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        if own_server is None or not own_server.has_ended:
            continue
        if len(restarts) == _MOST_RESTARTS and time.monotonic() - restarts[0] < _RESTARTS_WITHIN_SECONDS:
            raise CouldNotRun(f"Prefect's server ended {_MOST_RESTARTS} times within an hour: see `tieout doctor`.")
        restarts.append(time.monotonic())
        say("Prefect's server has ended by itself: starting it again.")
        await asyncio.to_thread(own_server.start)
