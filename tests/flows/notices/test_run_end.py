from pathlib import Path

import pytest
from pydantic import SecretStr

from flows.ledger.summary import Summary
from flows.notices.run_end import notify, notify_stopped
from flows.runtime.errors import CouldNotRun
from flows.settings.sections import NotifySettings, Settings
from tests.flows.notices.listener import Listener

TOTALS = dict.fromkeys(("rejected", "held", "refused", "unknown", "breaks_open"), 0) | {"ties_out": True}


def _summary(**changed: object) -> Summary:
    return Summary("nightly-1", TOTALS | changed, Path("report.xlsx"), lines=("15 rejected rows",))


def _settings(*urls: str) -> Settings:
    return Settings(notify=NotifySettings(urls=tuple(SecretStr(url) for url in urls)))


def told(listener: Listener) -> list[tuple[str, str]]:
    return [(message["title"], message["message"]) for message in listener.messages]


def test_notify_tells_what_waits_for_a_person(listener: Listener) -> None:
    notify(_settings(listener.message_url), _summary(rejected=15), print)
    assert told(listener) == [("tieout: something waits for a person", "15 rejected rows")]


def test_notify_is_silent_after_a_night_that_ties_out(listener: Listener) -> None:
    notify(_settings(listener.message_url), _summary(), print)
    assert listener.messages == []


def test_notify_names_an_address_that_took_no_message_without_its_secret() -> None:
    said: list[str] = []
    notify(_settings("nosuch://secret-token@host"), _summary(rejected=1), said.append)
    assert said == ["notify.urls: address 1 took no message; check it with `apprise`"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(CouldNotRun("The inbox cannot be read."), "The inbox cannot be read.", id="foreseen"),
        pytest.param(KeyError("x"), "an unforeseen error, KeyError: 'x'", id="unforeseen"),
    ],
)
def test_notify_stopped_tells_why_the_night_could_not_run(listener: Listener, error: Exception, reason: str) -> None:
    notify_stopped(_settings(listener.message_url), error, print)
    ((title, body),) = told(listener)
    assert title == "tieout: the night could not run"
    assert body.splitlines()[0] == reason
