"""Post 20,000 events of 2,000 clients with a durable ledger, beside a bare loop of the same HTTP client.

    python -m tests.bench.posting [--events N] [--clients N]

Both sides send the same bodies to the same sandbox at the same concurrency, one after the other, and the bare loop
keeps nothing. The goal is a ratio of at least 0.5. Printed: events a second of both, their ratio, and peak memory.
"""

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
import pandas as pd

from flows.checking import check_file
from flows.clock import utc_now
from flows.ledger import Ledger, open_ledger
from flows.registering import register
from flows.sandbox import start_sandbox
from flows.services import post_place
from flows.settings import Settings
from sql.runs import start_run
from transforms.vocabulary import Target

CONCURRENCY = 16
GOAL = 0.5


def main() -> int:
    """Measure and print; 1 where the goal is missed."""
    arguments = _read_arguments()
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as name:
        folder = Path(name)
        options = ("--extra-clients", str(2 * arguments.clients))
        with start_sandbox(state=folder / "sandbox.json", options=options) as ready:
            clients = ready["mindbody"]["client_ids"][-2 * arguments.clients :]
            bodies = _bodies(clients[: arguments.clients], arguments.events)
            bare = _rate(len(bodies), lambda: asyncio.run(_post_bare(ready, bodies)))
            ours = _measure_ours(folder, ready, _bodies(clients[arguments.clients :], arguments.events))
    ratio = ours / bare
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"bare aiohttp loop      {bare:8.0f} events/s\n")
    sys.stdout.write(f"tieout, durable ledger {ours:8.0f} events/s   ratio {ratio:.2f} (goal {GOAL})\n")
    sys.stdout.write(f"peak memory            {peak_mb:8.0f} MB\n")
    return 0 if ratio >= GOAL else 1


def _bodies(clients: list[str], events_count: int) -> list[dict[str, Any]]:
    return [
        {
            "ClientId": clients[number % len(clients)],
            "Points": 1 + number % 7,
            "Action": "Earned",
            "Source": "Sale",
            "ActionDateTime": f"2025-10-{1 + number % 28:02}T{number // 3600 % 24:02}:{number // 60 % 60:02}:00Z",
        }
        for number in range(events_count)
    ]


def _rate(events_count: int, run: Any) -> float:
    started = time.perf_counter()
    run()
    return events_count / (time.perf_counter() - started)


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


def _measure_ours(folder: Path, ready: dict[str, Any], bodies: list[dict[str, Any]]) -> float:
    settings = _settings(folder, ready)
    source = folder / "events.csv"
    pd.DataFrame(bodies).to_csv(source, index=False)
    with open_ledger(settings) as ledger:
        with ledger.begin() as connection:
            start_run(connection, "bench", "upload", utc_now())
        register(settings, ledger, "bench", check_file(settings, source, None))
        return _rate(len(bodies), lambda: _post_ours(settings, ledger))


def _post_ours(settings: Settings, ledger: Ledger) -> None:
    place = (Target.MINDBODY, settings.mindbody.sites[0].site_id)
    post_place(settings, ledger, "bench", place, lambda _count: None)


def _settings(folder: Path, ready: dict[str, Any]) -> Settings:
    keys = ready["mindbody"]
    site = {key: keys[key] for key in ("site_id", "timezone", "username", "password")}
    return Settings(
        database_url=f"sqlite:///{folder / 'ledger.db'}",
        workspace=folder,
        mindbody={"base_url": ready["url"], "api_key": keys["api_key"], "calls_per_day": 10**9, "sites": [site]},
        loader={"concurrency": CONCURRENCY, "requests_per_second": 10**6},
    )


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.posting", description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=2_000)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
