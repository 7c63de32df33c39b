"""What a service answers amiss is a clear line about that client, or a named break; never a silent match."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flows.ledger.connection import open_ledger
from flows.reconciliation.read_back import Remote, fetch_remote
from flows.settings.load import load_settings
from flows.settings.sections import Settings
from tests.transforms.sides import at
from transforms.settle.windows import Window

DAY = at(0).date()
GOOD = {"Action": "Earned", "Points": 10, "Source": "Sale", "SourceID": 1, "ActionDateTime": "2026-09-01T10:00:00"}
Pages = Sequence[dict[str, Any]]


class Answers(BaseHTTPRequestHandler):
    """Gives a token, and then the pages in order, the last one again and again."""

    pages: Pages = ()
    asked = 0
    token: object = "t"

    def do_GET(self) -> None:
        cls = type(self)
        page = cls.pages[min(cls.asked, len(cls.pages) - 1)]
        cls.asked += 1
        self.answer(page)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({"AccessToken": self.token, "TokenType": "Bearer"})

    def answer(self, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


Read = Callable[..., Remote]


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Read]:
    """Read back one client, or the rewards, from a server that gives these pages."""
    handler = type("Scripted", (Answers,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        settings = _settings(tmp_path, f"http://127.0.0.1:{server.server_port}")

        def fetch(*pages: dict[str, Any], with_rewards: bool = False, issued: object = "t") -> Remote:
            handler.token = issued
            # Referral Rock is asked for one reward first, to see that it is there.
            handler.pages = (pages[0], *pages) if with_rewards else pages
            window = Window("-99", "000123", DAY, DAY, ZoneInfo("America/Los_Angeles"))
            with open_ledger(settings) as ledger:
                return fetch_remote(settings, ledger, [] if with_rewards else [window], with_rewards=with_rewards)

        yield fetch
        server.shutdown()
        thread.join()


def _settings(folder: Path, url: str) -> Settings:
    path = folder / "tieout.toml"
    path.write_text(
        f'[mindbody]\nbase_url = "{url}"\napi_key = "k"\n[[mindbody.sites]]\nsite_id = "-99"\n'
        'timezone = "America/Los_Angeles"\nusername = "u"\npassword = "p"\n'
        f'[referral_rock]\nbase_url = "{url}"\npublic_key = "a"\nprivate_key = "b"\n'
        "[loader]\nmax_tries = 1\nrequests_per_second = 1000\n",
        encoding="utf-8",
    )
    return load_settings(path)


def page(*items: Any, total: int | None = None) -> dict[str, Any]:
    count = len(items) if total is None else total
    return {"Balance": 10, "Transactions": list(items), "PaginationResponse": {"TotalResults": count}}


def entry(**values: Any) -> dict[str, Any]:
    return {**GOOD, **values}


@pytest.mark.parametrize(
    ("pages", "told"),
    [
        pytest.param([page(GOOD, total=2), page(total=2)], "a page is missing", id="a page missing"),
        pytest.param([page(GOOD, total=2), page(entry(Points=3), total=3)], "another total", id="a total that grows"),
        pytest.param([page(GOOD, total=2), page(entry(Points=3), total=1)], "another total", id="a total that shrinks"),
        pytest.param([page(GOOD, GOOD, total=1)], "nothing new or another total", id="more than reported"),
        pytest.param([page(entry(ActionDateTime=None))], "entry 1 of 1 has Action Earned, Points 10", id="null time"),
        pytest.param([page(GOOD, entry(ActionDateTime="0001-01-01T00:00:00"))], "entry 2 of 2", id="the unset time"),
        pytest.param([page(entry(Points="ten"))], "Points ten", id="points that are no number"),
        pytest.param([page(entry(Points=12.5))], "Points 12.5", id="half a point"),
        pytest.param([page(entry(Points=None))], "Points None", id="null points"),
        pytest.param([page(entry(Points=True))], "Points True", id="a flag for points"),
        pytest.param([page(entry(Action=None))], "Action None", id="no action"),
        pytest.param([page("gone")], "entry 1 of 1 has", id="a text for an entry"),
        pytest.param([{"Transactions": None}], "no list of transactions", id="no list"),
    ],
)
def test_a_history_that_cannot_be_relied_on_says_why_and_concludes_nothing(read: Read, pages: Pages, told: str) -> None:
    remote = read(*pages)
    assert remote.histories == {}
    assert told in remote.unread["-99", "000123"]
    assert "000123" in remote.unread["-99", "000123"]


def test_an_action_that_nobody_documented_is_read_as_it_is(read: Read) -> None:
    (line,) = read(page(entry(Action="Expired"))).histories["-99", "000123"].transactions
    assert (line.action, line.points) == ("Expired", 10)


@pytest.mark.parametrize(
    "token", [None, "", 5, ["t"], {"t": 1}, "a\r\nInjected: b", "a b", "t" * 10_000, "t\ud800"], ids=ascii
)
def test_a_token_that_is_none_is_a_line_about_the_site(read: Read, token: object) -> None:
    remote = read(page(GOOD), issued=token)
    (failure,) = remote.failures
    assert "out of reach: an answer that cannot be read" in failure
    assert "\n" not in failure
    assert [one.what for one in remote.not_read] == ["Mindbody site -99"]


REWARDS = [{"id": f"r{number}", "amount": 5} for number in range(3)]


def sweep(rewards: list[dict[str, Any]], total: int) -> dict[str, Any]:
    return {"rewards": rewards, "total": total}


@pytest.mark.parametrize(
    ("pages", "told"),
    [
        pytest.param([sweep(REWARDS[:1], 2), sweep([], 2)], "gave 1", id="missing"),
        pytest.param(
            [{"rewards": REWARDS[:1], "total": 2}, {"rewards": REWARDS[1:], "total": 3}], "2 and then 3", id="grows"
        ),
        pytest.param([sweep(REWARDS[:1], 2)] * 2, "came twice", id="the same page twice"),
        pytest.param([sweep([{"amount": 5}], 1)], "cannot be read", id="a reward without id"),
        pytest.param([{"message": "error"}], "error", id="an error in a 200"),
        pytest.param(
            [{"rewards": [], "total": 0, "message": "The rewards could not be searched."}],
            "could not be searched",
            id="an error beside no rewards",
        ),
        pytest.param(
            [{"rewards": [{"id": "r1"}], "total": 1, "message": "Some programs could not be searched: failed."}],
            "Some programs could not be searched",
            id="an error beside some rewards",
        ),
    ],
)
def test_a_sweep_that_cannot_be_relied_on_says_why_and_concludes_nothing(read: Read, pages: Pages, told: str) -> None:
    remote = read(*pages, with_rewards=True)
    assert remote.rewards is None
    assert told in remote.failures[0]
