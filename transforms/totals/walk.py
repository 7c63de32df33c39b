"""The walk from the sheets to the service: line by line what is taken off and added, until what is there is reached.

    in the sheets - needs fixing - known already - waiting for a person = accepted
    accepted + brought forward - turned down - not sure - still to send - discarded - held back - replaced = posted
    posted + posted before, read again - not compared - compared before - not there ± other figure + others' entries
    + more often than sent + taken back by an offset + there without our claim + returned, removed, canceled
    = at the service

Every line is counted from what it is about; the three totals are counted apart from the lines that lead to them, so
that a row, an event or an entry that is lost on the way shows. An update of a reward counts for what the reward is set
to in the end: one that a later one of ours replaced is taken off before "posted".
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from transforms.exact_sums import as_whole, whole_sum
from transforms.identity.reward_ids import all_without_case
from transforms.match.compared import is_proved
from transforms.match.reconciled import Reconciliation
from transforms.outcomes import NOT_THERE, OF_ENTRIES, OF_POSTED, OTHER_FIGURE, UNPOSTED
from transforms.vocabulary import Action, Fate, Kind, State, WalkLine

_COLUMNS: Final = ["line", "site_id", "kind", "currency", "events", "points", "amount"]
_KEYS: Final = ["site_id", "kind", "currency"]
_OF_FATES: Final = {
    "read": WalkLine.IN_SHEETS,
    Fate.REJECTED: WalkLine.NEEDS_FIXING,
    Fate.DUPLICATE: WalkLine.KNOWN,
    Fate.HELD: WalkLine.WAITING,
}
_OF_STATES: Final = {
    State.REFUSED: WalkLine.TURNED_DOWN,
    State.UNKNOWN: WalkLine.NOT_SURE,
    State.READY: WalkLine.STILL_TO_SEND,
    State.SENDING: WalkLine.STILL_TO_SEND,
    State.DISCARDED: WalkLine.DISCARDED,
    State.HELD: WalkLine.HELD_BACK,
}
Line = dict[str, Any]


@dataclass(frozen=True)
class Walked:
    """What a walk is made of.

    ``sheets``: fate ("read" beside the fates), kind, site_id, row_count, points, amount; what the files came to.
    ``events``: what the run answers for, with event_id, kind, site_id, reward_id, state, is_accepted,
    compared_at, points, amount.
    ``replaced``: ids of posted updates that a later posted one of the same reward replaced.
    ``offset_breaks``: ids of the breaks whose entry one of ours took back.
    ``currency``: of all rewards where the settings say it, else "".
    """

    sheets: pd.DataFrame
    events: pd.DataFrame
    replaced: Collection[str]
    offset_breaks: Collection[str]
    currency: str
    amount_tolerance: Decimal


def walk(walked: Walked, reconciled: Reconciliation | None) -> pd.DataFrame:
    """Return one row per line, site, kind and currency that has something: events, points, amount.

    Figures are gross and, but for "other figure", not negative: the line says whether it is added or taken off
    (`STEPS`). ``site_id`` is "" for rewards; points are null for rewards, the amount for points. Without
    ``reconciled`` nothing was read back, and the walk ends at "posted".
    """
    events = _with_currency(walked.events, walked.currency, reconciled)
    of_events = dict(events_of_lines(events, walked.replaced))
    posted = of_events[WalkLine.POSTED]
    lines = _of_sheets(walked.sheets, walked.currency)
    for line, found in of_events.items():
        lines += count_line(line, found)
    if reconciled is not None:
        lines += _of_points(posted[posted["kind"].ne(Kind.REWARD_UPDATE)], walked.offset_breaks, reconciled)
        lines += _of_rewards(posted[posted["kind"].eq(Kind.REWARD_UPDATE)], walked, reconciled)
        lines += count_line(WalkLine.AT_SERVICE, reconciled.shown, "events")
    return _put_together(walk_frame(lines))


def _put_together(lines: pd.DataFrame) -> pd.DataFrame:
    """Add up what stands of one line twice: what was read at the service, and what its balances prove."""
    keys = ["line", *_KEYS]
    if not lines.duplicated(keys).any():
        return lines
    known = lines.assign(points=lines["points"].astype("object"))
    added = [
        {
            **dict(zip(keys, key, strict=True)),
            "events": whole_sum(group["events"]),
            "points": whole_sum(group["points"]) if group["points"].notna().any() else None,
            "amount": sum(group["amount"].dropna(), start=Decimal(0)) if group["amount"].notna().any() else None,
        }
        for key, group in known.groupby(keys, sort=False)
    ]
    return walk_frame(added)


def walk_frame(lines: Iterable[Line]) -> pd.DataFrame:
    """Return lines of `count_line` as a walk."""
    frame = pd.DataFrame(list(lines), columns=_COLUMNS, dtype="object")
    texts = dict.fromkeys(["line", *_KEYS], "str")
    return frame.astype(texts).assign(events=frame["events"].astype("Int64"), points=as_whole(frame["points"]))


def _with_currency(events: pd.DataFrame, currency: str, reconciled: Reconciliation | None) -> pd.DataFrame:
    """Add the currency of each reward: as the service tells it, else as the settings say; "" where nobody knows."""
    told = {} if reconciled is None else reconciled.currencies
    is_update = events["kind"].eq(Kind.REWARD_UPDATE)
    rewards = all_without_case(events.loc[is_update, "reward_id"].astype("str"))
    known = pd.Series([told.get(reward) or currency for reward in rewards], index=rewards.index, dtype="str")
    return events.assign(currency=known.reindex(events.index, fill_value=""), site_id=events["site_id"].fillna(""))


def sheets_of_lines(sheets: pd.DataFrame) -> Iterator[tuple[WalkLine, pd.DataFrame]]:
    """Give what each line counts before anything is an event: rows of ``sheets``, as `Walked` has them."""
    for fate, line in _OF_FATES.items():
        yield line, sheets[sheets["fate"].eq(fate)]


def _of_sheets(sheets: pd.DataFrame, currency: str) -> list[Line]:
    lines = []
    for line, found in sheets_of_lines(sheets):
        is_update = found["kind"].eq(Kind.REWARD_UPDATE)
        told = pd.Series(currency, index=found.index, dtype="str").where(is_update, "")
        lines += count_line(line, found.assign(currency=told), "row_count")
    return lines


def events_of_lines(events: pd.DataFrame, replaced: Collection[str]) -> Iterator[tuple[WalkLine, pd.DataFrame]]:
    """Give the events that each line from "accepted" to "posted" counts, as `Walked` has them; "posted" comes last."""
    is_accepted = events["is_accepted"].astype("bool")
    yield WalkLine.ACCEPTED, events[is_accepted]
    yield WalkLine.BROUGHT_FORWARD, events[~is_accepted]
    for line in dict.fromkeys(_OF_STATES.values()):
        states = [state for state, of_state in _OF_STATES.items() if of_state is line]
        yield line, events[events["state"].isin(states)]
    is_posted = events["state"].eq(State.POSTED)
    is_replaced = events["event_id"].isin(set(replaced))
    yield WalkLine.REPLACED, events[is_posted & is_replaced]
    yield WalkLine.POSTED, events[is_posted & ~is_replaced]


def _of_points(posted: pd.DataFrame, offset: Collection[str], reconciled: Reconciliation) -> list[Line]:
    """Return the lines from the posted points to the entries that the service shows."""
    outcomes = _entries(reconciled.transactions)
    looked_for = outcomes[outcomes["outcome"].isin(list(OF_POSTED))]
    is_before = ~looked_for["event_id"].isin(posted["event_id"])
    is_gone = looked_for["outcome"].isin(list(NOT_THERE))
    is_other = looked_for["outcome"].isin(list(OTHER_FIGURE))
    other = looked_for[is_other]
    more = other["remote_points"] - other["points"]
    lines = count_line(WalkLine.POSTED_BEFORE, looked_for[is_before])
    lines += _not_looked_for(posted, looked_for, reconciled)
    lines += count_line(WalkLine.NOT_THERE, looked_for[is_gone])
    lines += count_line(WalkLine.OTHER_FIGURE, other.assign(points=more, of_none=0), "of_none")
    return lines + _of_entries(outcomes, offset)


def _not_looked_for(posted: pd.DataFrame, looked_for: pd.DataFrame, reconciled: Reconciliation) -> list[Line]:
    """Return the lines of what this reading did not look for: what nobody ever compared, and what was before.

    What the client's balance proves is at the service all the same: the service repeated it in its answer.
    """
    others = posted[~posted["event_id"].isin(looked_for["event_id"])]
    proved = is_proved(others, reconciled)
    left = others[~proved]
    is_known = left["compared_at"].notna()
    lines = count_line(WalkLine.NOT_COMPARED, left[~is_known])
    lines += count_line(WalkLine.COMPARED_BEFORE, left[is_known])
    return lines + count_line(WalkLine.PROVED, others[proved]) + count_line(WalkLine.AT_SERVICE, others[proved])


def _of_entries(outcomes: pd.DataFrame, offset: Collection[str]) -> list[Line]:
    """Return the lines of what the service shows and no posted event of ours stands behind."""
    there = outcomes[outcomes["remote_id"].notna() & outcomes["outcome"].isin(list(OF_ENTRIES))]
    there = there.assign(points=there["remote_points"])
    # The entry is still there, and so is ours that took it back: both are shown, each in its own column.
    is_offset = there["break_id"].isin(set(offset))
    lines = count_line(WalkLine.OFFSET, there[is_offset])
    for line in dict.fromkeys(OF_ENTRIES.values()):
        outcomes_of_line = [outcome for outcome, of_outcome in OF_ENTRIES.items() if of_outcome is line]
        lines += count_line(line, there[~is_offset & there["outcome"].isin(outcomes_of_line)])
    return lines


def _entries(transactions: pd.DataFrame) -> pd.DataFrame:
    return transactions.assign(kind=kinds_of(transactions["action"]), currency="", amount=None)


def kinds_of(actions: "pd.Series[str]") -> "pd.Series[str]":
    """Return which column of the walk an entry stands in: whatever is not earned takes points away."""
    is_earned = actions.eq(Action.EARNED)
    kinds = pd.Series(Kind.REDEEMED.value, index=actions.index, dtype="str")
    return kinds.mask(is_earned, Kind.EARNED.value)


def _of_rewards(posted: pd.DataFrame, walked: Walked, reconciled: Reconciliation) -> list[Line]:
    """Return the lines from what rewards were set to, to what the service has of them."""
    outcomes = reconciled.rewards.assign(kind=Kind.REWARD_UPDATE.value, site_id="", points=None)
    outcomes = _with_currency(outcomes.assign(state=None), walked.currency, reconciled)
    looked_for = outcomes[~outcomes["outcome"].isin(list(UNPOSTED))]
    is_before = ~looked_for["event_id"].isin(posted["event_id"])
    is_gone = looked_for["outcome"].isin(list(NOT_THERE))
    lines = count_line(WalkLine.POSTED_BEFORE, looked_for[is_before])
    lines += _not_looked_for(posted, looked_for, reconciled)
    lines += count_line(WalkLine.NOT_THERE, looked_for[is_gone])
    there = looked_for[~is_gone]
    more = [_more(row, walked.amount_tolerance) for row in there.itertuples()]
    differs = there.assign(amount=pd.Series(more, index=there.index, dtype="object"), of_none=0)
    differs = differs[pd.Series([figure != 0 for figure in more], index=there.index, dtype="bool")]
    return lines + count_line(WalkLine.OTHER_FIGURE, differs, "of_none")


def _more(row: Any, tolerance: Decimal) -> Decimal:
    """Return how much more the service has than the update set; 0 where it set no amount."""
    if pd.isna(row.amount):
        return Decimal(0)
    there = Decimal(0) if pd.isna(row.remote_amount) else row.remote_amount
    more = Decimal(there - row.amount)
    # A difference past the tolerance under another outcome is one that matching missed: it is not counted here, so
    # that the walk does not close and shows it.
    is_told = row.outcome in OTHER_FIGURE or abs(more) <= tolerance
    return more if is_told else Decimal(0)


def count_line(line: WalkLine, frame: pd.DataFrame, count: str | None = None) -> list[Line]:
    """Count a line by site, kind and currency; ``count`` names the column that says how many a row stands for."""
    # Most lines of most nights have nothing, and grouping nothing takes its time, too.
    if frame.empty:
        return []
    lines = []
    for (site_id, kind, currency), group in frame.groupby(_KEYS, sort=True):
        is_update = kind == Kind.REWARD_UPDATE
        lines.append(
            {
                "line": line,
                "site_id": site_id,
                "kind": kind,
                "currency": currency,
                "events": len(group) if count is None else int(group[count].sum()),
                "points": None if is_update else whole_sum(group["points"]),
                "amount": sum(group["amount"].dropna(), start=Decimal(0)) if is_update else None,
            }
        )
    return lines


def shown_points(entries: pd.DataFrame) -> pd.DataFrame:
    """Count what a service shows, before anything is matched: site_id, kind, currency, events, points, amount.

    ``entries`` as `transforms.match.transactions.match_transactions` takes them.
    """
    lines = count_line(WalkLine.AT_SERVICE, _entries(entries))
    return walk_frame(lines).drop(columns="line")


def shown_rewards(updates: pd.DataFrame, rewards: pd.DataFrame, currencies: Mapping[str, str]) -> pd.DataFrame:
    """Count the rewards that a posted update of ours set, as the service has them, before anything is matched.

    An update that sets no amount answers for none, whatever amount its reward has. Frames as
    `transforms.match.rewards.match_rewards` takes them; ``currencies`` by id in lower case.
    """
    ours = updates[updates["state"].eq(State.POSTED)]
    # From its own rows alone: a frame without any would take over the rows of a longer column.
    ours = ours.assign(reward=all_without_case(ours["reward_id"]))
    theirs = rewards.assign(reward=all_without_case(rewards["reward_id"]))[["reward", "remote_amount"]]
    both = ours[["reward", "amount"]].merge(theirs, on="reward", validate="1:1")
    amount = both["remote_amount"].where(both["amount"].notna(), None)
    currency = pd.Series([currencies.get(reward, "") for reward in both["reward"]], index=both.index, dtype="str")
    there = both.assign(amount=amount, site_id="", kind=Kind.REWARD_UPDATE.value, currency=currency, points=None)
    return walk_frame(count_line(WalkLine.AT_SERVICE, there)).drop(columns="line")
