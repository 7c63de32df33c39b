"""The walk closes whatever happens, and does not where a row, an event or an entry is lost on the way."""

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from transforms.match.reconciled import Reconciliation
from transforms.totals.agreement import agrees
from transforms.totals.walk import Walked, kinds_of, shown_rewards, walk
from transforms.totals.walk_steps import STEPS, close_walk, summed
from transforms.vocabulary import Outcome, WalkLine

POSTED = (Outcome.MATCHED, Outcome.LATE, Outcome.MISSING_REMOTE, Outcome.TIME_MISMATCH, Outcome.AMOUNT_MISMATCH)
ALONE = (Outcome.UNEXPECTED_REMOTE, Outcome.DUPLICATE_REMOTE, Outcome.REVERSED_REMOTE)
STATES = ("posted", "refused", "unknown", "ready", "sending", "discarded", "held")
POINTS = st.integers(1, 2**62)
EVENT = st.tuples(st.sampled_from(STATES), st.booleans(), st.sampled_from(("a", "b")), POINTS, st.sampled_from(POSTED))
ENTRY = st.tuples(st.sampled_from(ALONE), st.sampled_from(("a", "b")), st.sampled_from(("Earned", "Removed")), POINTS)
EVENT_COLUMNS = ["event_id", "state", "is_accepted", "site_id", "kind", "reward_id", "points", "amount", "compared_at"]
MATCH_COLUMNS = [
    *("outcome", "event_id", "remote_id", "site_id", "client_id", "action", "points", "remote_points", "break_id"),
]


def events_of(drawn: list[Any]) -> pd.DataFrame:
    rows = [
        (f"e{n}", state, accepted, site, "earned", None, points, None, None)
        for n, (state, accepted, site, points, _) in enumerate(drawn)
    ]
    return pd.DataFrame(rows, columns=EVENT_COLUMNS).astype({"points": "Int64", "reward_id": "str"})


def sheets_of(events: pd.DataFrame) -> pd.DataFrame:
    """What the sheets brought: what was accepted, and for each a row that was not."""
    rows = []
    for row in events[events["is_accepted"]].itertuples():
        rows += [("read", "earned", row.site_id, 2, 2 * int(row.points), Decimal(0))]
        rows += [("rejected", "earned", row.site_id, 1, int(row.points), Decimal(0))]
    columns = ["fate", "kind", "site_id", "row_count", "points", "amount"]
    return pd.DataFrame(rows, columns=columns, dtype="object")


def matches_of(drawn: list[Any], entries: list[Any]) -> pd.DataFrame:
    rows = []
    for n, (state, _, site, points, outcome) in enumerate(drawn):
        if state == "posted":
            there = None if outcome in (Outcome.LATE, Outcome.MISSING_REMOTE) else points
            if outcome is Outcome.AMOUNT_MISMATCH:
                there = points + 1
            rows.append((outcome, f"e{n}", there and n, site, "c", "Earned", points, there, f"e{n}"))
    for n, (outcome, site, action, points) in enumerate(entries):
        rows.append((outcome, None, 1000 + n, site, "c", action, points, points, f"b{n}"))
    whole = dict.fromkeys(("points", "remote_points", "remote_id"), "Int64")
    return pd.DataFrame(rows, columns=MATCH_COLUMNS, dtype="object").astype(whole)


def reconciled(matches: pd.DataFrame) -> Reconciliation:
    there = matches[matches["remote_id"].notna()]
    shown = there.assign(
        kind=kinds_of(there["action"]), currency="", events=1, points=there["remote_points"], amount=None
    )
    rewards = pd.DataFrame(columns=["outcome", "event_id", "reward_id", "amount", "remote_amount"])
    nothing = pd.DataFrame()
    return Reconciliation(
        transactions=matches,
        rewards=rewards,
        ties=[],
        nights=nothing,
        balances=nothing,
        roll_forward=nothing,
        unread={},
        uncompared_count=0,
        failures=(),
        shown=shown[["site_id", "kind", "currency", "events", "points", "amount"]],
    )


def walk_of(events: pd.DataFrame, sheets: pd.DataFrame, matches: pd.DataFrame) -> pd.DataFrame:
    walked = Walked(
        sheets=sheets,
        events=events,
        replaced=(),
        offset_breaks=("b0",),
        currency="",
        amount_tolerance=Decimal(0),
    )
    return walk(walked, reconciled(matches))


@law(40)
@given(drawn=st.lists(EVENT, max_size=8), entries=st.lists(ENTRY, max_size=5))
def test_a_walk_closes_for_every_site_whatever_became_of_its_events(drawn: list[Any], entries: list[Any]) -> None:
    events = events_of(drawn)
    found = walk_of(events, sheets_of(events), matches_of(drawn, entries))
    assert [row["name"] for row in close_walk(found) if not row["ties"]] == []
    posted = sum(points for state, _, _, points, _ in drawn if state == "posted")
    assert summed(found, WalkLine.POSTED, "points") == posted


@law(20)
@given(drawn=st.lists(EVENT, min_size=1, max_size=6))
def test_a_walk_does_not_close_where_an_accepted_event_is_lost(drawn: list[Any]) -> None:
    events = events_of([(state, True, site, points, outcome) for state, _, site, points, outcome in drawn])
    found = walk_of(events.iloc[1:], sheets_of(events), matches_of(drawn[1:], []))
    off = {row["name"] for row in close_walk(found) if not row["ties"]}
    assert {"Walk to accepted: events", "Walk to accepted: gross points"} <= off


@pytest.mark.parametrize("line", [line for steps in STEPS.values() for line in steps])
def test_every_line_is_in_its_sum(line: WalkLine) -> None:
    one = {"line": line, "site_id": "a", "kind": "earned", "currency": "", "events": 1, "points": 5, "amount": None}
    read = {**one, "line": WalkLine.IN_SHEETS, "events": 0, "points": 0}
    found = pd.DataFrame([one, read]).astype({"events": "Int64", "points": "Int64"})
    assert not all(row["ties"] for row in close_walk(found))


def test_an_update_counts_for_what_its_reward_is_set_to_in_the_end() -> None:
    rows = [(f"u{n}", "posted", True, "", "reward_update", "R", None, Decimal(n), None) for n in (25, 30)]
    events = pd.DataFrame(rows, columns=EVENT_COLUMNS).astype({"points": "Int64", "reward_id": "str"})
    walked = Walked(
        sheets=pd.DataFrame(columns=["fate", "kind", "site_id", "row_count", "points", "amount"]),
        events=events,
        replaced=("u25",),
        offset_breaks=(),
        currency="USD",
        amount_tolerance=Decimal(0),
    )
    found = walk(walked, None)
    assert (summed(found, WalkLine.POSTED, "events"), summed(found, WalkLine.POSTED, "amount")) == (1, Decimal(30))
    assert set(found["currency"]) == {"USD"}


@pytest.mark.parametrize(
    ("name", "does"),
    [pytest.param("refused", True, id="refused"), pytest.param("late", False, id="late")],
)
def test_services_agree_unless_a_break_is_a_difference(name: str, does: bool) -> None:
    breaks = pd.DataFrame([{"class": name}])
    walked = pd.DataFrame(columns=["line", "events"])
    assert agrees(breaks, walked, uncompared_count=0, unread_count=0) is does
    assert not agrees(breaks[:0], walked, uncompared_count=0, unread_count=1)


def test_a_reward_whose_only_update_was_refused_is_none_that_we_set() -> None:
    refused = pd.DataFrame({"state": ["refused"], "reward_id": ["a"], "amount": [Decimal("12.50")]})
    there = pd.DataFrame({"reward_id": ["a"], "remote_amount": [Decimal(10)]})
    assert shown_rewards(refused, there, {"a": "USD"}).empty
