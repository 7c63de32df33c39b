"""Post 20,000 events of 2,000 clients with a durable ledger, beside a bare loop of the same HTTP client.

    python -m tests.bench.posting [--events N] [--clients N] [--rounds N] [--only sqlite|postgresql]

In each round the bare loop, tieout on SQLite and tieout on PostgreSQL post the same number of events one after the
other, at the same concurrency, over connections of the same client to the same sandbox, which is a process of its own
and shares the machine with them. The bare loop keeps nothing; tieout claims each event durably before its request
leaves and records the answer after. Printed: the medians over the rounds of events a second and of each round's ratio,
so that a machine that is busy with something else slows both sides. Below 0.5 on SQLite the bench fails; the goals are
printed beside what was measured.
"""

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import pandas as pd

from flows.intake.check import check_file
from flows.intake.register import register
from flows.ledger.connection import Ledger, open_ledger
from flows.loader.deliver import post_destination
from flows.runtime.clock import utc_now
from flows.sandbox import start_sandbox
from flows.settings.sections import Settings
from sql.runs import start_run
from tests.bench.goals import Goal, tell
from tests.postgresql import postgresql_server
from tests.registered import run_of
from transforms.destinations import Destination
from transforms.vocabulary import Target

CONCURRENCY = 16
LEAST = 0.5  # on SQLite
GOALS = {"sqlite": 0.75, "postgresql": 0.65}
_SIDES = ("bare", "sqlite", "postgresql")
_TITLES = {
    "bare": "bare aiohttp loop",
    "sqlite": "tieout, ledger in SQLite",
    "postgresql": "tieout, ledger in PostgreSQL",
}


@dataclass(frozen=True)
class Took:
    """What posting took."""

    seconds: float
    cpu_seconds: float  # of this process; the service's is not in it


@dataclass
class Side:
    """One of those that are compared: posts a number of events and returns what it took."""

    post: Callable[[list[dict[str, Any]]], "Took"]
    clients: list[str]  # nobody else's
    rates: list[float] = field(default_factory=list)  # events a second, a round each
    cpu_us: list[float] = field(default_factory=list)  # of this process for an event, a round each


def main() -> int:
    """Measure and print; 1 where the goal is missed."""
    arguments = _read_arguments()
    names = [name for name in _SIDES if arguments.only in ("", name) or name == "bare"]
    per_round = arguments.events // arguments.rounds
    with ExitStack() as stack:
        sides = _open_sides(stack, names, arguments.clients)
        days = count(1)
        for _ in range(arguments.rounds):
            start = next(days)
            for side in sides.values():
                took = side.post(_bodies(side.clients, per_round, start))
                side.rates.append(per_round / took.seconds)
                side.cpu_us.append(took.cpu_seconds / per_round * 1e6)
    return _tell(sides)


def _open_sides(stack: ExitStack, names: list[str], clients_count: int) -> dict[str, Side]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tieout-bench-")))
    options = ("--extra-clients", str(len(names) * clients_count))
    ready = stack.enter_context(start_sandbox(state=folder / "sandbox.json", options=options))
    clients = iter(ready["mindbody"]["client_ids"][-len(names) * clients_count :])
    sides = {}
    for name in names:
        mine = [next(clients) for _ in range(clients_count)]
        if name == "bare":
            sides[name] = Side(lambda bodies: _measure(lambda: asyncio.run(_post_bare(ready, bodies))), mine)
            continue
        if name == "sqlite":
            url = f"sqlite:///{folder / 'ledger.db'}"
        else:
            url = stack.enter_context(postgresql_server()).url()
        settings = _settings(folder, ready, url)
        ledger = stack.enter_context(open_ledger(settings))
        sides[name] = Side(_poster(folder / name, settings, ledger), mine)
    return sides


def _bodies(clients: list[str], events_count: int, day: int) -> list[dict[str, Any]]:
    return [
        {
            "ClientId": clients[number % len(clients)],
            "Points": 1 + number % 7,
            "Action": "Earned",
            "Source": "Sale",
            "ActionDateTime": f"2025-10-{day:02}T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z",
        }
        for number in range(events_count)
    ]


def _measure(run: Callable[[], None]) -> Took:
    started, cpu = time.perf_counter(), time.process_time()
    run()
    return Took(time.perf_counter() - started, time.process_time() - cpu)


async def _post_bare(ready: dict[str, Any], bodies: list[dict[str, Any]]) -> None:
    keys = ready["mindbody"]
    headers = {"Api-Key": keys["api_key"], "SiteId": keys["site_id"], "Content-Type": "application/json"}
    url = f"{ready['url']}/public/v6"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONCURRENCY), headers=headers) as session:
        login = {"Username": keys["username"], "Password": keys["password"]}
        async with session.post(f"{url}/usertoken/issue", json=login) as response:
            token = (await response.json())["AccessToken"]
        left = iter(bodies)

        async def worker() -> None:
            for body in left:
                data = json.dumps(body).encode()
                async with session.post(
                    f"{url}/client/clientrewards", data=data, headers={"Authorization": token}
                ) as response:
                    await response.read()

        await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))


def _poster(folder: Path, settings: Settings, ledger: Ledger) -> Callable[[list[dict[str, Any]]], Took]:
    folder.mkdir()
    place = Destination(Target.MINDBODY, settings.mindbody.sites[0].site_id)
    numbers = count(1)

    def post(bodies: list[dict[str, Any]]) -> Took:
        run_id = f"bench-{next(numbers)}"
        source = folder / f"{run_id}.csv"
        pd.DataFrame(bodies).to_csv(source, index=False)
        with ledger.begin() as connection:
            start_run(connection, run_id, "upload", utc_now())
        run = run_of(settings, ledger, run_id)
        register(run, check_file(settings, source, None))
        return _measure(lambda: post_destination(run, place))

    return post


def _settings(folder: Path, ready: dict[str, Any], url: str) -> Settings:
    keys = ready["mindbody"]
    site = {key: keys[key] for key in ("site_id", "timezone", "username", "password")}
    return Settings(
        database_url=url,
        workspace=folder,
        mindbody={
            "base_url": ready["url"],
            "api_key": keys["api_key"],
            "calls_per_day": 10**9,
            "requests_per_second_per_key": 10**6,
            "sites": [site],
        },
        loader={"concurrency": CONCURRENCY, "requests_per_second": 10**6},
    )


def _tell(sides: dict[str, Side]) -> int:
    ratios = {}
    for name, side in sides.items():
        ratios[name] = median(ours / bare for ours, bare in zip(side.rates, sides["bare"].rates, strict=True))
        figures = (
            f"{median(side.rates):6.0f} events/s   ratio {ratios[name]:.2f}   {median(side.cpu_us):4.0f} us of CPU each"
        )
        sys.stdout.write(f"{_TITLES[name]:<30} {figures}\n")
    for name, goal in GOALS.items():
        if name in ratios:
            tell(Goal(f"posting, {_TITLES[name]}", ratios[name], goal, "of the rate", "the bare loop", is_least=True))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{'peak memory':<30} {peak_mb:6.0f} MB\n")
    return 0 if ratios.get("sqlite", LEAST) >= LEAST else 1


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.posting", description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("", "sqlite", "postgresql"), default="")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
