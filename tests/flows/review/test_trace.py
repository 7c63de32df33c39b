"""`tieout trace` by every kind of id: sentences in the studio's own time, with all that the service returned."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from flows.runs.reconcile import reconcile as reconcile_run
from flows.sandbox import start_sandbox
from flows.sandbox.seed import reward_id
from tests.flows.command import Tieout
from tests.flows.workplace import Workplace, earned, open_workplace

CLIENT, REWARD = "200000001", reward_id(5)
PAYOUT = "35b10000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    with start_sandbox(options=("--extra-clients", "9", "--extra-rewards", "9")) as ready:
        workplace = open_workplace(tmp_path_factory.mktemp("traced"), ready)
        workplace.put("a.csv", earned(CLIENT))
        workplace.put("r.csv", f"{REWARD},{PAYOUT},20", headings="RewardId,PayoutId,Amount")
        workplace.run()
        workplace.talk.post_json("/sandbox/desk/rewards", {"rewardId": REWARD, "amount": 99})
        entry = {"ClientId": CLIENT, "Action": "Earned", "Points": 30, "ActionDateTime": "2026-09-22T17:00:00Z"}
        workplace.talk.post_json("/sandbox/desk/transactions", entry)
        workplace.put("b.csv", earned(CLIENT, 4, "2026-09-24T17:00:00Z"))
        workplace.run()
        reconcile_run(workplace.settings, date(2026, 9, 1), date(2026, 9, 30))
        yield workplace


@pytest.fixture
def tieout(traced: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tieout:
    return Tieout(traced, monkeypatch, capsys)


def told(tieout: Tieout, asked: str) -> str:
    ended = tieout("trace", asked)
    assert (ended.code, ended.err) == (0, "")
    for technical in ("claimed", "attempt", " key "):
        assert technical not in ended.out
    return ended.out


def test_trace_of_an_event_tells_the_answer_whole_and_the_studios_time(tieout: Tieout) -> None:
    story = told(tieout, "a.csv::2")
    assert "at Sun 20 Sep 2026, 10:00:00 am PDT (2026-09-20 17:00:00Z)" in story
    assert "It returned: " in story
    for field in ("Balance ", "ActionDateTime 2026-09-20T10:00:00", "Points 10", "Source Sale"):
        assert field in story
    assert "The service showed it as it was posted: it matched." in story
    assert "What to do: nothing." in story


@pytest.mark.long
def test_trace_of_a_reward_tells_every_field_and_its_difference(tieout: Tieout) -> None:
    story = told(tieout, REWARD.upper())
    assert f"payoutId {PAYOUT}" in story
    for field in ("status ", "amount 20", "createDate ", "updateDate "):
        assert field in story
    assert "amount: ledger 20, service 99." in story
    assert "Compare both amounts and correct the one that is wrong." in story


def break_of(workplace: Workplace, **wanted: Any) -> str:
    rows = workplace.rows("SELECT * FROM breaks")
    (found,) = (row["break_id"] for row in rows if all(row[key] == value for key, value in wanted.items()))
    return str(found)


def test_trace_of_a_difference_tells_what_it_means_and_what_it_was_before(tieout: Tieout) -> None:
    entry = break_of(tieout.workplace, client_id=CLIENT, state="open")
    balance = break_of(tieout.workplace, client_id=CLIENT, state="closed")
    story = told(tieout, entry)
    assert "Somebody else's entry (unexpected_remote), 30 points." in story
    assert f"it is +30 points of difference {balance}" in story
    assert "Ask who made the entry" in story
    assert f"+30 points are the entry of difference {entry}" in told(tieout, balance)


@pytest.mark.long
def test_trace_of_a_client_lists_events_and_differences(tieout: Tieout) -> None:
    story = told(tieout, CLIENT)
    assert f"Client {CLIENT} of site -99: 2 events (2 posted)." in story
    assert "The balance was " in story
    assert "An open difference: Somebody else's entry" in story
    assert f"tieout client {CLIENT} --site -99" in story


@pytest.mark.parametrize("asked", ["nothing", "a.csv::99", "a.csv:Sheet:2", "", ":", "::"])
def test_trace_of_what_nobody_knows_is_one_line(tieout: Tieout, asked: str) -> None:
    ended = tieout("trace", asked)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "FILE:SHEET:ROW" in ended.err


def test_client_is_a_statement_of_what_moved_the_balance_and_by_whom(tieout: Tieout) -> None:
    ended = tieout("client", CLIENT, "--json")
    (statement,) = ended.json["statements"]
    lines = [(line["points"], line["balance"], line["who"], line["mark"]) for line in statement["lines"]]
    opening = statement["opening_balance"]
    assert lines == [
        (10, opening + 10, "tieout", None),
        (30, opening + 40, "somebody else", "unexpected_remote"),
        (4, opening + 44, "tieout", None),
    ]
    assert (ended.code, statement["closing_balance"]) == (1, opening + 44)
    told = tieout("client", CLIENT, "--site", "-99").out
    assert "Sun 20 Sep 2026, 10:00:00 am PDT" in told
    assert "tieout, a.csv row 2" in told
    assert "somebody else; Somebody else's entry" in told


def test_client_reads_anew_and_marks_what_nobody_has_read_yet(tieout: Tieout) -> None:
    entry = {"ClientId": CLIENT, "Action": "Redeemed", "Points": 5, "ActionDateTime": "2026-09-25T17:00:00Z"}
    tieout.workplace.talk.post_json("/sandbox/desk/transactions", entry)
    before = tieout.workplace.rows("SELECT sum(calls) AS calls FROM call_counts")[0]["calls"]
    (statement,) = tieout("client", CLIENT, "--read", "--json").json["statements"]
    assert tieout.workplace.rows("SELECT sum(calls) AS calls FROM call_counts")[0]["calls"] > before
    latest = statement["lines"][-1]
    assert (latest["points"], latest["who"], latest["mark"]) == (-5, "somebody else", "unexpected_remote")
    assert latest["balance"] == statement["closing_balance"]
    assert statement["is_read_anew"]
    assert len(tieout.workplace.breaks()) == 2  # what it shows is kept by a night, and by nothing else


@pytest.mark.parametrize("options", [("0" + CLIENT,), (CLIENT, "--site", "1"), (CLIENT, "--site", "1", "--read")])
def test_client_that_nobody_knows_is_one_line(tieout: Tieout, options: tuple[str, ...]) -> None:
    ended = tieout("client", *options)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
