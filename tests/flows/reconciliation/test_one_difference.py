"""One difference is one break, which learns more as more is read: open at the end is what was seeded, each once."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.cli.breaks.deciding import run_decision
from flows.ledger.summary import ReconcileSummary
from flows.runs.reconcile import reconcile as reconcile_run
from flows.runtime.clock import clock_set_to
from flows.sandbox import start_sandbox
from flows.sandbox.seed import reward_id
from sql.break_decisions import Verb
from tests.flows.workplace import HEADINGS, Workplace, earned, open_workplace, redeemed

PAYOUT = "35b10000-0000-4000-8000-000000000001"
UPDATES = "RewardId,PayoutId,Amount"
LOST = "200000010"
FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
_next = iter(range(11, 400))


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, Any]]:
    options = ("--extra-clients", "60", "--extra-rewards", "12")
    with start_sandbox(faults=f"phantom={LOST}", options=options) as found:
        yield found


@pytest.fixture
def client() -> str:
    """A client of whom nobody else asks."""
    return str(200_000_000 + next(_next))


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any]) -> Workplace:
    return open_workplace(tmp_path, ready, grace_hours=24)


def at(day: int, hour: int = 19) -> str:
    return f"2026-10-{day:02}T{hour:02}:00:00Z"


def by_hand(workplace: Workplace, client_id: str, day: int, points: int, action: str = "Earned") -> None:
    entry = {"ClientId": client_id, "Action": action, "Points": points, "Source": "Sale", "ActionDateTime": at(day)}
    assert workplace.talk.post_json("/sandbox/desk/transactions", entry)[0] == 200


class Nights:
    """Nights of October, each at ten in the evening, on both clocks."""

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace

    def night(self, day: int, *rows: str, headings: str = HEADINGS) -> None:
        if rows:
            self.workplace.put(f"{day:02}-{len(headings)}.csv", *rows, headings=headings)
        with self._on(day):
            summary = self.workplace.run()
        assert summary.totals["ties_out"], summary.lines

    def reconcile(self, day: int, since: date = FIRST, until: date = LAST) -> ReconcileSummary:
        with self._on(day):
            ended = reconcile_run(self.workplace.settings, since, until)
        assert ended.ties_out, ended.lines
        return ended

    def _on(self, day: int) -> Any:
        now = datetime(2026, 10, day, tzinfo=UTC) + timedelta(days=1, hours=5)
        self.workplace.talk.post_json("/sandbox/desk/clock", {"now": now.isoformat()})
        return clock_set_to(now)


@pytest.fixture
def nights(workplace: Workplace) -> Nights:
    return Nights(workplace)


def open_of(workplace: Workplace, about: str) -> list[tuple[str, int]]:
    """Return class and points of the open breaks of a client, least first."""
    rows = workplace.rows("SELECT * FROM breaks WHERE state IN ('open', 'acknowledged')")
    return sorted((row["class"], row["points"]) for row in rows if about in (row["client_id"], row["reward_id"]))


def test_a_hand_entry_that_the_balance_told_first_is_one_break(nights: Nights, client: str) -> None:
    nights.night(2, earned(client, 10, at(2)))
    by_hand(nights.workplace, client, 4, 74)
    nights.night(6, earned(client, 10, at(6)))
    assert open_of(nights.workplace, client) == [("unexpected_remote", 74)]
    nights.reconcile(7)
    assert open_of(nights.workplace, client) == [("unexpected_remote", 74)]
    (entry,) = nights.workplace.rows("SELECT * FROM breaks WHERE state = 'open'")
    assert entry["action_at"] is not None
    (of_balance,) = nights.workplace.rows("SELECT * FROM breaks WHERE state = 'closed'")
    assert of_balance["detail"].endswith(f"Explained by break {entry['break_id']} since: nothing is left.")
    moves = nights.workplace.rows("SELECT move, points FROM break_moves ORDER BY move_id")
    assert [tuple(move.values()) for move in moves] == [("new", 74), ("closed", 74), ("new", 74)]
    nights.night(8, earned(client, 3, at(8)))
    assert open_of(nights.workplace, client) == [("unexpected_remote", 74)]


@pytest.mark.long
def test_a_balance_that_is_explained_in_part_keeps_the_rest(nights: Nights, client: str) -> None:
    nights.night(2, earned(client, 10, at(2)))
    by_hand(nights.workplace, client, 4, 12)
    by_hand(nights.workplace, client, 9, 3, "Redeemed")
    nights.night(11, earned(client, 10, at(11)))
    assert open_of(nights.workplace, client) == [("unexpected_remote", 9)]
    nights.night(12, earned(client, 10, at(4, 8)))
    assert open_of(nights.workplace, client) == [("unexpected_remote", 3), ("unexpected_remote", 12)]
    (left,) = nights.workplace.rows("SELECT * FROM breaks WHERE action_at IS NULL")
    assert left["more"] == -3
    nights.reconcile(13)
    assert open_of(nights.workplace, client) == [("unexpected_remote", 3), ("unexpected_remote", 12)]


@pytest.mark.long
def test_an_entry_that_is_read_with_the_balance_leaves_the_rest_of_it(nights: Nights, client: str) -> None:
    nights.night(2, earned(client, 10, at(2)))
    by_hand(nights.workplace, client, 4, 12)
    by_hand(nights.workplace, client, 6, 5)
    nights.night(6, earned(client, 10, at(6)))
    assert open_of(nights.workplace, client) == [("unexpected_remote", 5), ("unexpected_remote", 12)]
    nights.reconcile(7)
    assert open_of(nights.workplace, client) == [("unexpected_remote", 5), ("unexpected_remote", 12)]
    assert all(row["action_at"] for row in nights.workplace.rows("SELECT * FROM breaks WHERE state = 'open'"))


@pytest.mark.long
def test_an_old_entry_of_as_many_points_hides_no_new_one(nights: Nights, client: str) -> None:
    by_hand(nights.workplace, client, 1, 30)
    nights.night(10, earned(client, 10, at(10)))
    by_hand(nights.workplace, client, 12, 30)
    nights.night(14, earned(client, 10, at(14)))
    nights.reconcile(15, date(2026, 10, 1), date(2026, 10, 5))
    assert open_of(nights.workplace, client) == [("unexpected_remote", 30)] * 2
    nights.reconcile(16)
    assert open_of(nights.workplace, client) == [("unexpected_remote", 30)] * 2
    assert all(row["action_at"] for row in nights.workplace.rows("SELECT * FROM breaks WHERE state = 'open'"))


@pytest.mark.long
@pytest.mark.parametrize(("verb", "state"), [(Verb.ACKNOWLEDGE, "acknowledged"), (Verb.RESOLVE, "resolved")])
def test_what_a_person_said_of_the_balance_holds_for_its_entry(
    nights: Nights, client: str, verb: Verb, state: str
) -> None:
    nights.night(2, earned(client, 10, at(2)))
    by_hand(nights.workplace, client, 4, 20)
    nights.night(6, earned(client, 10, at(6)))
    (break_id,) = nights.workplace.breaks()
    run_decision(nights.workplace.config, verb, break_id, "Ann", "entered_by_hand: asked the studio")
    nights.reconcile(7)
    (entry,) = nights.workplace.rows("SELECT * FROM breaks WHERE action_at IS NOT NULL")
    assert (entry["state"], entry["owner"]) == (state, "Ann")
    assert "of which Ann said: entered_by_hand: asked the studio" in entry["reason"]


def test_the_break_of_a_refused_row_closes_once_the_mended_row_is_posted(nights: Nights, client: str) -> None:
    nights.night(2, redeemed(client, 900, at(2)))
    assert open_of(nights.workplace, client) == [("refused", 900)]
    (refused,) = nights.workplace.rows("SELECT event_id FROM events")
    mended = f"{earned(client, 9, at(2))},{refused['event_id']}"
    nights.night(3, mended, headings=f"{HEADINGS},Receipt")
    assert open_of(nights.workplace, client) == []
    # A reading of those days finds the refused event again: nothing is left to do about it all the same.
    nights.reconcile(7)
    assert open_of(nights.workplace, client) == []


@pytest.mark.long
def test_the_break_of_a_refused_update_closes_once_a_later_one_is_posted(nights: Nights) -> None:
    reward, bad = reward_id(5), PAYOUT[:-1] + "x"
    nights.night(2, f"{reward},{bad},12.50", headings=UPDATES)
    assert [name for name, _ in open_rewards(nights.workplace, reward)] == ["refused"]
    nights.night(3, f"{reward},{PAYOUT},12.50", headings=UPDATES)
    assert open_rewards(nights.workplace, reward) == []


def open_rewards(workplace: Workplace, reward: str) -> list[tuple[str, str]]:
    rows = workplace.rows("SELECT * FROM breaks WHERE state IN ('open', 'acknowledged')")
    return [(row["class"], row["amount"]) for row in rows if row["reward_id"] == reward]


@pytest.mark.long
def test_an_amount_break_counts_for_the_difference_and_tells_both(nights: Nights, client: str) -> None:
    reward = reward_id(6)
    nights.night(2, f"{reward},{PAYOUT},25", headings=UPDATES)
    nights.night(3, f"{reward},{PAYOUT},20", headings=UPDATES)
    assert open_rewards(nights.workplace, reward) == []
    nights.workplace.talk.post_json("/sandbox/desk/rewards", {"rewardId": reward, "amount": 99})
    nights.night(4, earned(LOST, 10, at(4)))
    by_hand(nights.workplace, LOST, 4, 14)
    nights.reconcile(5)
    (broken,) = (row for row in nights.workplace.rows("SELECT * FROM breaks") if row["reward_id"] == reward)
    told = [broken[key] for key in ("class", "amount", "amount_ledger", "amount_service")]
    assert told == ["amount_mismatch", "79", "20", "99"]
    assert broken["detail"] == "amount: ledger 20, service 99."
    (points,) = (row for row in nights.workplace.rows("SELECT * FROM breaks") if row["client_id"] == LOST)
    assert [points[key] for key in ("points", "points_ledger", "points_service")] == [4, 10, 14]
    rolled = json.loads(nights.reconcile(6).report.with_suffix(".json").read_text("utf-8"))["roll_forward"]
    assert [row["open_now"] for row in rolled if row["measure"] == "amount"] == [79]
