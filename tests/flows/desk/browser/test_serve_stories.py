"""`tieout serve` is killed in the middle of posting, and somebody has the page open all the while."""

import os
import re
import signal

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.flows.desk.conftest import Studio, free_port, let_in
from tests.flows.desk.test_serve import posters, serving
from tests.flows.workplace import HEADINGS, earned
from transforms.vocabulary import Role

_COUNT = 12


def sit_down(chromium: Browser, studio: Studio, port: int) -> Page:
    address = f"http://127.0.0.1:{port}"
    token = let_in(studio.desk.settings, studio.desk.ledger, "Ana", ("", Role.ADMINISTRATOR)).token
    context = chromium.new_context(base_url=address)
    context.add_cookies([{"name": "tieout", "value": token, "url": address}])
    return context.new_page()


def sheet_of(count: int) -> FilePayload:
    rows = [earned(f"2000000{number:02}", number) for number in range(1, count + 1)]
    return {"name": "killed.csv", "mimeType": "text/csv", "buffer": "\n".join([HEADINGS, *rows, ""]).encode()}


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_page_goes_on_where_serve_is_killed_in_mid_posting(
    studio: Studio, prefect_environment: dict[str, str], chromium: Browser
) -> None:
    port = free_port()
    # Four a second: there is a middle to be killed in.
    studio.configure(f"\n[desk]\non = true\nport = {port}\n")
    text = studio.workplace.config.read_text("utf-8")
    studio.workplace.configure(text.replace("requests_per_second = 2000", "requests_per_second = 4"))
    ana = sit_down(chromium, studio, port)
    with serving(studio, prefect_environment) as here:
        here.said(r"(The desk is at)")
        ana.goto("/")
        ana.get_by_label("Points sheet or export").set_input_files(sheet_of(_COUNT))
        ana.get_by_role("button", name="Send it").click()
        ana.get_by_role("button", name="That is right, go on").click()
        ana.get_by_role("button", name="Post it").click()
        expect(ana.get_by_text(re.compile(rf"Posting: [1-9]\d* of {_COUNT} done"))).to_be_visible()
        at_work = [here.desk_pid(), *posters(studio)]
        here.process.kill()
        for pid in at_work:
            os.kill(pid, signal.SIGKILL)
    assert 0 < len(studio.committed()) < _COUNT, "it was over before it was killed"
    expect(ana.get_by_role("alert")).to_contain_text("What was begun goes on")
    with serving(studio, prefect_environment):
        # Nobody touches the page.
        expect(ana.get_by_text(f"{_COUNT} posted.")).to_be_visible()
        expect(ana.get_by_role("alert")).to_be_hidden()
    assert sorted(line["points"] for line in studio.committed()) == list(range(1, _COUNT + 1))
