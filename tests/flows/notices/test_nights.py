"""Whom a night tells, by the real command: once for each change, also where it could not start."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.orchestration import server
from flows.runtime.errors import CouldNotRun
from tests.flows.command import Tieout
from tests.flows.notices.listener import Listener
from tests.flows.workplace import Workplace, earned

RUN = ("run", "--plain", "--json")


@pytest.fixture
def workplace(tmp_path: Path, listener: Listener) -> Workplace:
    """Settings with a site, whose service is not there."""
    ready = {
        "url": "http://127.0.0.1:9",
        "mindbody": {"api_key": "k", "site_id": "-99", "timezone": "UTC", "username": "u", "password": "TOPSECRET"},
        "referral_rock": {"public_key": "public", "private_key": "private"},
    }
    workplace = Workplace(tmp_path, ready)
    workplace.inbox.mkdir()
    return workplace


@pytest.fixture
def configure(workplace: Workplace, listener: Listener) -> Callable[..., None]:
    def write(more: str = "", *, notify: str | None = None) -> None:
        workplace.configure(max_tries=1)
        text = workplace.config.read_text("utf-8")
        urls = notify if notify is not None else f'[notify]\nurls = ["{listener.message_url}"]\n'
        workplace.configure(f"{text}\n{urls}\n{more}")

    return write


def titles(listener: Listener) -> list[str]:
    return [message["title"] for message in listener.messages]


def test_the_same_trouble_night_after_night_is_told_once(
    workplace: Workplace, tieout: Tieout, configure: Callable[..., None], listener: Listener
) -> None:
    configure()
    workplace.put("a.csv", earned("200000001"))
    assert [tieout(*RUN).code for _ in range(2)] == [3, 3]
    assert titles(listener) == ["tieout: could not run to the end"]
    assert "Mindbody" in listener.messages[0]["message"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param("[loader]\nconcurency = 3\n", "concurency", id="a key that is mistyped"),
        pytest.param("this is = no [toml\n", "no valid TOML", id="no TOML"),
    ],
)
def test_settings_that_cannot_be_read_are_told_once(
    workplace: Workplace, tieout: Tieout, configure: Callable[..., None], listener: Listener, spoil: str, reason: str
) -> None:
    configure()
    text = workplace.config.read_text("utf-8").replace("[loader]\n", spoil, 1)
    workplace.configure(text)
    assert [tieout(*RUN).code for _ in range(2)] == [2, 2]
    assert titles(listener) == ["tieout: the night could not run"]
    message = listener.messages[0]["message"]
    assert (reason in message, "TOPSECRET" in message) == (True, False)


def test_a_ledger_out_of_reach_is_told_once_and_the_recovery_once(
    workplace: Workplace, tieout: Tieout, configure: Callable[..., None], listener: Listener
) -> None:
    configure()
    ledger = workplace.folder / "tieout.db"
    ledger.write_bytes(b"no database at all, only some text" * 100)
    assert [tieout(*RUN).code for _ in range(2)] == [3, 3]
    ledger.unlink()
    configure(notify=None)
    # Nothing is read back without credentials for it, so that this night ties out.
    text = workplace.config.read_text("utf-8").replace('public_key = "public"\n', "").replace(
        'private_key = "private"\n', ""
    )  # fmt: skip
    workplace.configure(text)
    assert [tieout(*RUN).code for _ in range(2)] == [0, 0]
    assert titles(listener) == ["tieout: the night could not run", "tieout: all is well again"]


def test_a_server_of_prefect_that_does_not_start_is_told(
    tieout: Tieout, configure: Callable[..., None], listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure()

    def fail(_server: server.OwnServer) -> str:
        raise CouldNotRun("Prefect's server did not start.")

    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setattr(server, "is_api_configured", lambda: False)
    monkeypatch.setattr(server.OwnServer, "start", fail)
    assert [tieout("run", "--json").code for _ in range(2)] == [3, 3]
    assert titles(listener) == ["tieout: the night could not run"]


def test_notify_test_says_which_address_takes_a_message(
    tieout: Tieout, configure: Callable[..., None], listener: Listener
) -> None:
    configure()
    assert tieout("notify", "test").code == 0
    assert titles(listener) == ["tieout: a test"]
    urls = f'urls = ["{listener.message_url}", "json://127.0.0.1:9/TOPSECRET-TOKEN"]'
    configure(notify=f"[notify]\n{urls}\n")
    ended = tieout("notify", "test")
    assert (ended.code, ended.out.splitlines()) == (
        3, ["address 1: took the message", "address 2: took no message"],
    )  # fmt: skip
    assert tieout("notify", "test", "--json").json == {
        "addresses": [{"number": 1, "taken": True}, {"number": 2, "taken": False}]
    }
    configure(notify="")
    assert tieout("notify", "test").code == 2
