"""The posting loop against the real sandbox over a socket, and a real ledger."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from flows.ledger.connection import Ledger, open_ledger
from flows.ledger.run import Run
from flows.loader.deliver import post_destination
from flows.loader.settle import settle_destination
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, CredentialsRefused, Interrupted, ServiceUnreachable
from flows.runtime.interrupt import stop_requested
from flows.sandbox import start_sandbox
from flows.services.pace import Pacer
from flows.settings.sections import Settings
from sql.claims import declare_lost
from tests.registered import EARN, UPDATE, add_events, add_run, read_events, run_of
from transforms.destinations import Destination
from transforms.vocabulary import Target

MINDBODY = Destination(Target.MINDBODY, "-99")
REWARDS = Destination(Target.REFERRAL_ROCK, "")
SIX_REWARDS = [
    UPDATE | {"RewardId": f"3344d59a-0000-4000-8000-00000000000{number}", "Amount": f"{number}.25"}
    for number in (1, 2, 3, 4, 5, 6)  # number 3 is issued, so its update is refused
]


class Counting:
    """Progress that hands on how many more events are done."""

    def __init__(self, count: Callable[[int], None]) -> None:
        self._count = count

    def __call__(self, line: str, /) -> None:
        pass

    def count(self, more: int, /, unit: str = "events") -> None:
        self._count(more)


class Place:
    """A sandbox, a ledger that posts to it, and the sandbox's commit log."""

    def __init__(self, ready: dict[str, Any], ledger: Ledger, settings: Settings) -> None:
        self.ready, self.ledger, self.settings = ready, ledger, settings
        self.run_id = add_run(ledger, "run")

    def add(self, rows: list[dict[str, Any]]) -> None:
        add_events(self.ledger, self.settings, rows, self.run_id)

    def post(
        self, place: tuple[Target, str] = MINDBODY, on_progress: Callable[[int], None] = lambda _count: None
    ) -> None:
        post_destination(replace(self.run, progress=Counting(on_progress)), place)

    @property
    def run(self) -> Run:
        return run_of(self.settings, self.ledger, self.run_id)

    def states(self) -> list[str]:
        return [event.state for event in read_events(self.ledger)]

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in Path(self.ready["log"]).read_text("utf-8").splitlines()]


@contextmanager
def opened(folder: Path, faults: str | None = None, *options: str, **loader: Any) -> Iterator[Place]:
    with start_sandbox(state=folder / "sandbox.json", faults=faults, options=options) as ready:
        keys = ready["mindbody"]
        site = {key: keys[key] for key in ("site_id", "timezone", "username", "password")}
        calls_per_day = loader.pop("calls_per_day", 10_000)
        settings = Settings(
            database_url=f"sqlite:///{folder / 'ledger.db'}",
            workspace=folder,
            mindbody={
                "base_url": ready["url"], "api_key": keys["api_key"], "sites": [site], "calls_per_day": calls_per_day,
            },
            referral_rock={
                "base_url": ready["url"], "public_key": "sandbox-public-key", "private_key": "sandbox-private-key",
            },
            loader={"requests_per_second": 500, "timeout_seconds": 2, "settle_after_seconds": 0, "max_tries": 3}
            | loader,
        )  # fmt: skip
        with open_ledger(settings) as ledger:
            yield Place(ready, ledger, settings)


@pytest.mark.parametrize("hours", [-1, 1], ids=["back", "forth"])
def test_post_pays_nobody_twice_where_the_clock_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    asked = count()

    def stepping() -> datetime:
        return utc_now() + timedelta(hours=hours if next(asked) % 5 == 4 else 0)

    with opened(tmp_path, "mb:drop_after/4") as place:
        place.add([EARN | {"Points": points, "ClientId": f"10000000{points % 8 + 1}"} for points in range(1, 19)])
        with monkeypatch.context() as patch:
            for module in ("flows.loader.claims", "flows.ledger.connection", "flows.services.clocks"):
                patch.setattr(f"{module}.utc_now", stepping)
            place.post()
        # Hours later the clock is right: what is in doubt is read back, what was released is sent.
        place.ledger.go_by(utc_now() + timedelta(hours=3))
        for _ in range(18):
            with place.ledger.begin() as connection:
                declare_lost(connection, run_id=place.run_id, now=utc_now() + timedelta(hours=3))
            settle_destination(place.run, MINDBODY)
            place.post()
            if set(place.states()) == {"posted"}:
                break
        paid = Counter(line["points"] for line in place.log())
        assert (set(place.states()), max(paid.values())) == ({"posted"}, 1)
        assert len(paid) == place.states().count("posted")


def test_post_gives_up_on_what_is_released_unsent_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_pacer: Pacer, at_most_seconds: float = 0) -> bool:
        return False

    with opened(tmp_path, max_tries=3) as place:
        place.add([EARN])
        monkeypatch.setattr(Pacer, "wait", never)
        place.post()
        with place.ledger.begin() as connection:
            tries = connection.exec_driver_sql("SELECT count(*) FROM attempts").scalar_one()
        assert (tries, place.states(), place.log()) == (3, ["ready"], [])


def test_post_keeps_the_order_of_each_client(tmp_path: Path) -> None:
    clients = ("100000002", "100000004", "100000007")
    rows = [
        EARN | {"ClientId": one, "ActionDateTime": f"2025-10-{day:02}T17:00:00Z"}
        for day in (5, 3, 4, 1, 2)
        for one in clients
    ]
    with opened(tmp_path) as place:
        place.add(rows)
        place.post()
        log = place.log()
    for client in clients:
        times = [line["action_date_time"] for line in log if line["client_id"] == client]
        assert times == sorted(times)
        assert len(times) == 5


def test_post_again_sends_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as place:
        place.add([EARN])
        place.post()
        place.post()
        assert (len(place.log()), place.states()) == (1, ["posted"])


def test_post_renews_a_revoked_token(tmp_path: Path) -> None:
    with opened(tmp_path, "mb:401@2") as place:
        place.add([EARN | {"Points": points} for points in (1, 2, 3)])
        place.post()
        assert (place.states(), len(place.log())) == (["posted"] * 3, 3)


def test_post_stops_where_the_credentials_are_refused_twice(tmp_path: Path) -> None:
    with opened(tmp_path, "mb:401") as place:
        place.add([EARN])
        with pytest.raises(CredentialsRefused, match="twice"):
            place.post()
        assert place.states() == ["ready"]


def test_post_spends_no_more_calls_than_the_day_has(tmp_path: Path) -> None:
    with opened(tmp_path, calls_per_day=4) as place:  # one of them gets the token
        place.add([EARN | {"Points": points} for points in range(1, 9)])
        place.post()
        assert (len(place.log()), place.states().count("ready")) == (3, 5)


def test_post_waits_as_long_as_retry_after_says(tmp_path: Path) -> None:
    with opened(tmp_path, "mb:429_retry@1") as place:
        place.add([EARN])
        started = time.monotonic()
        place.post()
        assert time.monotonic() - started >= 1
        assert place.states() == ["posted"]


def test_post_gives_up_where_nothing_but_failures_comes_back(tmp_path: Path) -> None:
    with opened(tmp_path, "mb:429") as place:
        place.add([EARN])
        with pytest.raises(ServiceUnreachable, match="3 times in a row"):
            place.post()
        assert place.states() == ["ready"]


def test_post_leaves_a_client_in_doubt_alone(tmp_path: Path) -> None:
    with opened(tmp_path, "mb:drop_after@1") as place:
        place.add([EARN | {"Points": points} for points in (1, 2)])
        place.post()
        assert (place.states(), len(place.log())) == (["unknown", "ready"], 1)


@pytest.mark.parametrize(("fault", "state"), [("drop_after", "posted"), ("drop_before", "ready")])
def test_settle_decides_by_reading_back(tmp_path: Path, fault: str, state: str) -> None:
    with opened(tmp_path, f"mb:{fault}@1") as place:
        place.add([EARN])
        place.post()
        assert settle_destination(place.run, MINDBODY).undecided == set()
        assert place.states() == [state]


def test_settle_leaves_an_equal_entry_of_somebody_to_a_person(tmp_path: Path) -> None:
    with opened(tmp_path, "mb:drop_before@2") as place:
        place.add([EARN | {"ActionDateTime": f"2025-10-01T{hour}:00:00Z"} for hour in (16, 17)])
        place.post()  # the first tells the balance, the second is lost before it took effect
        enter_by_hand(place, EARN)
        enter_by_hand(place, EARN | {"Action": "Redeemed", "Source": None})
        (event,) = settle_destination(place.run, MINDBODY).undecided
        assert [one.state for one in read_events(place.ledger) if one.event_id == event] == ["unknown"]


def enter_by_hand(place: Place, fields: dict[str, Any]) -> None:
    from urllib.request import Request, urlopen

    body = json.dumps({"SourceId": None} | fields).encode()
    with urlopen(Request(f"{place.ready['url']}/sandbox/desk/transactions", body), timeout=60):  # noqa: S310 - loopback
        pass


@pytest.mark.parametrize("shape", ["array", "results"])
def test_post_tells_the_refused_item_of_a_batch(tmp_path: Path, shape: str) -> None:
    with opened(tmp_path, None, "--batch-answer", shape) as place:
        place.add(SIX_REWARDS)
        place.post(REWARDS)
        assert place.states() == ["posted", "posted", "refused", "posted", "posted", "posted"]


def test_post_halves_a_batch_that_is_refused_as_a_whole(tmp_path: Path) -> None:
    with opened(tmp_path, None, "--strict") as place:
        place.add(SIX_REWARDS)
        place.post(REWARDS)
        assert place.states() == ["posted", "posted", "refused", "posted", "posted", "posted"]
        assert len(place.log()) == 5


def test_settle_decides_what_one_confirmation_for_a_batch_left_open(tmp_path: Path) -> None:
    with opened(tmp_path, None, "--batch-answer", "single") as place:
        place.add([SIX_REWARDS[number] for number in (0, 1, 3)])
        place.post(REWARDS)
        assert place.states() == ["unknown", "unknown", "posted"]
        settle_destination(place.run, REWARDS)
        assert place.states() == ["posted"] * 3


def test_post_stops_in_order_and_releases_what_was_not_sent(tmp_path: Path) -> None:
    with opened(tmp_path, requests_per_second=5) as place:
        place.add([EARN | {"ClientId": f"10000000{number}"} for number in range(1, 10)])
        with pytest.raises(Interrupted):
            place.post(on_progress=lambda _count: stop_requested.set())
        stop_requested.clear()
        states = place.states()
        assert states.count("posted") == len(place.log()) < 9
        assert set(states) == {"posted", "ready"}


def test_post_sends_nothing_that_would_outlive_its_lease(tmp_path: Path) -> None:
    with opened(tmp_path, requests_per_second=0.2, timeout_seconds=1) as place:
        place.add([EARN | {"ClientId": f"10000000{number}"} for number in (1, 2)])
        place.post()  # the second turn comes after five seconds, in a lease of its own
        assert place.states() == ["posted", "posted"]
        with place.ledger.begin() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM attempts").scalar() == 2


def test_post_tells_a_service_that_is_gone(tmp_path: Path) -> None:
    with opened(tmp_path) as place:
        place.add([EARN])
        gone = place.settings.mindbody.model_copy(update={"base_url": "http://127.0.0.1:9"})
        place.settings = place.settings.model_copy(update={"mindbody": gone})
        with pytest.raises(CouldNotRun, match="out of reach"):
            place.post()
        assert place.states() == ["ready"]
