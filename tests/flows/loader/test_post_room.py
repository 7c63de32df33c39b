from typing import Any, cast

from flows.loader.http import Pacer
from flows.loader.post import Posting
from flows.settings import LoaderSettings


def test_nothing_is_free_where_more_is_in_flight_than_the_pace_lets_out() -> None:
    unused = cast("Any", None)  # what is free depends on the pace and the settings alone
    pacer = Pacer(2)
    posting = Posting(unused, unused, pacer, LoaderSettings(concurrency=4), "run", lambda _count: None)
    assert posting._free_requests(0) > 0
    assert posting._free_requests(100) == 0
