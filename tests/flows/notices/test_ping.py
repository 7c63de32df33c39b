from pathlib import Path

import pytest
from pydantic import SecretStr

from flows.ledger.summary import Summary
from flows.notices import ping
from flows.notices.ping import ping_after
from flows.settings.of_house import NotifySettings
from flows.settings.sections import Settings
from tests.flows.notices.listener import Listener
from tests.flows.notices.test_run_end import TOTALS


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ping, "_PAUSE_SECONDS", 0.0)


def settings_for(url: str) -> Settings:
    return Settings(notify=NotifySettings(ping_url=SecretStr(url)))


def summary(*failures: str, **changed: object) -> Summary:
    return Summary("nightly-1", TOTALS | changed, Path("report.xlsx"), failures=failures)


@pytest.mark.parametrize(
    ("ended", "calls"),
    [
        pytest.param(summary(), 1, id="ties-out"),
        pytest.param(summary(rejected=3), 1, id="something-waits"),
        pytest.param(summary("Mindbody is out of reach."), 0, id="not-all-was-done"),
    ],
)
def test_a_good_night_is_heard_by_the_monitor(listener: Listener, ended: Summary, calls: int) -> None:
    ping_after(settings_for(listener.ping_url), ended, pytest.fail)
    assert listener.calls == ["/ping/secret-token"] * calls


def test_a_monitor_that_answers_badly_is_tried_again_and_named_without_its_address(listener: Listener) -> None:
    said: list[str] = []
    listener.status = 500
    ping_after(settings_for(listener.ping_url), summary(), said.append)
    assert said == ["notify.ping_url: the monitor was not reached: it answered 500"]
    assert len(listener.calls) == 3


def test_a_monitor_out_of_reach_changes_nothing() -> None:
    said: list[str] = []
    ping_after(settings_for("http://127.0.0.1:9/secret-token"), summary(), said.append)
    assert len(said) == 1
    assert "secret-token" not in said[0]
