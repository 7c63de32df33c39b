from types import SimpleNamespace
from typing import Any, cast

from flows.loader.post import Posting
from flows.services.pace import Pacer
from flows.services.standing import Standing
from flows.settings.of_nights import LoaderSettings


def posting_at(requests_per_second: float, events_per_request: int = 1) -> Posting:
    gateway = cast("Any", SimpleNamespace(events_per_request=events_per_request))
    unused = cast("Any", None)  # what is free depends on the pace and the settings alone
    pacer = Pacer(requests_per_second)
    return Posting(unused, gateway, Standing(pacer), LoaderSettings(concurrency=4), "run", lambda _count: None)


def test_nothing_is_free_where_more_is_in_flight_than_the_pace_lets_out() -> None:
    posting = posting_at(requests_per_second=2)
    assert posting._free_requests(0) > 0
    assert posting._free_requests(100) == 0


def test_few_are_claimed_ahead_where_the_pace_is_slow_or_a_request_carries_many() -> None:
    assert posting_at(requests_per_second=10)._most_ahead() == 2
    assert posting_at(requests_per_second=10**6)._most_ahead() == 2048
    assert posting_at(requests_per_second=10**6, events_per_request=100)._most_ahead() == 20
