"""How a place stands is known to all who ask there: its quiet, whoever was asked for it, and when."""

import asyncio
import time

import pytest

from flows.runtime.errors import ServiceUnreachable
from flows.services.pace import Pacer
from flows.services.standing import Standing

WEEK_SECONDS = 7 * 86_400


def test_a_long_quiet_that_comes_while_one_waits_for_its_turn_is_not_waited_for() -> None:
    pacer = Pacer(requests_per_second=5)
    standing = Standing(pacer)

    async def ask() -> None:
        await standing.wait_for_turn()
        waiting = asyncio.create_task(standing.wait_for_turn())
        await asyncio.sleep(0.05)
        pacer.pause(WEEK_SECONDS)
        await waiting

    begun = time.monotonic()
    with pytest.raises(ServiceUnreachable, match="seconds of quiet"):
        asyncio.run(asyncio.wait_for(ask(), timeout=60))
    assert time.monotonic() - begun < 60
