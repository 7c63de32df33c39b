import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from flows.runtime.errors import ServiceUnreachable
from flows.runtime.interrupt import stop_requested
from flows.services.http import Reach, exchange, open_session
from flows.services.pace import LONGEST_PAUSE_SECONDS, Pacer, backoff_seconds, wait_to_repeat
from flows.settings.sections import Settings
from tests.flows.services.exchanges import answer


@pytest.fixture
def stopped() -> Iterator[None]:
    stop_requested.set()
    yield
    stop_requested.clear()


def timed(pacer: Pacer, requests: int, at_most_seconds: float = 9) -> tuple[float, list[bool]]:
    async def wait_for_all() -> list[bool]:
        return await asyncio.gather(*(pacer.wait(at_most_seconds) for _ in range(requests)))

    started = time.monotonic()
    turns = asyncio.run(wait_for_all())
    return time.monotonic() - started, turns


def test_pacer_lets_out_so_many_a_second() -> None:
    seconds, turns = timed(Pacer(20), requests=5)
    assert all(turns)
    assert seconds >= 4 / 20


def test_pacer_refuses_at_once_a_turn_that_would_come_too_late() -> None:
    seconds, turns = timed(Pacer(1 / 120), requests=2, at_most_seconds=60)
    assert turns == [True, False]
    assert seconds < 60


def test_pacer_holds_who_waits_already_when_a_pause_comes() -> None:
    pacer = Pacer(10)

    async def pause_meanwhile() -> float:
        waiting = [asyncio.create_task(pacer.wait()) for _ in range(2)]
        await asyncio.sleep(0.02)
        pacer.pause(0.4)
        started = time.monotonic()
        await asyncio.gather(*waiting)
        return time.monotonic() - started

    assert asyncio.run(pause_meanwhile()) >= 0.38


def test_pacer_gives_no_turns_during_a_pause() -> None:
    pacer = Pacer(10)
    pacer.pause(5)
    assert (pacer.turns_within(60), pacer.seconds_until_turn > 4) == (0, True)


def test_pacer_turns_within_follows_the_pace() -> None:
    assert Pacer(10).turns_within(1.0) == 11


def test_pacer_ends_the_wait_when_a_stop_is_asked_for(stopped: None) -> None:
    assert timed(Pacer(10), requests=1)[1] == [False]


@pytest.mark.parametrize(("value", "seconds"), [("7", 7), ("0", 0), (" 30 ", 30)])
def test_retry_after_in_seconds(value: str, seconds: float) -> None:
    assert answer(429, headers={"Retry-After": value}).retry_after_seconds == seconds


def test_retry_after_as_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    seconds = answer(429, headers={"Retry-After": soon}).retry_after_seconds
    assert seconds is not None
    assert 85 < seconds <= 90


def test_retry_after_of_a_past_date_is_now() -> None:
    assert answer(429, headers={"Retry-After": "Wed, 01 Oct 2025 17:00:00 GMT"}).retry_after_seconds == 0


@pytest.mark.parametrize("headers", [{}, {"Retry-After": ""}, {"Retry-After": "nan"}, {"Retry-After": "-3"}])
def test_retry_after_that_says_nothing_is_none(headers: dict[str, str]) -> None:
    assert answer(429, headers=headers).retry_after_seconds is None


def test_wait_to_repeat_leaves_a_long_quiet_to_the_next_run() -> None:
    with pytest.raises(ServiceUnreachable, match="quiet"):
        asyncio.run(wait_to_repeat(LONGEST_PAUSE_SECONDS + 1, 1))


@pytest.mark.parametrize(("failures", "longest"), [(1, 0.5), (3, 2), (9, 30), (5000, 30)])
def test_backoff_seconds_doubles_up_to_half_a_minute(failures: int, longest: float) -> None:
    assert longest / 2 <= backoff_seconds(failures) <= longest


def test_exchange_with_nobody_there_never_left() -> None:
    async def send() -> Reach:
        async with open_session(Settings(), "http://127.0.0.1:9", 1, 2) as session:
            return (await exchange(session, "POST", "http://127.0.0.1:9/", headers={}, body=b"{}")).reach

    assert asyncio.run(send()) is Reach.NEVER_LEFT
