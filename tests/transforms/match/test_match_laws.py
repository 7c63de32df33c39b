"""Laws of matching, over records that differ in so little that equal, near and crossing ones are common."""

from collections import Counter
from datetime import timedelta
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from hypothesis import Phase, assume, given
from hypothesis import strategies as st

from tests.laws import law
from tests.transforms.sides import NOW, TOLERANCES, at, entries, events, match, told
from transforms.match.pairing import _nearest
from transforms.match.transactions import in_order, match_group, match_transactions
from transforms.totals.service_totals import both_sides, by_night, explained, tie_service
from transforms.vocabulary import Outcome

ZONES = {"-99": ZoneInfo("America/Los_Angeles")}
Records = list[dict[str, Any]]
# Matching six records costs 50 ms of pandas, so there are few examples, and a failing one is told as it was found.
LAW = law(25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
RECORD = {
    "client_id": st.sampled_from(["000123", "123"]),
    "action": st.sampled_from(["Earned", "Redeemed"]),
    "points": st.sampled_from([10, 12]),
    "source": st.sampled_from(["Sale", None]),
    "source_id": st.sampled_from([9001, None]),
    "action_at": st.sampled_from([at(8), at(8, 0, 1), at(8, 0, 2), at(15), at(16)]),
}
STATE = {
    "state": st.sampled_from(["posted", "posted", "refused", "unknown"]),
    "settled_at": st.sampled_from([NOW, NOW - timedelta(days=3)]),
}
ANY_ACTION = {"action": st.sampled_from(["Earned", "Redeemed", "Returned", "Removed"])}
EVENTS = st.lists(st.fixed_dictionaries(RECORD | STATE), max_size=8)
ENTRIES = st.lists(st.fixed_dictionaries(RECORD | ANY_ACTION), max_size=8)
POSTED = st.lists(st.fixed_dictionaries(RECORD), max_size=8)


@LAW
@given(EVENTS, ENTRIES)
def test_match_transactions_gives_every_record_of_either_side_exactly_one_row(ours: Records, theirs: Records) -> None:
    found = match(events(*ours), entries(*theirs))
    assert sorted(row[1] for row in found if row[1]) == sorted(f"e{n}" for n in range(1, len(ours) + 1))
    assert sorted(row[2] for row in found if row[2]) == list(range(1, len(theirs) + 1))


@LAW
@given(EVENTS, ENTRIES, st.randoms(use_true_random=False))
def test_match_transactions_does_not_mind_the_order_of_rows(ours: Records, theirs: Records, chance: Any) -> None:
    left, right = events(*ours), entries(*theirs)
    shuffled = [frame.iloc[chance.sample(range(len(frame)), len(frame))] for frame in (left, right)]
    assert match(*shuffled) == match(left, right)


@LAW
@given(POSTED, POSTED)
def test_match_transactions_mirrors_when_the_sides_are_swapped(ours: Records, theirs: Records) -> None:
    there = Counter(row[0] for row in match(events(*ours), entries(*theirs)))
    back = Counter(row[0] for row in match(events(*theirs), entries(*ours)))
    # The service may have an event twice; the ledger cannot, so there is no mirror image of that.
    assume(not there[Outcome.DUPLICATE_REMOTE] and not back[Outcome.DUPLICATE_REMOTE])
    mirrored = {Outcome.MISSING_REMOTE: Outcome.UNEXPECTED_REMOTE, Outcome.UNEXPECTED_REMOTE: Outcome.MISSING_REMOTE}
    assert there == {mirrored.get(Outcome(outcome), outcome): count for outcome, count in back.items()}


@LAW
@given(EVENTS, ENTRIES)
def test_match_transactions_explains_both_sides_of_every_night(ours: Records, theirs: Records) -> None:
    left, right = events(*ours), entries(*theirs)
    found = match_transactions(left, right, TOLERANCES)
    sides, more = both_sides(left, right, ZONES), explained(found, ZONES)
    assert [row for row in tie_service(sides, more) if not row["ties"]] == []
    assert not by_night(sides, more)[["difference_events", "difference_points"]].to_numpy().any()


@LAW
@given(EVENTS)
def test_match_transactions_matches_a_side_with_its_own_copy(ours: Records) -> None:
    posted = [{key: value for key, value in record.items() if key in RECORD} for record in ours]
    assert {row[0] for row in match(events(*posted), entries(*posted))} <= {"matched"}


@LAW
@given(EVENTS, ENTRIES)
def test_match_transactions_changes_neither_side(ours: Records, theirs: Records) -> None:
    left, right = events(*ours), entries(*theirs)
    before = left.copy(deep=True), right.copy(deep=True)
    match_transactions(left, right, TOLERANCES)
    pd.testing.assert_frame_equal(left, before[0])
    pd.testing.assert_frame_equal(right, before[1])


@LAW
@given(EVENTS, ENTRIES, st.integers(1, 5))
def test_match_transactions_finds_the_same_whatever_the_index(ours: Records, theirs: Records, step: int) -> None:
    left, right = events(*ours), entries(*theirs)
    moved = [frame.set_axis([n * step + 7 for n in range(len(frame))]) for frame in (left, right)]
    assert told(match_transactions(*moved, TOLERANCES)) == match(left, right)


SORTED = st.lists(st.integers(0, 20), max_size=6).map(sorted)


@LAW
@given(EVENTS, ENTRIES)
def test_match_group_finds_of_each_client_what_all_of_them_come_to(ours: Records, theirs: Records) -> None:
    left, right = events(*ours), entries(*theirs)
    clients = ["000123", "123", "of nobody"]
    sides = [(left[left["client_id"].eq(client)], right[right["client_id"].eq(client)]) for client in clients]
    found = in_order([match_group(mine, others, TOLERANCES) for mine, others in sides])
    assert told(found) == match(left, right)
    # What has an event comes first, and of each kind the surest.
    places = match_transactions(left, right, TOLERANCES)
    assert found["outcome"].tolist() == places["outcome"].tolist()
    assert found.dtypes.to_dict() == places.dtypes.to_dict()


@LAW
@given(SORTED, SORTED)
def test_nearest_costs_as_little_as_the_best_of_all_pairings(ours: list[int], theirs: list[int]) -> None:
    pairs = _nearest(ours, theirs)
    short, long = sorted([ours, theirs], key=len)
    best = min(sum(abs(a - b) for a, b in zip(short, some, strict=True)) for some in combinations(long, len(short)))
    assert sum(abs(ours[a] - theirs[b]) for a, b in pairs) == best
    assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs) == len(short)
