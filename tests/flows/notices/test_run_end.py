import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from flows.notices.run_end import notify
from flows.settings import NotifySettings, Settings
from flows.summary import Summary

TOTALS = dict.fromkeys(("rejected", "held", "refused", "unknown", "breaks_open"), 0) | {"ties_out": True}


class Said:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str, /) -> None:
        self.lines.append(line)

    def count(self, more: int, /) -> None:
        raise AssertionError("nothing is counted here")


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, str]]]]:
    got: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"json://127.0.0.1:{server.server_port}", got
        server.shutdown()


def _summary(**changed: object) -> Summary:
    return Summary("nightly-1", TOTALS | changed, Path("report.xlsx"), lines=("15 rejected rows",))


def _settings(*urls: str) -> Settings:
    return Settings(notify=NotifySettings(urls=tuple(SecretStr(url) for url in urls)))


def test_notify_tells_what_waits_for_a_person(webhook: tuple[str, list[dict[str, str]]]) -> None:
    url, got = webhook
    notify(_settings(url), _summary(rejected=15), Said())
    assert [(message["title"], message["message"]) for message in got] == [
        ("tieout: something waits for a person", "15 rejected rows")
    ]


def test_notify_is_silent_after_a_night_that_ties_out(webhook: tuple[str, list[dict[str, str]]]) -> None:
    url, got = webhook
    notify(_settings(url), _summary(), Said())
    assert got == []


def test_notify_names_an_address_that_took_no_message_without_its_secret() -> None:
    said = Said()
    notify(_settings("nosuch://secret-token@host"), _summary(rejected=1), said)
    assert said.lines == ["notify.urls: address 1 took no message; check it with `apprise`"]
