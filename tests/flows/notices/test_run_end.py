from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from flows.ledger.summary import Summary
from flows.notices.run_end import notify, notify_night, notify_stopped
from flows.runtime.errors import CouldNotRun
from flows.settings.of_house import NotifySettings
from flows.settings.sections import Settings
from tests.flows.notices.listener import Listener
from transforms.destinations import Destination, NotRead, client_not_read, destination_not_read
from transforms.vocabulary import Target

TOTALS = dict.fromkeys(("rejected", "held", "refused", "unknown", "breaks_open"), 0) | {"ties_out": True}


def _summary(*failures: str, waiting: int = 0, not_read: tuple[NotRead, ...] = (), **changed: object) -> Summary:
    return Summary(
        "nightly-1",
        TOTALS | changed,
        Path("report.xlsx"),
        lines=("15 rejected rows",),
        failures=failures,
        waiting_count=waiting,
        not_read=not_read,
    )


def _settings(*urls: str, workspace: Path = Path("/nowhere")) -> Settings:
    return Settings(notify=NotifySettings(urls=tuple(SecretStr(url) for url in urls)), workspace=workspace)


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
    assert said == ["notify.urls: address 1 took no message; check it with `tieout notify test`"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(CouldNotRun("The inbox cannot be read."), "The inbox cannot be read.", id="foreseen"),
        pytest.param(KeyError("x"), "an unforeseen error, KeyError: 'x'", id="unforeseen"),
    ],
)
def test_notify_stopped_tells_once_why_the_night_could_not_run(
    listener: Listener, tmp_path: Path, error: Exception, reason: str
) -> None:
    for _ in range(3):
        notify_stopped(_settings(listener.message_url, workspace=tmp_path), error, print)
    ((title, body),) = told(listener)
    assert title == "tieout: the night could not run"
    assert body.splitlines()[0] == reason


def _down(site_id: str, why: str) -> NotRead:
    return destination_not_read(Destination(Target.MINDBODY, site_id), why)


DOWN = _summary("site 1001: status 503.", not_read=(_down("1001", "site 1001: status 503."),))
DOWN_AS_WELL = _summary("site 1001: status 502.", not_read=(_down("1001", "site 1001: status 502."),))
TWO_DOWN = _summary("a", "b", not_read=(_down("1001", "a"), _down("1002", "b")))
COULD = "tieout: could not run to the end"
WAITS = "tieout: something waits for a person"
WELL = "tieout: all is well again"


@pytest.mark.parametrize(
    ("nights", "titles"),
    [
        pytest.param([DOWN, DOWN_AS_WELL, DOWN, _summary(), _summary()], [COULD, WELL], id="the same, and well again"),
        pytest.param([DOWN, TWO_DOWN, TWO_DOWN, DOWN], [COULD, COULD, COULD], id="another place"),
        pytest.param(
            [DOWN, _summary(waiting=2), _summary(waiting=2)],
            [COULD, "tieout: nights run to their end again, and something waits for a person"],
            id="something is left to do",
        ),
        pytest.param([_summary(waiting=2), _summary(waiting=2), _summary(waiting=3)], [WAITS, WAITS], id="more waits"),
        pytest.param([_summary(waiting=2), _summary(waiting=1), _summary(waiting=2)], [WAITS, WAITS], id="more again"),
        pytest.param([_summary(rejected=1), _summary(rejected=1), _summary()], [WAITS, WAITS], id="brought anew"),
        pytest.param([_summary(breaks_open=1), _summary(breaks_open=1)], [WAITS], id="the same break"),
        pytest.param([_summary(), _summary()], [], id="quiet"),
    ],
)
def test_a_night_is_told_once_for_each_change(
    listener: Listener, tmp_path: Path, nights: list[Summary], titles: list[str]
) -> None:
    for night in nights:
        notify_night(_settings(listener.message_url, workspace=tmp_path), night, print)
    assert [title for title, _ in told(listener)] == titles


def test_a_message_that_nobody_took_is_sent_again(listener: Listener, tmp_path: Path) -> None:
    listener.status = 500
    for _ in range(2):
        notify_night(_settings(listener.message_url, workspace=tmp_path), DOWN, print)
    listener.status = 200
    for _ in range(2):
        notify_night(_settings(listener.message_url, workspace=tmp_path), DOWN, print)
    assert len(listener.messages) == 3


def test_a_message_names_no_client_unless_the_settings_ask_for_that(listener: Listener, tmp_path: Path) -> None:
    summary = _summary(not_read=(client_not_read("-99", "000123", "why"),), waiting=1)
    summary = replace(summary, lines=("not read: client 000123 of site -99: why",))
    notify_night(_settings(listener.message_url, workspace=tmp_path), summary, print)
    named = NotifySettings(urls=(SecretStr(listener.message_url),), client_ids=True)
    notify_night(Settings(notify=named, workspace=tmp_path / "other"), summary, print)
    bodies = [body for _, body in told(listener)]
    assert bodies == ["not read: a client of site -99: why", "not read: client 000123 of site -99: why"]


def test_a_message_that_goes_as_html_holds_no_markup_of_others(listener: Listener, tmp_path: Path) -> None:
    as_mail = NotifySettings(urls=(SecretStr(f"{listener.message_url}/?format=html"),))
    name = '<img src="http://elsewhere.example/x">.csv'
    summary = replace(_summary(f"{name}: it cannot be read."), lines=("a second line",))
    notify_night(Settings(notify=as_mail, workspace=tmp_path), summary, print)
    ((_, body),) = told(listener)
    assert "<img" not in body
    assert "&lt;img" in body
    assert body.count("<br/>") == 1
