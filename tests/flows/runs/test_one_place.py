"""One place in trouble stops that place alone: everybody else is read, posted, reconciled and reported."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from flows.services.mindbody.client import MindbodyClient
from tests.flows.command import Tieout
from tests.flows.notices.listener import Listener, listening
from tests.flows.workplace import HEADINGS, Workplace, earned, open_workplace

UPDATES = "RewardId,PayoutId,Amount"
UPDATE = "3344d59a-0000-4000-8000-000000000009,35b10000-0000-4000-8000-000000000001,3"
SITE = """
[[mindbody.sites]]
site_id = "{}"
timezone = "America/Los_Angeles"
username = "sandbox-staff"
password = "{}"
"""
RIGHT = "sandbox-password"
FAULTS = "rr:read_503,drop_after=200000008,read_503=200000008"


def with_sites(workplace: Workplace, url: str = "", **passwords: str) -> None:
    """Name further sites in the settings, and the address where the services are by now."""
    workplace.configure()
    text = workplace.config.read_text("utf-8")
    if url:
        text = text.replace(workplace.ready["url"], url)
    more = "".join(SITE.format(site.removeprefix("site_"), password) for site, password in passwords.items())
    workplace.configure(text + more)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sandbox") / "sandbox.db"


@pytest.fixture(scope="module")
def ready(state: Path) -> Iterator[dict[str, Any]]:
    """Several sites; Referral Rock is in maintenance, and one client's answer is lost for good."""
    options = ("--more-sites", "3", "--extra-clients", "12", "--extra-rewards", "9")
    with start_sandbox(state=state, faults=FAULTS, options=options) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any]) -> Workplace:
    return open_workplace(tmp_path, ready, max_tries=2)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


def whats(not_read: list[dict[str, str]]) -> set[str]:
    return {one["what"] for one in not_read}


def test_a_night_goes_on_without_the_places_in_trouble_and_takes_up_the_rest_once_they_are_mended(
    workplace: Workplace, tieout: Tieout, state: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_NOTIFY__URLS", json.dumps([listener.message_url]))
    # Site 1002 has work in the ledger when it leaves the settings.
    with_sites(workplace, site_1001=RIGHT, site_1002=RIGHT)
    left = workplace.folder / "left.csv"
    left.write_text(f"ClientId,Points,Action,Source,SourceId,ActionDateTime\n{earned('200000003', 7)}\n")
    planned = tieout("plan", left, "--site", "1002", "--json").json
    assert tieout("approve", planned["plan_id"]).code == 0
    # The password of 1001 has expired.
    with_sites(workplace, site_1001="expired")
    of_expired = workplace.put("1001/a.csv", earned("200000001"))
    workplace.put("-99/b.csv", earned("200000002", 20))
    rewards = workplace.put("rewards.csv", UPDATE, headings=UPDATES)
    first = tieout("run", "--plain", "--json")
    assert tieout("run", "--plain", "--json").code == first.code == 3
    assert (first.json["posted"], first.json["pending"], first.json["ties_out"]) == (1, 1, True)
    assert whats(first.json["not_read"]) == {"Mindbody site 1001", "Mindbody site 1002", "Referral Rock"}
    assert [path.is_file() for path in (of_expired, rewards)] == [True, True]
    sent = workplace.commits("200000001", "200000002", "200000003")
    assert [(line["site_id"], line["client_id"]) for line in sent] == [("-99", "200000002")]
    said = json.loads(Path(first.json["report"]).with_suffix(".json").read_text("utf-8"))["verdict"]
    assert "Not all done at Mindbody site 1001, Mindbody site 1002, Referral Rock" in said
    assert [line for line in first.err.splitlines() if "discard --site 1002" in line and "1 event of it waits" in line]
    # All is mended: another night, of the same services without their fault.
    with start_sandbox(state=state) as mended:
        with_sites(workplace, url=mended["url"], site_1001=RIGHT, site_1002=RIGHT)
        second = tieout("run", "--plain", "--json")
    assert (second.code, second.json["posted"], second.json["not_read"]) == (0, 3, [])
    sites = [line["site_id"] for line in workplace.commits("200000001", "200000002", "200000003")]
    assert sorted(sites) == ["-99", "1001", "1002"]
    assert [path.is_file() for path in (of_expired, rewards)] == [False, False]
    titles = [message["title"] for message in listener.messages]
    assert titles == ["tieout: could not run to the end", "tieout: all is well again"]


@pytest.mark.long
def test_a_site_that_left_with_work_open_can_be_dropped_by_a_person(workplace: Workplace, tieout: Tieout) -> None:
    with_sites(workplace, site_1002=RIGHT)
    left = workplace.folder / "left.csv"
    left.write_text(f"ClientId,Points,Action,Source,SourceId,ActionDateTime\n{earned('200000009', 7)}\n")
    assert tieout("approve", tieout("plan", left, "--site", "1002", "--json").json["plan_id"]).code == 0
    with_sites(workplace)
    assert tieout("run", "--plain", "--json").code == 3
    assert tieout("discard", "--site", "1002", "--yes", "--reason", "it left").code == 0
    # Referral Rock is still down, and the site is none of the trouble any more.
    assert whats(tieout("run", "--plain", "--json").json["not_read"]) == {"Referral Rock"}
    assert workplace.commits("200000009") == []


def without_rewards(workplace: Workplace, **passwords: str) -> None:
    """Name sites, and leave out the service that is in maintenance."""
    with_sites(workplace, **passwords)
    lines = workplace.config.read_text("utf-8").splitlines()
    workplace.configure("\n".join(line for line in lines if not line.startswith(("public_key", "private_key"))))


@pytest.mark.long
def test_a_site_that_left_is_kept_by_a_person_asks_for_nobody_and_goes_on_once_it_is_back(
    workplace: Workplace, tieout: Tieout
) -> None:
    without_rewards(workplace, site_1003=RIGHT)
    headings = "SiteId,ClientId,Points,Action,Source,SourceId,ActionDateTime"
    workplace.put("in doubt.csv", f"1003,{earned('200000008', 3)}", headings=headings)
    assert tieout("run", "--plain", "--json").json["unknown"] == 1
    plan = workplace.folder / "left.csv"
    plan.write_text("\n".join([HEADINGS, earned("200000010", 7), earned("200000011", 9)]))
    plan_id = tieout("plan", plan, "--site", "1003", "--json").json["plan_id"]
    held = tieout("plan", "--json").json
    assert tieout("approve", held[0]["event_id"]).code == 0
    assert tieout("keep", "--site", "1003", "--reason", "early").code == 2  # it is there
    without_rewards(workplace)
    nagging = tieout("run", "--plain", "--json")
    assert (nagging.code, whats(nagging.json["not_read"])) == (3, {"Mindbody site 1003"})
    assert "`tieout keep --site 1003`" in nagging.json["not_read"][0]["why"]

    assert tieout("keep", "--site", "1003").code == 2  # nobody said why
    kept = tieout("keep", "--site", "1003", "--by", "kim", "--reason", "it moves house", "--json")
    assert (kept.code, kept.json["kept"]) == (1, 2), kept
    # What may have been sent asks for a person, who needs no site to rule on it.
    (in_doubt,) = workplace.rows("SELECT event_id FROM events WHERE state = 'unknown'")
    settle = ("settle", in_doubt["event_id"], "--as", "posted", "--reason", "I saw it")
    assert tieout("run", "--plain", "--json").json["unknown"] == 1
    tieout(*settle)
    (break_id,) = workplace.breaks()
    assert tieout("breaks", "resolve", break_id, "--by", "kim", "--reason", "I saw it").code == 0
    quiet = tieout("run", "--plain", "--json")
    assert (quiet.code, quiet.json["not_read"], quiet.json["unknown"], quiet.json["held"]) == (0, [], 0, 0), quiet
    assert any("kim said on" in note for note in quiet.json["notes"])
    assert [tieout(*words).code for words in (["settle"], ["reconcile"], ["status"])] == [0, 0, 0]
    assert tieout("status", "--json").json["kept"] == 2

    without_rewards(workplace, site_1003=RIGHT)
    back = tieout("run", "--plain", "--json")
    assert [note for note in back.json["notes"] if "is back in the settings" in note], back
    assert (back.json["posted"], back.json["unknown"]) == (1, 0)
    assert len(workplace.commits("200000010", "200000011")) == 1
    assert tieout("status", "--json").json["kept"] == 0
    assert tieout("discard", plan_id).code == 0


def test_a_file_for_two_places_is_registered_whole_and_the_one_in_trouble_waits(
    workplace: Workplace, tieout: Tieout
) -> None:
    with_sites(workplace, site_1001="expired")
    headings = "SiteId,ClientId,Points,Action,Source,SourceId,ActionDateTime"
    path = workplace.put("a.csv", f"-99,{earned('200000004')}", f"1001,{earned('200000005')}", headings=headings)
    ended = tieout("run", "--plain", "--json")
    assert (ended.code, ended.json["posted"], ended.json["pending"], path.exists()) == (3, 1, 1, False)


@pytest.mark.long
def test_a_password_that_is_refused_is_tried_once_in_a_night(workplace: Workplace, tieout: Tieout) -> None:
    """A few wrong ones in a row may lock the account; and each is a metered call."""
    with_sites(workplace, site_1001="expired")
    headings = "SiteId,ClientId,Points,Action,Source,SourceId,ActionDateTime"
    workplace.put("a.csv", f"-99,{earned('200000004')}", f"1001,{earned('200000005')}", headings=headings)
    tieout("run", "--plain", "--json")
    # A refused token; and of the other site a token, an event and its client's history.
    assert workplace.rows("SELECT sum(calls) AS calls FROM call_counts WHERE target = 'mindbody'") == [{"calls": 4}]


@pytest.mark.long
def test_upload_goes_on_without_another_site_in_trouble_and_not_without_its_own(
    workplace: Workplace, tieout: Tieout
) -> None:
    with_sites(workplace, site_1001="expired")
    path = workplace.folder / "a.csv"
    path.write_text(f"ClientId,Points,Action,Source,SourceId,ActionDateTime\n{earned('200000006')}\n")
    refused = tieout("upload", path, "--site", "1001", "--yes")
    assert (refused.code, "site 1001" in refused.err) == (3, True)
    assert workplace.rows("SELECT * FROM files") == []
    assert tieout("upload", path, "--site", "-99", "--yes", "--json").json["posted"] == 1


@pytest.mark.long
def test_settle_names_a_site_that_has_left_and_reads_the_others(workplace: Workplace, tieout: Tieout) -> None:
    with_sites(workplace, site_1001=RIGHT)
    headings = "SiteId,ClientId,Points,Action,Source,SourceId,ActionDateTime"
    workplace.put("a.csv", f"-99,{earned('200000007')}", f"1001,{earned('200000008')}", headings=headings)
    assert tieout("run", "--plain", "--json").json["unknown"] == 1
    with_sites(workplace)
    ended = tieout("settle", "--json")
    assert (ended.code, whats(ended.json["not_read"])) == (3, {"Mindbody site 1001"})


@pytest.mark.long
def test_an_error_that_nobody_foresaw_at_one_site_stops_that_site_alone(
    workplace: Workplace, tieout: Tieout, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = MindbodyClient.connect

    async def fail_at_one(client: MindbodyClient, now: datetime) -> None:
        if client.site_id == "1001":
            raise KeyError("AccessToken")
        await connect(client, now)

    monkeypatch.setattr(MindbodyClient, "connect", fail_at_one)
    with_sites(workplace, site_1001=RIGHT)
    waiting = workplace.put("1001/a.csv", earned("200000010"))
    workplace.put("-99/b.csv", earned("200000011"))
    ended = tieout("run", "--plain", "--json")
    assert (ended.code, ended.json["posted"], waiting.is_file()) == (3, 1, True)
    assert "an unforeseen error, KeyError" in ended.err
    assert "Traceback" not in ended.err
