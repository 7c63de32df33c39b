"""A real Chromium at the desk as its own process, over a socket, with the sandbox as its services.

``office`` is one desk, one sandbox and one Chromium for all stories of a module; ``office.sit_down("Ana")`` gives Ana a
browser of her own, signed in. Whatever the policy of a page forbids, and every error of its script, ends the story.

Playwright leads the Chromium of the machine (`apt-get install chromium`, or the one that CHROMIUM names) and downloads
none. It ends with each module: as long as it runs, nothing else in this process can have an event loop.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from flows.ledger.connection import open_ledger
from flows.sandbox import start_sandbox
from sql.people import Grant
from tests.flows.desk.browser.chromium import ABSENT, AS_ROOT, find_chromium
from tests.flows.desk.conftest import free_port, let_in
from tests.flows.desk.process import DeskProcess
from tests.flows.workplace import Workplace, open_workplace
from transforms.vocabulary import Role

_WIDE = {"width": 1280, "height": 900}
_PATIENCE_MS = 60_000
expect.set_options(timeout=_PATIENCE_MS)


@dataclass
class Office:
    """A desk at a socket, its services, and people with browsers; ``faults`` are what their pages complained of."""

    workplace: Workplace
    process: DeskProcess
    chromium: Browser
    port: int
    faults: list[str] = field(default_factory=list)
    known: dict[tuple[str, tuple[Grant, ...]], str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def window(self, token: str = "", **options: Any) -> Page:
        """Open a browser that knows nothing of any other; with the session of ``token`` in it."""
        # At the desk nobody has the zone and the language of this machine.
        chosen = {"viewport": _WIDE, "base_url": self.address, "locale": "en-US", "timezone_id": "Europe/Berlin"}
        context = self.chromium.new_context(**{**chosen, **options})
        context.set_default_timeout(_PATIENCE_MS)
        self._watch(context)
        if token:
            context.add_cookies([{"name": "tieout", "value": token, "url": self.address}])
        return context.new_page()

    def sit_down(self, name: str, *grants: Grant, **options: Any) -> Page:
        """Open a browser in which this person has signed in, and may what is granted: all of it, unless told."""
        wanted = grants or (("", Role.ADMINISTRATOR),)
        key = (name, wanted)
        if key not in self.known:
            with open_ledger(self.workplace.settings) as ledger:
                self.known[key] = let_in(self.workplace.settings, ledger, name, *wanted).token
        return self.window(self.known[key], **options)

    def _watch(self, context: BrowserContext) -> None:
        def note(message: Any) -> None:
            if message.type == "error" and "Content Security Policy" in message.text:
                self.faults.append(message.text)

        context.on("console", note)
        context.on("weberror", lambda error: self.faults.append(str(error.error)))

    def leave(self) -> None:
        """Close all browsers; the next story finds an empty room."""
        for context in self.chromium.contexts:
            context.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        # No story is left out where there is none.
        pytest.fail(ABSENT, pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=AS_ROOT)
        yield browser
        browser.close()


@contextmanager
def desk_at_socket(place: Workplace, chromium: Browser, options: str = "") -> Iterator[Office]:
    """Start the desk of a workplace, and end it with all that it started."""
    port = free_port()
    place.configure(place.config.read_text("utf-8") + f"\n[desk]\non = true\nport = {port}\n{options}\n")
    process = DeskProcess(place.config)
    process.start()
    try:
        yield Office(place, process, chromium, port)
    finally:
        process.end()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Office]:
    """One desk for all stories of a module."""
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--extra-clients", "60")) as ready:
        place = open_workplace(tmp_path_factory.mktemp("office"), ready)
        with desk_at_socket(place, chromium, "second_person = true") as office:
            yield office


@pytest.fixture
def office(room: Office) -> Iterator[Office]:
    """The room for one story, which ends with nothing that a page complained of."""
    room.faults.clear()
    yield room
    room.leave()
    assert room.faults == []
