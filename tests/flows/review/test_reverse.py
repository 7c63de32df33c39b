"""Taking back, end to end: a file sent in error, and an entry that the service made twice."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flows.ledger.connection import open_ledger
from flows.review.reverse import Reversal, reversal_lines, reverse_file
from flows.runtime.errors import CouldNotRun, ExitCode, WrongUsage
from flows.sandbox import start_sandbox
from flows.sandbox.seed import reward_id
from sql.approvals import approve, discard
from sql.plans import approve_plan
from tests.flows.workplace import Workplace, earned, redeemed

Place = Callable[..., Workplace]
FAULTS = "twice=200000001*1,twice=200000005*1,drop_after=200000004,read_503=200000004"
PAYOUT = "35b10000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, faults=FAULTS, options=("--extra-clients", "9")) as found:
        yield found


def night(workplace: Workplace, *rows: str, name: str = "a.csv", **headings: str) -> Workplace:
    workplace.put(name, *rows, **headings)
    assert workplace.run().totals["ties_out"]
    return workplace


def reverse(workplace: Workplace, named: str = "a.csv", site_id: str | None = None) -> Reversal:
    with open_ledger(workplace.settings) as ledger:
        return reverse_file(workplace.settings, ledger, named, site_id, by="Ann", reason="wrong month")


def decide(workplace: Workplace, decision: Callable[..., Any], id_: str | None) -> None:
    from flows.runtime.clock import utc_now

    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        decision(connection, id_, by="Kim", now=utc_now())


def entries(workplace: Workplace, client_id: str) -> list[tuple[str, int]]:
    return [(line["action"], line["points"]) for line in workplace.commits(client_id)]


def states(workplace: Workplace) -> dict[str, int]:
    return dict(Counter(row["state"] for row in workplace.rows("SELECT state FROM events")))


def test_a_file_sent_in_error_is_taken_back_once_a_person_approves(workplace: Workplace) -> None:
    night(workplace, earned("200000002", 30), earned("200000002", 30), redeemed("200000002", 20))
    plan = reverse(workplace)
    assert (workplace.run().totals["posted"], len(entries(workplace, "200000002"))) == (0, 3)
    decide(workplace, approve_plan, plan.plan_id)
    ended = workplace.run()
    assert (ended.totals["carried_in"], ended.totals["posted"], ended.exit_code) == (3, 3, ExitCode.TIES_OUT)
    assert entries(workplace, "200000002")[3:] == [("Earned", 20), ("Redeemed", 30), ("Redeemed", 30)]
    assert workplace.breaks() == {}


def test_nothing_is_taken_back_twice(workplace: Workplace) -> None:
    night(workplace, earned("200000003", 30), redeemed("200000003", 20))
    first, again = reverse(workplace), reverse(workplace)
    assert (len(first.entries), again.plan_id, again.already) == (2, None, 2)


@pytest.mark.long
def test_a_row_that_was_taken_back_is_known_and_says_so(workplace: Workplace) -> None:
    night(workplace, earned("200000003", 33))
    decide(workplace, approve_plan, reverse(workplace).plan_id)
    workplace.run()
    night(workplace, earned("200000003", 33), earned("200000003", 1), name="again.csv")
    (duplicate,) = workplace.rows("SELECT reason FROM duplicates")
    assert duplicate["reason"].startswith("already in the ledger, and taken back since")
    assert entries(workplace, "200000003").count(("Earned", 33)) == 1


@pytest.mark.long
def test_what_was_discarded_can_be_taken_back_at_a_next_try(workplace: Workplace) -> None:
    night(workplace, earned("200000003", 31), redeemed("200000003", 21))
    reverse(workplace)
    (first,) = workplace.rows("SELECT event_id FROM events WHERE state = 'held' AND action = 'Redeemed'")
    decide(workplace, discard, first["event_id"])
    again = reverse(workplace)
    assert ([entry.points for entry in again.entries], again.already) == ([31], 1)


@pytest.mark.long
def test_only_what_was_posted_is_taken_back(workplace: Workplace) -> None:
    night(workplace, earned("200000006", 5), name="first.csv")
    night(workplace, earned("200000006", 5), earned("200000006", 6), redeemed("200000006", 9_000))
    plan = reverse(workplace)
    assert [entry.points for entry in plan.entries] == [6]
    assert (plan.duplicate, plan.not_posted) == (1, {"refused": 1})


@pytest.mark.long
def test_an_event_in_doubt_stops_the_whole_plan(workplace: Workplace) -> None:
    workplace.put("a.csv", earned("200000004"), earned("200000006", 7))
    workplace.run()
    with pytest.raises(CouldNotRun, match=r"1 of its events are in doubt .* Run `tieout settle` first"):
        reverse(workplace)
    assert states(workplace) == {"unknown": 1, "posted": 1}


@pytest.mark.long
def test_an_update_has_no_opposite_and_what_it_replaced_is_said(workplace: Workplace) -> None:
    headings = "RewardId,PayoutId,Amount"
    night(workplace, f"{reward_id(1)},{PAYOUT},12.50", name="first.csv", headings=headings)
    night(workplace, f"{reward_id(1)},{PAYOUT},99", f"{reward_id(2)},{PAYOUT},98", headings=headings)
    plan = reverse(workplace)
    assert (plan.plan_id, plan.waits) == (None, True)
    known, unknown = (why for _, why in plan.without_opposite)
    assert "before it first.csv had given amount 12.5," in known
    assert unknown.endswith("nothing is known of what it replaced")
    assert sum("of reward" in line for line in reversal_lines(plan)) == 2


@pytest.mark.long
def test_an_opposite_earned_is_not_planned_where_a_source_is_required(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(workplace, earned("200000006", 40), redeemed("200000006", 8))
    monkeypatch.setenv("TIEOUT_GUARDS__REQUIRE_SOURCE", "true")
    plan = reverse(workplace)
    assert ([entry.points for entry in plan.entries], len(plan.without_opposite)) == ([40], 1)


@pytest.mark.long
def test_reverse_file_takes_a_path_a_name_or_a_hash_and_no_other(workplace: Workplace) -> None:
    night(workplace, earned("200000006", 50))
    (archived,) = (workplace.folder / "archive").iterdir()
    plan = reverse(workplace, str(archived))
    assert [reverse(workplace, named).sha256 for named in ("a.csv", plan.sha256, plan.sha256[:9])] == [plan.sha256] * 3
    with pytest.raises(WrongUsage, match=r"No file b\.csv was ever taken in"):
        reverse(workplace, "b.csv")
    with pytest.raises(WrongUsage, match=rf"was changed since one of that name was sent.* {plan.sha256[:16]}"):
        reverse(workplace, str(workplace.put("../a.csv", earned("200000006", 51))))


@pytest.mark.long
def test_reverse_file_asks_which_of_several_files_is_meant(workplace: Workplace) -> None:
    night(workplace, earned("200000006", 52))
    night(workplace, earned("200000006", 53))
    with pytest.raises(WrongUsage, match=r"Several files are known as a\.csv"):
        reverse(workplace)


def proposals(workplace: Workplace) -> list[dict[str, Any]]:
    return workplace.rows(
        "SELECT reversals.*, events.state FROM reversals JOIN events ON events.event_id = reversals.event_id"
    )


def test_an_entry_made_twice_is_taken_back_and_its_break_closes_by_itself(workplace: Workplace) -> None:
    night(workplace, earned("200000001", 60))
    (found,) = workplace.breaks().items()
    assert found[1] == "duplicate_remote"
    (proposed,) = proposals(workplace)
    assert (proposed["break_id"], proposed["state"]) == (found[0], "held")
    workplace.run()
    assert proposals(workplace) == [proposed]
    decide(workplace, approve, proposed["event_id"])
    ended = workplace.run()
    assert (ended.totals["posted"], ended.totals["ties_out"], ended.exit_code) == (1, True, ExitCode.TIES_OUT)
    assert Counter(entries(workplace, "200000001")) == {("Earned", 60): 2, ("Redeemed", 60): 1}
    assert (workplace.breaks(), workplace.run().exit_code, len(proposals(workplace))) == ({}, ExitCode.TIES_OUT, 1)


@pytest.mark.long
def test_a_proposal_that_was_discarded_is_not_made_again(workplace: Workplace) -> None:
    workplace.put("a.csv", earned("200000005", 61))
    workplace.run()
    (proposed,) = proposals(workplace)
    decide(workplace, discard, proposed["event_id"])
    workplace.run()
    assert (len(proposals(workplace)), list(workplace.breaks().values())) == (1, ["duplicate_remote"])


@pytest.mark.long
def test_a_redeem_entered_twice_by_hand_is_given_back(workplace: Workplace) -> None:
    night(workplace, earned("200000007", 80), redeemed("200000007", 9))
    entry = {"ClientId": "200000007", "Action": "Redeemed", "Points": 9, "ActionDateTime": "2026-09-21T17:00:00Z"}
    workplace.talk.post_json("/sandbox/desk/transactions", entry)
    night(workplace, earned("200000007", 1, "2026-09-21T10:00:00Z"), name="b.csv")
    (proposed,) = proposals(workplace)
    decide(workplace, approve, proposed["event_id"])
    assert workplace.run().exit_code == ExitCode.TIES_OUT
    assert entries(workplace, "200000007")[-1] == ("Earned", 9)
