"""Why the loader uses aiohttp: requests a second against the sandbox on loopback, side by side with httpx.

httpx comes with Prefect anyway, so a second client has to earn its place. Each sends the same earns, as many at a time,
over connections that are kept; the sandbox commits each one. Rounds take turns, so that both see the same machine.

    TIEOUT_BENCH_REQUESTS     how many in each round; 2,000 without it
    TIEOUT_BENCH_CONNECTIONS  how many at a time; 32 without it
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import httpx

from flows.sandbox import start_sandbox

_REQUESTS = int(os.environ.get("TIEOUT_BENCH_REQUESTS", "2000"))
_CONNECTIONS = int(os.environ.get("TIEOUT_BENCH_CONNECTIONS", "32"))
_ROUNDS = 3
_PATH = "/public/v6/client/clientrewards"
Post = Callable[[dict[str, Any]], Awaitable[int]]


def main() -> None:
    """Print the median of each client's rounds, and their ratio."""
    with start_sandbox() as sandbox:
        rates: dict[str, list[float]] = {"aiohttp": [], "httpx": []}
        for _ in range(_ROUNDS):
            rates["aiohttp"].append(asyncio.run(with_aiohttp(sandbox)))
            rates["httpx"].append(asyncio.run(with_httpx(sandbox)))
    median = {name: statistics.median(rounds) for name, rounds in rates.items()}
    lines = [f"{_REQUESTS:,} requests at {_CONNECTIONS} connections, median of {_ROUNDS} rounds"]
    lines += [f"{name:<8} {rate:7,.0f} requests/s" for name, rate in median.items()]
    lines += [f"aiohttp sends {median['aiohttp'] / median['httpx']:.1f} times as many"]
    sys.stdout.write("\n".join(lines) + "\n")


async def with_aiohttp(sandbox: dict[str, Any]) -> float:
    """Return requests a second."""
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    async with aiohttp.ClientSession(sandbox["url"], connector=connector, headers=await headers(sandbox)) as session:

        async def post(body: dict[str, Any]) -> int:
            async with session.post(_PATH, json=body) as answer:
                await answer.read()
                return answer.status

        return await rate_of(post, sandbox)


async def with_httpx(sandbox: dict[str, Any]) -> float:
    """Return requests a second."""
    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    known = await headers(sandbox)
    async with httpx.AsyncClient(base_url=sandbox["url"], limits=limits, headers=known, trust_env=False) as client:

        async def post(body: dict[str, Any]) -> int:
            return (await client.post(_PATH, json=body)).status_code

        return await rate_of(post, sandbox)


async def headers(sandbox: dict[str, Any]) -> dict[str, str]:
    """Log in as every client must."""
    site = sandbox["mindbody"]
    known = {"Api-Key": site["api_key"], "SiteId": site["site_id"]}
    credentials = {"Username": site["username"], "Password": site["password"]}
    async with (
        aiohttp.ClientSession(sandbox["url"], headers=known) as session,
        session.post("/public/v6/usertoken/issue", json=credentials) as answer,
    ):
        return known | {"Authorization": (await answer.json())["AccessToken"]}


async def rate_of(post: Post, sandbox: dict[str, Any]) -> float:
    """Send all requests from as many workers as there are connections."""
    clients = sandbox["mindbody"]["client_ids"]
    waiting = iter(range(_REQUESTS))

    async def work() -> None:
        for number in waiting:
            body = {"ClientId": clients[number % len(clients)], "Points": 1, "Action": "Earned", "Source": "Sale"}
            assert await post(body) == 200

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(_CONNECTIONS)))
    return _REQUESTS / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
