"""The way of a sheet in a real browser: sent, mended, agreed to by somebody else, posted, tried again, undone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.flows.desk.browser.conftest import Office
from tests.flows.workplace import HEADINGS, earned
from transforms.vocabulary import Role

SENDS = ("-99", Role.UPLOADER)
AGREES = ("-99", Role.APPROVER)
FASTER = "Somebody else has decided about that."


def write(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def send(page: Page, sheet: Path) -> None:
    page.goto("/")
    page.get_by_label("Points sheet or export").set_input_files(sheet)
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("heading", level=1, name=sheet.name)).to_be_visible()


@pytest.mark.timeout(300)
def test_a_sheet_is_sent_mended_agreed_to_posted_tried_again_and_undone(office: Office, tmp_path: Path) -> None:
    rich, poor = "200000001", "200000002"
    rows = [
        "ClientId,Points,Action,Day",
        f"{rich},30,Earnd,2026-09-20T17:00:00Z",
        f"{poor},5,Redeemed,2026-09-20T17:00:00Z",
    ]
    ana, bo = office.sit_down("Ana", SENDS), office.sit_down("Bo", AGREES)
    send(ana, write(tmp_path, "march.csv", *rows))

    # What only a person can say is asked once.
    ana.get_by_role("radio", name="Day").check()
    ana.get_by_role("button", name="Answer").click()
    expect(ana.get_by_text("on Sun 20 Sep 2026, 10:00 am by the clock of Los Angeles")).to_be_visible()
    ana.get_by_role("button", name="That is right, go on").click()

    ana.get_by_role("button", name="Use “Earned”").click()
    expect(ana.get_by_text("Posts 1 earned (30 points) and 1 redeemed (5 points).")).to_be_visible()
    ana.get_by_role("button", name="Send it for an OK").click()
    expect(ana.get_by_text("It waits for an OK")).to_be_visible()

    bo.goto("/waiting")
    bo.get_by_role("link", name="march.xlsx").click()
    expect(bo.get_by_text("1 earned, 30 points")).to_be_visible()
    bo.get_by_role("button", name="OK, post it").click()

    # Ana's page goes on by itself.
    expect(ana.get_by_text("1 posted, 1 turned down.")).to_be_visible()
    office.workplace.talk.post(poor, 40)
    ana.get_by_text("Try again as it is, since the cause is gone").click()
    ana.get_by_label("What has changed since?").fill("has points now")
    ana.get_by_role("button", name="Try it again").click()
    expect(ana.get_by_text("2 posted.")).to_be_visible()

    ana.locator("tr", has_text=rich).get_by_text("Undo").click()
    ana.locator("tr", has_text=rich).get_by_label("Why?").fill("the wrong client")
    ana.get_by_role("button", name="Show what would happen").click()
    expect(ana.get_by_text("1 redeemed, 30 points")).to_be_visible()
    expect(ana.get_by_text("Somebody else has to give the OK to this.")).to_be_visible()
    bo.goto("/waiting")
    bo.get_by_role("link", name="Undo march.xlsx").click()
    bo.get_by_role("button", name="Take it back").click()
    expect(bo.get_by_text("posted, and taken back")).to_be_visible()

    done = [(line["action"], line["points"]) for line in office.workplace.commits(rich)]
    assert done == [("Earned", 30), ("Redeemed", 30)]
    done = [(line["action"], line["points"]) for line in office.workplace.commits(poor)]
    assert done == [("Earned", 40), ("Redeemed", 5)]


def wait_for_ok(page: Page, sheet: Path) -> str:
    """Bring a sheet that leaves nothing open to where it waits; return its address."""
    send(page, sheet)
    page.get_by_role("button", name="That is right, go on").click()
    page.get_by_role("button", name="Send it for an OK").click()
    expect(page.get_by_text("It waits for an OK")).to_be_visible()
    return page.url.removesuffix("/posting")


def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(office: Office, tmp_path: Path) -> None:
    ana, bo, cy = office.sit_down("Ana", SENDS), office.sit_down("Bo", AGREES), office.sit_down("Cy", AGREES)
    sheet = wait_for_ok(ana, write(tmp_path, "two.csv", HEADINGS, earned("200000003", 7)))
    for page in (bo, cy):
        page.goto(f"{sheet}/ok")
    bo.get_by_role("button", name="Drop it").click()
    expect(bo.get_by_role("heading", level=1, name="Waiting for OK")).to_be_visible()
    cy.get_by_role("button", name="OK, post it").click()
    expect(cy.get_by_text(FASTER)).to_be_visible()
    assert office.workplace.commits("200000003") == []


def test_without_a_script_a_sheet_gets_as_far(office: Office, tmp_path: Path) -> None:
    ana = office.sit_down("Ana", SENDS, java_script_enabled=False)
    wait_for_ok(ana, write(tmp_path, "plain.csv", HEADINGS, earned("200000004", 7)))
    bo = office.sit_down("Bo", AGREES, java_script_enabled=False)
    bo.goto("/waiting")
    expect(bo.get_by_role("link", name="plain.csv")).to_be_visible()


@pytest.mark.long
def test_without_a_script_posting_is_seen_to_go_on(office: Office, tmp_path: Path) -> None:
    ana = office.sit_down("Ana", SENDS, java_script_enabled=False)
    sheet = wait_for_ok(ana, write(tmp_path, "plain-too.csv", HEADINGS, earned("200000008", 7)))
    bo, cy = (office.sit_down(name, AGREES, java_script_enabled=False) for name in ("Bo", "Cy"))
    for page in (bo, cy):
        page.goto(f"{sheet}/ok")
    bo.get_by_role("button", name="OK, post it").click()
    # The page asks again by itself.
    expect(bo.get_by_text("1 posted.")).to_be_visible()
    cy.get_by_role("button", name="Drop it").click()
    expect(cy.get_by_text(FASTER)).to_be_visible()
    assert [line["points"] for line in office.workplace.commits("200000008")] == [7]


def test_what_was_typed_stays_where_the_connection_is_lost(office: Office, tmp_path: Path) -> None:
    ana = office.sit_down("Ana", SENDS)
    send(ana, write(tmp_path, "lost.csv", HEADINGS, "200000005,some,Earned,Sale,,2026-09-20T17:00:00Z"))
    ana.get_by_role("button", name="That is right, go on").click()
    ana.get_by_label("Points is").fill("12")
    ana.context.set_offline(True)
    ana.get_by_role("button", name="Mend").click()
    expect(ana.get_by_role("alert")).to_contain_text("What you typed is still here")
    assert ana.get_by_label("Points is").input_value() == "12"
    ana.context.set_offline(False)
    ana.get_by_role("button", name="Mend").click()
    expect(ana.get_by_text("Posts 1 earned (12 points).")).to_be_visible()
    expect(ana.get_by_role("alert")).to_have_count(0)


def test_a_sheet_is_dropped_anywhere_on_the_first_page(office: Office) -> None:
    ana = office.sit_down("Ana", SENDS)
    ana.goto("/")
    drop(ana, "one.csv", "two.csv")
    expect(ana.get_by_role("alert")).to_have_text("One sheet at a time.")
    drop(ana, "dropped.csv")
    expect(ana.get_by_role("heading", level=1, name="dropped.csv")).to_be_visible()


def drop(page: Page, *names: str) -> None:
    """Let go of files over the list of sheets, beside the field that takes one."""
    files = page.evaluate_handle(
        """([names, text]) => {
             const files = new DataTransfer();
             for (const name of names) files.items.add(new File([text], name, { type: "text/csv" }));
             return files;
           }""",
        [names, f"{HEADINGS}\n{earned('200000006')}\n"],
    )
    page.dispatch_event("#last", "dragover", {"dataTransfer": files})
    page.dispatch_event("#last", "drop", {"dataTransfer": files})


@pytest.mark.long
def test_a_crash_of_the_desk_ends_no_page(office: Office, tmp_path: Path) -> None:
    ana = office.sit_down("Ana", SENDS)
    wait_for_ok(ana, write(tmp_path, "crash.csv", HEADINGS, earned("200000007", 7)))
    office.process.kill()
    expect(ana.get_by_role("alert")).to_contain_text("No connection to the desk")
    office.process.start()
    expect(ana.get_by_role("alert")).to_be_hidden()
    expect(ana.get_by_text("It waits for an OK")).to_be_visible()
