"""Every page can be found: by links alone, from the first page on, by somebody who may look at it."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from starlette.routing import compile_path

from flows.desk import app
from flows.desk.app import PAGES, make_app
from flows.desk.visit import Desk
from flows.runtime.clock import utc_now
from tests.flows.desk.conftest import Browser, Client, Studio
from tests.flows.desk.test_manager import post, send
from tests.flows.workplace import earned, redeemed

_LINK = re.compile(r'<a [^>]*href="([^"#]+)|<form method="get" action="([^"]+)')
_ROUTES = {page.path: compile_path(page.path)[0] for page in PAGES if page.method == "GET" and page.role is not None}
# What a script asks for, and no person.
_DESK = Path(app.__file__).parent
_QUOTED = re.compile(r'"([^"\n]*)"')
_FILLED = re.compile(r"\{[^{}]*\}")
_FILLED_IN_PAGE = re.compile(r"\{\{.*?\}\}")
_NO_PAGES = {"/signed-in"}


def route_of(path: str) -> str | None:
    return next((route for route, pattern in _ROUTES.items() if pattern.match(path)), None)


def leads_to(browser: Browser, path: str) -> Iterator[str]:
    answer = browser.client.get(path)
    assert answer.status_code in (200, 303), (path, answer.status_code)
    if "location" in answer.headers:
        yield answer.headers["location"]
    elif answer.headers["content-type"].startswith("text/html"):
        yield from (unescape(link or form) for link, form in _LINK.findall(answer.text))


def reached(browser: Browser) -> set[str]:
    """Follow links of each kind until none is new: to turn a page, or to choose another client, is no other kind."""
    found, todo, seen = set[str](), deque(["/"]), set[tuple[str, ...]]()
    while todo:
        path = todo.popleft()
        split = urlsplit(path)
        route = route_of(split.path)
        assert route is not None, f"{path} leads to no page"
        found.add(route)
        # A sheet is at another place than the next, and leads to other pages.
        whose = split.path if route.startswith("/sheets/") else route
        kind = (whose, *sorted(kind_of(part) for part in split.query.split("&")))
        if kind not in seen:
            seen.add(kind)
            todo.extend(urljoin(path, link) for link in leads_to(browser, path))
    return found


def kind_of(asked: str) -> str:
    # What stands behind one tab leads elsewhere than what stands behind another.
    return asked if asked.startswith("tab=") else asked.partition("=")[0]


def asking_twice(studio: Studio, browser: Browser) -> Browser:
    """The same person at a desk where somebody else gives the OK."""
    settings = studio.desk.settings
    desk = settings.desk.model_copy(update={"second_person": True})
    strict = Client(make_app(Desk(settings.model_copy(update={"desk": desk}), studio.desk.ledger, 8300)))
    strict.http.cookies = browser.client.http.cookies
    return replace(browser, client=strict)


def in_the_code() -> Iterator[str]:
    """Every text of the desk that may be a path, what is filled in as one sign: of its list of pages there is none."""
    for source in sorted(_DESK.rglob("*.py")):
        if source.name != "app.py":
            yield from (_FILLED.sub("*", text) for text in _QUOTED.findall(source.read_text("utf-8")))
    for template in sorted(_DESK.rglob("*.jinja")):
        text = _FILLED_IN_PAGE.sub("*", template.read_text("utf-8"))
        yield from re.findall(r'(?:href|action)="([^"]+)"', text)
        yield from re.findall(r'leads_to\("([^"]+)"', text)


def test_every_page_is_named_by_a_link_or_by_what_leads_on() -> None:
    """What no part of the desk names cannot be found; whether somebody gets there is for the next test."""
    paths = {path.partition("?")[0] for path in in_the_code() if "/" in path}
    for route in set(_ROUTES) - _NO_PAGES:
        *_, last = route.split("/")
        ends = {path for path in paths if path.rpartition("/")[2] == re.sub(r"\{.*\}", "*", last)}
        assert ends, f"nothing leads to {route}"


@pytest.mark.long
def test_every_page_is_found_by_links_from_the_first(studio: Studio) -> None:
    ana = studio.browser("Ana")
    # In the month that the calendar begins with.
    now = f"{utc_now():%Y-%m-%dT%H:%M:%SZ}"
    studio.workplace.put("night.csv", earned("200000028", 20, now), earned("nobody", 5, now))
    studio.workplace.run()
    bad = "200000028,x,Earned,,,2026-09-20T17:00:00Z"
    post(ana, send(ana, earned("200000028", 10), redeemed("200000028", 500), bad, name="down.csv"))
    studio.post()
    post(asking_twice(studio, ana), send(ana, earned("200000028", 7), name="wait.csv"))
    studio.post()
    opened = send(ana, earned("200000028", 8), bad, name="open.csv")
    ana.post(f"{opened}/read")
    one, *_ = studio.workplace.breaks()
    ana.post(f"/differences/{one}/comment", words="see there", file=("mail.txt", b"hello", "text/plain"))
    assert set(_ROUTES) - reached(ana) - _NO_PAGES == set()
