"""Reading back and matching against a real sandbox: whose each break is, and what becomes of it from night to night."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from flows.ledger.summary import ReconcileSummary
from flows.runs.reconcile import reconcile as reconcile_run
from flows.runtime.errors import ExitCode
from flows.sandbox import start_sandbox
from flows.sandbox.seed import reward_id
from tests.flows.workplace import Workplace, earned, open_workplace

Place = Callable[..., Workplace]
SEPTEMBER = date(2026, 9, 1), date(2026, 9, 30)
PAYOUT = "35b10000-0000-4000-8000-000000000001"
FAULTS = "twice=200000001,phantom=200000002,phantom=200000003,read_503=200000004,phantom=200000021,phantom=200000022"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, faults=FAULTS, options=("--extra-clients", "40", "--extra-rewards", "9")) as found:
        yield found


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory, ready: dict[str, Any]) -> Place:
    return lambda **choices: open_workplace(tmp_path_factory.mktemp("place"), ready, **choices)


def by_hand(workplace: Workplace, client_id: str, **entry: Any) -> None:
    plain = {"Action": "Earned", "Points": 10, "Source": "Sale", "ActionDateTime": "2026-09-20T18:30:00Z"}
    status, _ = workplace.talk.post_json("/sandbox/desk/transactions", {"ClientId": client_id, **plain, **entry})
    assert status == 200


def reconcile(workplace: Workplace) -> ReconcileSummary:
    return reconcile_run(workplace.settings, *SEPTEMBER)


def night(workplace: Workplace, *rows: str) -> Workplace:
    workplace.put("a.csv", *rows)
    assert workplace.run().totals["ties_out"]
    return workplace


BY_HAND: dict[str, dict[str, Any]] = {
    "200000006": {},
    "200000007": {"Action": "Redeemed", "Source": None},
    "200000008": {"Action": "Returned"},
    "200000009": {"Action": "LateCanceled"},
    "200000010": {"Points": 3},
    "200000011": {"ActionDateTime": "2026-09-20T17:00:00Z"},
    "200000012": {"ActionDateTime": "2026-08-31T12:00:00Z"},
    "200000020": {"Action": "Removed"},
    "200000021": {"ActionDateTime": "2026-09-21T00:00:00Z"},
    "200000022": {"Points": 45, "ActionDateTime": "2026-09-20T17:00:00Z"},
}
EDITS: dict[int, dict[str, Any]] = {
    9: {"amount": 99},
    10: {"payoutId": PAYOUT[:-1] + "2"},
    11: {"eligibilityDate": "2027-01-01T00:00:00Z"},  # a field that we did not set
    12: {},
}
EDGES = {
    "200000016": "2026-10-01T06:59:59Z",  # the last second of September at the site
    "200000017": "2026-10-01T07:00:00Z",
    "200000018": "2026-09-01T06:59:59Z",
    "200000019": "2026-09-01T07:00:00Z",
}


@dataclass(frozen=True)
class Looked:
    """One night of many clients, each with a story of its own, and the September that was reconciled after it."""

    workplace: Workplace
    found: ReconcileSummary
    breaks: Sequence[dict[str, Any]]

    def of(self, about: str) -> list[str]:
        """Return the classes of the open breaks of a client or a reward."""
        return [row["class"] for row in self.breaks if about in (row["client_id"], row["reward_id"])]


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory, ready: dict[str, Any]) -> Looked:
    workplace = open_workplace(tmp_path_factory.mktemp("looked"), ready)
    plain = [earned(client_id) for client_id in ("200000001", "200000002", "200000005", *BY_HAND)]
    edges = [earned(client_id, time=time) for client_id, time in EDGES.items()]
    updates = [f"{reward_id(number)},{PAYOUT},12.50" for number in EDITS]
    workplace.put("updates.csv", *updates, headings="RewardId,PayoutId,Amount")
    night(workplace, *plain, *edges)
    for client_id, entry in BY_HAND.items():
        by_hand(workplace, client_id, **entry)
    for number, edit in EDITS.items():
        workplace.talk.post_json("/sandbox/desk/rewards", {"rewardId": reward_id(number), **edit})
    return Looked(workplace, reconcile(workplace), workplace.rows("SELECT * FROM breaks WHERE state = 'open'"))


@pytest.mark.long
@pytest.mark.parametrize(
    ("about", "breaks"),
    [
        pytest.param("200000001", ["duplicate_remote"], id="twice"),
        pytest.param("200000002", ["missing_remote"], id="phantom"),
        pytest.param("200000005", [], id="as it should be"),
        pytest.param("200000006", ["unexpected_remote"], id="a hand entry"),
        pytest.param("200000007", ["unexpected_remote"], id="a redeem by hand"),
        pytest.param("200000008", ["reversed_remote"], id="returned"),
        pytest.param("200000009", ["reversed_remote"], id="late canceled"),
        pytest.param("200000020", ["reversed_remote"], id="removed"),
        pytest.param("200000010", ["unexpected_remote"], id="other points at another time"),
        pytest.param("200000011", ["duplicate_remote"], id="the same by hand"),
        pytest.param("200000012", ["unexpected_remote"], id="by hand before the period: only the balance tells"),
        pytest.param("200000021", ["time_mismatch"], id="never committed, and by hand in another zone"),
        pytest.param("200000022", ["amount_mismatch"], id="never committed, and by hand with other points"),
        pytest.param(reward_id(9), ["amount_mismatch"], id="reward: amount"),
        pytest.param(reward_id(10), ["status_mismatch"], id="reward: payout"),
        pytest.param(reward_id(11), [], id="reward: a field that was not set"),
        pytest.param(reward_id(12), [], id="reward: as it should be"),
    ],
)
def test_reconcile_says_whose_each_break_is(looked: Looked, about: str, breaks: list[str]) -> None:
    assert looked.of(about) == breaks


def test_reconcile_ties_out_with_every_break_explained(looked: Looked) -> None:
    assert (looked.found.ties_out, looked.found.open) == (True, len(looked.breaks))
    assert looked.found.breaks == dict(Counter(row["class"] for row in looked.breaks))
    assert looked.found.exit_code == ExitCode.NEEDS_A_PERSON


def test_reconcile_takes_the_nights_of_the_site(looked: Looked) -> None:
    # Beside the plain clients and rewards that match, the two edges that lie in September at the site.
    assert looked.found.matched == 1 + 1 + (len(BY_HAND) - 2) + 2 + 2


@pytest.mark.long
def test_reconcile_twice_finds_the_same(looked: Looked) -> None:
    again, before = reconcile(looked.workplace), looked.found
    assert (again.opened, again.closed, again.opening, again.open) == (0, 0, before.open, before.open)
    assert (again.matched, again.breaks) == (before.matched, before.breaks)


def test_reconcile_finds_the_same_by_groups_of_clients(looked: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.reconciliation.sides._CLIENTS_AT_ONCE", 4)
    again, before = reconcile(looked.workplace), looked.found
    assert (again.opened, again.closed, again.open, again.ties_out) == (0, 0, before.open, True)
    assert (again.matched, again.breaks) == (before.matched, before.breaks)


def test_a_break_keeps_its_id_and_closes_by_itself_when_the_late_event_arrives(place: Place) -> None:
    workplace = night(place(grace_hours=24), earned("200000003", 55, "2026-09-23T17:00:00Z"))
    first = workplace.breaks()
    again = reconcile(workplace)
    assert (list(first.values()), workplace.breaks(), again.opening, again.opened) == (["late"], first, 1, 0)
    by_hand(workplace, "200000003", Points=55, ActionDateTime="2026-09-23T17:00:00Z")
    last = reconcile(workplace)
    assert (last.opening, last.closed, last.open, workplace.breaks()) == (1, 1, 0, {})


@pytest.mark.long
def test_a_hand_entry_keeps_its_id_when_another_comes(place: Place) -> None:
    workplace = night(place(), earned("200000014"))
    by_hand(workplace, "200000014")
    reconcile(workplace)
    (first,) = workplace.breaks()
    by_hand(workplace, "200000014", Points=9, ActionDateTime="2026-09-20T10:00:00Z")
    by_hand(workplace, "200000014")
    reconcile(workplace)
    assert (first in workplace.breaks(), len(workplace.breaks())) == (True, 3)


def test_reconcile_concludes_nothing_about_a_client_who_cannot_be_read(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000004"), earned("200000015"))
    summary = workplace.run()
    assert (summary.totals["posted"], summary.exit_code, workplace.breaks()) == (2, ExitCode.NEEDS_A_PERSON, {})
    assert "1 posted events are not compared yet: the next run reads them back." in summary.lines
    found = reconcile(workplace)
    assert (found.matched, found.ties_out, found.exit_code) == (1, False, ExitCode.NEEDS_A_PERSON)


@pytest.mark.long
def test_a_later_night_compares_what_an_earlier_one_could_not(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000004"), earned("200000015"))
    workplace.run()
    workplace.run()
    compared = workplace.rows("SELECT client_id FROM events WHERE compared_at IS NOT NULL")
    assert [row["client_id"] for row in compared] == ["200000015"]
    # Somebody else of the site is read as well: where nobody is, the site is named and not its one client.
    workplace.put("b.csv", earned("200000015", 2))
    assert any("200000004" in line for line in workplace.run().lines)


@pytest.mark.long
def test_reconcile_that_can_read_nobody_says_so(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000004", 3))
    ended = workplace.run()
    assert (ended.exit_code, ended.totals["posted"], len(ended.failures)) == (ExitCode.COULD_NOT_RUN, 1, 1)
    found = reconcile(workplace)
    assert (found.exit_code, found.matched) == (ExitCode.COULD_NOT_RUN, 0)
    assert "could not be read" in found.failures[0]


def test_reconcile_of_a_period_without_events_calls_nobody_and_ties_out(place: Place) -> None:
    found = reconcile(place())
    assert (found.matched, found.open, found.exit_code) == (0, 0, ExitCode.TIES_OUT)
