"""A place that left the settings before all that was posted there was read back is not read, and does not agree."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.workplace import Workplace, earned, open_workplace

RUN = ("run", "--plain", "--json")
CLIENTS = [f"2000000{number:02d}" for number in range(1, 5)]
FAULTS = f"read_503={CLIENTS[0]},read_503={CLIENTS[1]}"
UPDATE = "3344d59a-0000-4000-8000-000000000009,35b10000-0000-4000-8000-000000000001,3"


@pytest.fixture
def ready() -> Iterator[dict[str, Any]]:
    with start_sandbox(faults=FAULTS, options=("--extra-clients", "5")) as found:
        yield found


def take_out(workplace: Workplace, section: str) -> None:
    """Take a section out of the settings."""
    text = workplace.config.read_text()
    cut = re.sub(rf"\n\[+{re.escape(section)}\]+\n.*?(?=\n\[|\Z)", "\n", text, flags=re.DOTALL)
    assert cut != text
    workplace.configure(cut)


@pytest.fixture
def left(workplace: Workplace, tieout: Tieout) -> Workplace:
    """One whose site left the settings before two of its clients could be read."""
    workplace.put("rows.csv", *map(earned, CLIENTS))
    assert tieout(*RUN).json["posted"] == len(CLIENTS)
    take_out(workplace, "mindbody.sites")
    return workplace


def test_a_site_that_left_with_events_that_nobody_compared_is_not_read(left: Workplace, tieout: Tieout) -> None:
    for command in (RUN, ("reconcile", "--since", "2026-01-01", "--json")):
        ended = tieout(*command)
        assert (ended.code, ended.json["agrees"]) == (1, False), command
        assert [one["what"] for one in ended.json["not_read"]] == ["Mindbody site -99"]
    status = tieout("status", "--json")
    assert (status.code, status.json["waits"]["not_read"], status.json["last_night"]["agrees"]) == (1, 1, False)
    assert "ties out; the services do not agree, or were not all read" in tieout("status").out


def test_no_night_asks_for_a_site_that_a_person_keeps_but_each_tells_of_it(left: Workplace, tieout: Tieout) -> None:
    kept = tieout("keep", "--site", "-99", "--reason", "the studio was closed", "--json")
    assert (kept.code, kept.json["kept"], kept.json["not_read"]) == (0, 0, 2)
    ended = tieout(*RUN)
    assert (ended.code, ended.json["not_read"]) == (0, [])
    assert any("2 events that were posted there are not compared" in note for note in ended.json["notes"])


def test_rewards_whose_keys_went_before_they_were_read_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with start_sandbox(faults="rr:read_503@3-99", options=("--extra-rewards", "20")) as ready:
        workplace = open_workplace(tmp_path, ready, max_tries=1)
        tieout = Tieout(workplace, monkeypatch, capsys)
        workplace.put("updates.csv", UPDATE, headings="RewardId,PayoutId,Amount")
        ended = tieout(*RUN)
        assert ended.json["posted"] == 1, ended
        take_out(workplace, "referral_rock")
        for command in (RUN, ("reconcile", "--json")):
            ended = tieout(*command)
            assert (ended.code, ended.json["agrees"]) == (1, False), command
            assert [one["what"] for one in ended.json["not_read"]] == ["Referral Rock"]
            assert "tieout keep --referral-rock" in ended.json["not_read"][0]["why"]
        assert tieout("keep", "--referral-rock").code == 2
        kept = tieout("keep", "--referral-rock", "--reason", "the programme has ended", "--json")
        assert (kept.code, kept.json) == (0, {"site_id": None, "kept": 0, "not_read": 1})
        for command in (("reconcile", "--json"), RUN):
            ended = tieout(*command)
            assert (ended.code, ended.json["not_read"]) == (0, []), command
        assert any("1 events that were posted there" in note for note in ended.json["notes"])


@pytest.fixture
def rewards(tmp_path: Path) -> Iterator[Workplace]:
    """A workplace whose Referral Rock is still there."""
    with start_sandbox(options=("--extra-rewards", "20")) as ready:
        yield open_workplace(tmp_path, ready)


def test_updates_that_were_not_sent_before_the_keys_went_are_kept_or_dropped(
    rewards: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workplace, tieout = rewards, Tieout(rewards, monkeypatch, capsys)
    path = workplace.put("updates.csv", UPDATE, headings="RewardId,PayoutId,Amount")
    plan_id = tieout("plan", path, "--json").json["plan_id"]
    path.unlink()
    assert tieout("approve", plan_id).code == 0
    before = workplace.config.read_text()
    take_out(workplace, "referral_rock")
    ended = tieout(*RUN)
    assert (ended.code, "`tieout discard --referral-rock` drops them" in ended.err) == (3, True), ended
    assert tieout("keep", "--referral-rock", "--reason", "for now", "--json").json["kept"] == 1
    assert tieout(*RUN).code == 0
    workplace.configure(before)
    assert tieout("keep", "--referral-rock", "--reason", "by mistake").code == 2
    ended = tieout(*RUN)
    assert ended.json["posted"] == 1
    assert any("Referral Rock is back in the settings" in note for note in ended.json["notes"])


def test_what_was_not_sent_to_referral_rock_is_dropped_by_a_person(
    rewards: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workplace, tieout = rewards, Tieout(rewards, monkeypatch, capsys)
    path = workplace.put("updates.csv", UPDATE, headings="RewardId,PayoutId,Amount")
    assert tieout("plan", path).code == 1
    path.unlink()
    take_out(workplace, "referral_rock")
    dropped = tieout("discard", "--referral-rock", "--yes", "--reason", "has ended", "--json")
    assert (dropped.code, dropped.json) == (0, {"site_id": None, "discarded": 1})
    assert tieout(*RUN).code == 0
