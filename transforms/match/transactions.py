"""Match what the ledger holds with what a service reports; every record of either side gets exactly one outcome.

Equal events are matched by count: the nth equal event with the nth equal entry, so the order of rows changes
nothing. Each step looks only at what the steps before it left over, from the surest pairing to the loosest: equal,
equal within the tolerance, the same but for the time, the same but for the points.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pandas as pd

from transforms.match.pairing import coded, pair_equal, pair_nearest
from transforms.vocabulary import Action, Outcome, State

_SHARED = ["site_id", "client_id", "action", "points", "action_at"]
# Column of an entry -> column of the result.
_SHOWN_AS = {"remote_id": "remote_id", "points": "remote_points", "action_at": "remote_at"}
_RESULT = [
    "outcome", "event_id", "remote_id", "site_id", "client_id", "action", "points", "remote_points", "action_at",
    "remote_at",
]  # fmt: skip
_REVERSALS = [Action.RETURNED, Action.REMOVED, Action.LATE_CANCELED]

_Found = tuple[Outcome, pd.DataFrame]  # places in both frames, -1 where a side has nothing


@dataclass(frozen=True)
class Tolerances:
    """What still counts as equal, and how long an entry may take to show."""

    now: datetime  # aware UTC
    grace: timedelta = timedelta(hours=24)  # of transactions
    grace_of_rewards: timedelta = timedelta(hours=24)
    time: timedelta = timedelta(seconds=1)
    amount: Decimal = Decimal(0)


def match_transactions(events: pd.DataFrame, remote: pd.DataFrame, tolerances: Tolerances) -> pd.DataFrame:
    """Return one row per pair, per event without an entry, and per entry without an event.

    ``events``: event_id, state (posted, refused or unknown), settled_at, site_id, client_id, action, source,
    source_id, points, action_at and may_be_twice (two requests of it may have left), one row per event. ``remote``:
    remote_id and the same from site_id to action_at, one row per transaction. ``points`` and ``action_at`` of the
    result are the ledger's, or the entry's where there is no event; ``remote_points`` and ``remote_at`` the entry's.
    Times are UTC.
    """
    return in_order([match_group(events, remote, tolerances)])


def match_group(events: pd.DataFrame, remote: pd.DataFrame, tolerances: Tolerances) -> pd.DataFrame:
    """Match a group of clients whole, and leave it to `in_order` to bring groups together.

    No rung pairs records of two clients, so that groups can be matched one after the other, each in the memory of one,
    and come to what all of them would together. The same columns as those of `match_transactions`, and ``rung``.
    """
    ladder = _Ladder(events, remote)
    found = _climb(ladder, tolerances.time)
    found += _left_alone(ladder, latest_due=tolerances.now - tolerances.grace)
    return _assemble(found, events, remote)


def in_order(groups: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the outcomes of groups as `match_transactions` tells those of all, rung by rung and in order of groups."""
    outcomes = pd.concat(groups, ignore_index=True)
    # What has an event comes first, then entries without one.
    keys = pd.DataFrame({"has_no_event": outcomes["event_id"].isna(), "rung": outcomes["rung"]})
    # What is equal in both stays in the order that it has.
    order = keys.sort_values(["has_no_event", "rung"], kind="stable").index
    return outcomes[_RESULT].take(order.to_numpy()).reset_index(drop=True)


def _climb(ladder: "_Ladder", within: timedelta) -> list[_Found]:
    """Take what belongs together off the ladder, rung by rung from the surest pairing to the loosest."""
    # 1. Equal in all that is known: site, client, action, source, its id, points and the second. Nothing can fit
    # better, and nearly all events of a usual night end here. Posted events come before doubtful ones: the service
    # said yes to them, so where two equal events meet one entry, it is theirs.
    equal = ladder.pair_equal(State.POSTED)

    # 2. The same for events whose answer was lost. It comes before anything loose: an equal entry is the best evidence
    # there is that the event took effect, and a posted event that is a second off must not take it away. It stays a
    # break all the same: only the settling of doubts may decide whether the event is sent again.
    doubtful = ladder.pair_equal(State.UNKNOWN)

    # 3. Equal but for the clock, within the tolerance, for a service that rounds where the sheet cuts. Client, source
    # and points are still the same, so nobody would call it another event.
    close = ladder.pair_nearest(State.POSTED, same="points", by="action_at", within=within)

    # 4. An entry left over that equals one which just matched: the service has it twice. It is taken off before the
    # loose rungs, which could otherwise pair it with another event of the client: a double posting would then show as
    # a wrong time, and nobody would see that points were given twice. An entry that equals a doubtful event's is called
    # a double only where two requests of that event may have left: of one request the spare entry cannot be, and the
    # event itself may not have taken effect.
    sent_twice = ladder.of_events_that_may_be_twice(doubtful)
    twice = ladder.take_entries(ladder.is_equal_to(equal, close, sent_twice))

    # 5. Refused by its own account, and there all the same. It is safe only now: where a posted event equals the
    # refused one, the entry is the posted one's, or its double. And only what is equal counts: a refused event has no
    # business at the service, so anything merely like it is somebody else's.
    shown = ladder.pair_equal(State.REFUSED)

    # 6. The same but for the time, however far: a sheet in local time that was taken for UTC moves every entry by the
    # zone's hours. Among records of one client, source and points, the least total distance is the plainest account; a
    # wrong partner changes only which time is shown, and a person looks at the break in any case.
    shifted = ladder.pair_nearest(State.POSTED, same="points", by="action_at")

    # 7. The same but for the points, at the very second: mistyped, or changed by hand afterwards. It is the loosest,
    # because points are what is at stake. Records that differ in time and in points as well are not paired at all: too
    # little speaks for it, and two breaks are found more easily than one that hides both.
    other_points = ladder.pair_nearest(State.POSTED, same="action_at", by="points")

    # The order of the result, here and below. Reports list breaks in it, and
    # `transforms.match.breaks.identify_breaks` numbers equal entries in it: another order could give an open break
    # another id.
    return [
        (Outcome.MATCHED, equal),
        (Outcome.MATCHED, close),
        (Outcome.UNKNOWN, doubtful),
        (Outcome.DUPLICATE_REMOTE, twice),
        (Outcome.STATUS_MISMATCH, shown),
        (Outcome.TIME_MISMATCH, shifted),
        (Outcome.AMOUNT_MISMATCH, other_points),
    ]


def _left_alone(ladder: "_Ladder", latest_due: datetime) -> list[_Found]:
    """Take what no rung could pair off the ladder: nothing is left on it."""
    # What was settled since then may still show up: to call it missing at once would raise an alarm every night for
    # the events that were posted last.
    late = ladder.take_events(State.POSTED, settled_after=latest_due)
    missing = ladder.take_events(State.POSTED)
    unseen = ladder.take_events(State.UNKNOWN)
    refused = ladder.take_events(State.REFUSED)
    # Only a service can return, remove or cancel, so such an entry never had an event of ours, and says itself why it
    # is there; whatever else is left was entered by somebody.
    reversals = ladder.take_entries(ladder.has_action(_REVERSALS))
    unexpected = ladder.take_entries()
    return [
        (Outcome.LATE, late),
        (Outcome.MISSING_REMOTE, missing),
        (Outcome.UNKNOWN, unseen),
        (Outcome.REFUSED, refused),
        (Outcome.REVERSED_REMOTE, reversals),
        (Outcome.UNEXPECTED_REMOTE, unexpected),
    ]


class _Ladder:
    """What no rung has explained yet of either side.

    Every method gives the places that it found and takes them off, so that no later rung can use a record again: that
    is why each record ends with exactly one outcome.
    """

    def __init__(self, events: pd.DataFrame, remote: pd.DataFrame) -> None:
        """Start with all events, by their state, and all entries."""
        ours, theirs = coded(events, remote)
        self._events: dict[State, pd.DataFrame] = {}
        for state in (State.POSTED, State.UNKNOWN, State.REFUSED):
            is_in_state = ours["state"].eq(state)
            self._events[state] = ours[is_in_state]
        self._entries = theirs
        self._exact_of_all = theirs["exact"]
        self._may_be_twice = events["may_be_twice"].reset_index(drop=True)
        self._action_of_all = remote["action"]

    def pair_equal(self, state: State) -> pd.DataFrame:
        """Pair the events of a state with equal entries."""
        return self._take_pairs(state, pair_equal(self._events[state], self._entries))

    def pair_nearest(self, state: State, *, same: str, by: str, within: timedelta | None = None) -> pd.DataFrame:
        """Pair the events of a state with entries that differ in ``by`` alone."""
        pairs = pair_nearest(self._events[state], self._entries, same=same, by=by, within=within)
        return self._take_pairs(state, pairs)

    def take_events(self, state: State, settled_after: datetime | None = None) -> pd.DataFrame:
        """Take the events of a state as they are, without an entry; all, or those settled late."""
        events = self._events[state]
        if settled_after is not None:
            events = events[events["settled_at"] > settled_after]
        self._events[state] = self._events[state].drop(events.index)
        return _alone("ours", events)

    def take_entries(self, which: pd.Series | None = None) -> pd.DataFrame:
        """Take entries as they are, without an event; all, or those that are marked."""
        entries = self._entries
        if which is not None:
            entries = entries[which]
        self._entries = self._entries.drop(entries.index)
        return _alone("theirs", entries)

    def is_equal_to(self, *pairs: pd.DataFrame) -> pd.Series:
        """Mark the entries that are equal to an entry of these pairs."""
        places = pd.concat([found["theirs"] for found in pairs])
        taken = self._exact_of_all.loc[places]
        return self._entries["exact"].isin(taken)

    def of_events_that_may_be_twice(self, pairs: pd.DataFrame) -> pd.DataFrame:
        """Return the pairs whose event may have been sent twice."""
        may_be_twice = self._may_be_twice.loc[pairs["ours"]]
        return pairs[may_be_twice.to_numpy()]

    def has_action(self, actions: Sequence[Action]) -> pd.Series:
        """Mark the entries that say they were one of these."""
        of_entries = self._action_of_all.iloc[self._entries.index]
        return of_entries.isin(actions).set_axis(self._entries.index)

    def _take_pairs(self, state: State, pairs: pd.DataFrame) -> pd.DataFrame:
        events = self._events[state]
        is_event_taken = events.index.isin(pairs["ours"])
        is_entry_taken = self._entries.index.isin(pairs["theirs"])
        self._events[state] = events[~is_event_taken]
        self._entries = self._entries[~is_entry_taken]
        return pairs


def _alone(side: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the places of rows that have nothing on the other side."""
    nothing = pd.Series(-1, index=range(len(rows)), dtype="int64")
    places = pd.DataFrame({"ours": nothing, "theirs": nothing})
    places[side] = rows.index
    return places


def _assemble(found: Sequence[_Found], events: pd.DataFrame, remote: pd.DataFrame) -> pd.DataFrame:
    """Return the documented columns for the places found: first what has an event, then entries without one."""
    places = _all_places(found)
    has_event = places["ours"] >= 0
    of_events = places.loc[has_event, "ours"]
    of_entries = places.loc[~has_event, "theirs"]

    # What a record is about comes from the ledger where it has the event: of a mismatch the result shows our points
    # and our time, and the service's beside them.
    from_ledger = _columns_at(of_events, events, ["event_id", *_SHARED])
    from_service = _columns_at(of_entries, remote, _SHARED)
    no_event = pd.Series(None, index=from_service.index, dtype="str")
    about = pd.concat([from_ledger, from_service.assign(event_id=no_event)], ignore_index=True)

    entries = _columns_at(places["theirs"], remote, list(_SHOWN_AS)).rename(columns=_SHOWN_AS)
    result = about.assign(outcome=places["outcome"]).join(entries, validate="1:1")
    return result.assign(rung=places["rung"])[[*_RESULT, "rung"]]


def _all_places(found: Sequence[_Found]) -> pd.DataFrame:
    """Return the places with their outcome and rung, in the order of `found`; those with an event come first."""
    pairs_of_rungs = [pairs for _, pairs in found]
    outcomes = pd.array([str(outcome) for outcome, _ in found], dtype="str")
    # One number per pair, as often as the rung found one: a million rows get their word by number.
    counts = [len(pairs) for pairs in pairs_of_rungs]
    rungs = pd.Index(range(len(found))).repeat(counts)
    places = pd.concat(pairs_of_rungs, ignore_index=True)
    places = places.assign(outcome=outcomes.take(rungs.to_numpy()), rung=rungs)
    has_event = places["ours"] >= 0
    return pd.concat([places[has_event], places[~has_event]], ignore_index=True)


def _columns_at(places: pd.Series, frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the values of these columns at the places, in their order, null at -1; on a fresh index."""
    wanted = places.to_numpy()
    columns = {}
    for name in names:
        values = frame[name].array
        columns[name] = pd.api.extensions.take(values, wanted, allow_fill=True)
    return pd.DataFrame(columns)
