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
from typing import Any, Final, TypeVar

import pandas as pd

from transforms.exact_sums import amount_sum, as_whole, whole_sum
from transforms.identity.reward_ids import all_without_case
from transforms.match.compared import is_proved
from transforms.match.reconciled import Reconciliation
from transforms.outcomes import NOT_THERE, OF_ENTRIES, OF_POSTED, OTHER_FIGURE, UNPOSTED, is_among
from transforms.totals.service_totals import amount_more
from transforms.vocabulary import Action, Fate, Kind, Outcome, State, WalkLine

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


_Told = TypeVar("_Told", State, Outcome)


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
    lines = _of_sheets(walked.sheets, walked.currency)
    for line, found in of_events.items():
        lines += count_line(line, found)
    if reconciled is not None:
        posted = of_events[WalkLine.POSTED]
        is_update = posted["kind"].eq(Kind.REWARD_UPDATE)
        lines += _of_points(posted[~is_update], walked.offset_breaks, reconciled)
        lines += _of_rewards(posted[is_update], walked, reconciled)
        # Counted when it was read, before anything was matched: what matching loses is missing on the other side alone.
        lines += count_line(WalkLine.AT_SERVICE, reconciled.shown, "events")
    return _put_together(walk_frame(lines))


def _put_together(lines: pd.DataFrame) -> pd.DataFrame:
    """Add up what stands of one line twice: what was read at the service, and what its balances prove."""
    keys = ["line", *_KEYS]
    if not lines.duplicated(keys).any():
        return lines
    known = lines.assign(points=lines["points"].astype("object"))
    added: list[Line] = []
    for key, group in known.groupby(keys, sort=False):
        has_points = group["points"].notna().any()
        has_amount = group["amount"].notna().any()
        figures = {
            "events": whole_sum(group["events"]),
            "points": whole_sum(group["points"]) if has_points else None,
            "amount": amount_sum(group["amount"]) if has_amount else None,
        }
        added.append({**dict(zip(keys, key, strict=True)), **figures})
    return walk_frame(added)


def walk_frame(lines: Iterable[Line]) -> pd.DataFrame:
    """Return lines of `count_line` as a walk."""
    frame = pd.DataFrame(list(lines), columns=_COLUMNS, dtype="object")
    texts = dict.fromkeys(["line", *_KEYS], "str")
    return frame.astype({**texts, "events": "Int64"}).assign(points=as_whole(frame["points"]))


def _with_currency(events: pd.DataFrame, currency: str, reconciled: Reconciliation | None) -> pd.DataFrame:
    """Add the currency of each reward: as the service tells it, else as the settings say; "" where nobody knows."""
    is_update = events["kind"].eq(Kind.REWARD_UPDATE)
    told = {} if reconciled is None else reconciled.currencies
    reward_ids = all_without_case(events.loc[is_update, "reward_id"].astype("str"))
    currencies = [told.get(reward_id) or currency for reward_id in reward_ids]
    of_rewards = pd.Series(currencies, index=reward_ids.index, dtype="str")
    # Points have none.
    of_all = of_rewards.reindex(events.index, fill_value="")
    return events.assign(currency=of_all, site_id=events["site_id"].fillna(""))


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
    for line, states in _counted_by(_OF_STATES).items():
        yield line, events[events["state"].isin(states)]
    # A reward shows its last update alone: an older one was posted, and is nothing that the service could still show.
    is_posted = events["state"].eq(State.POSTED)
    is_replaced = events["event_id"].isin(set(replaced))
    yield WalkLine.REPLACED, events[is_posted & is_replaced]
    yield WalkLine.POSTED, events[is_posted & ~is_replaced]


def _counted_by(line_of: Mapping[_Told, WalkLine]) -> dict[WalkLine, list[_Told]]:
    """Return by line what it counts, the lines in the order in which they are told first."""
    counted: dict[WalkLine, list[_Told]] = {}
    for told, line in line_of.items():
        counted.setdefault(line, []).append(told)
    return counted


def _of_points(posted: pd.DataFrame, offset: Collection[str], reconciled: Reconciliation) -> list[Line]:
    """Return the lines from the posted points to the entries that the service shows."""
    outcomes = _entries(reconciled.transactions)
    looked_for = outcomes[is_among(outcomes["outcome"], OF_POSTED)]
    lines = _of_looked_for(posted, looked_for, reconciled)
    other = looked_for[is_among(looked_for["outcome"], OTHER_FIGURE)]
    # By how much the service has more, or less; the events were counted as posted.
    more = other["remote_points"] - other["points"]
    lines += count_line(WalkLine.OTHER_FIGURE, other.assign(points=more, of_none=0), "of_none")
    return lines + _of_entries(outcomes, offset)


def _of_looked_for(posted: pd.DataFrame, looked_for: pd.DataFrame, reconciled: Reconciliation) -> list[Line]:
    """Return the lines from what this run posted to what was looked for at the service, and what is not there."""
    is_before = ~looked_for["event_id"].isin(posted["event_id"])
    is_gone = is_among(looked_for["outcome"], NOT_THERE)
    lines = count_line(WalkLine.POSTED_BEFORE, looked_for[is_before])
    lines += _not_looked_for(posted, looked_for, reconciled)
    lines += count_line(WalkLine.NOT_THERE, looked_for[is_gone])
    return lines


def _not_looked_for(posted: pd.DataFrame, looked_for: pd.DataFrame, reconciled: Reconciliation) -> list[Line]:
    """Return the lines of what this reading did not look for: what nobody ever compared, and what was before.

    What the client's balance proves is at the service all the same: the service repeated it in its answer.
    """
    others = posted[~posted["event_id"].isin(looked_for["event_id"])]
    has_proof = is_proved(others, reconciled)
    proved = others[has_proof]
    left = others[~has_proof]
    was_compared = left["compared_at"].notna()
    return [
        *count_line(WalkLine.NOT_COMPARED, left[~was_compared]),
        *count_line(WalkLine.COMPARED_BEFORE, left[was_compared]),
        *count_line(WalkLine.PROVED, proved),
        *count_line(WalkLine.AT_SERVICE, proved),
    ]


def _of_entries(outcomes: pd.DataFrame, offset: Collection[str]) -> list[Line]:
    """Return the lines of what the service shows and no posted event of ours stands behind."""
    is_entry = outcomes["remote_id"].notna() & is_among(outcomes["outcome"], OF_ENTRIES)
    there = outcomes[is_entry]
    there = there.assign(points=there["remote_points"])
    # The entry is still there, and so is ours that took it back: both are shown, each in its own column.
    is_offset = there["break_id"].isin(set(offset))
    lines = count_line(WalkLine.OFFSET, there[is_offset])
    others = there[~is_offset]
    for line, told in _counted_by(OF_ENTRIES).items():
        lines += count_line(line, others[others["outcome"].isin(told)])
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
    outcomes = reconciled.rewards.assign(kind=Kind.REWARD_UPDATE.value, site_id="", points=None, state=None)
    outcomes = _with_currency(outcomes, walked.currency, reconciled)
    looked_for = outcomes[~is_among(outcomes["outcome"], UNPOSTED)]
    lines = _of_looked_for(posted, looked_for, reconciled)
    there = looked_for[~is_among(looked_for["outcome"], NOT_THERE)]
    more = [amount_more(row, walked.amount_tolerance) for row in there.itertuples()]
    is_other = pd.Series([amount != 0 for amount in more], index=there.index, dtype="bool")
    amounts = pd.Series(more, index=there.index, dtype="object")
    others = there.assign(amount=amounts, of_none=0)[is_other]
    return lines + count_line(WalkLine.OTHER_FIGURE, others, "of_none")


def count_line(line: WalkLine, frame: pd.DataFrame, count: str | None = None) -> list[Line]:
    """Count a line by site, kind and currency; ``count`` names the column that says how many a row stands for."""
    # Most lines of most nights have nothing, and grouping nothing takes its time, too.
    if frame.empty:
        return []
    lines: list[Line] = []
    for (site_id, kind, currency), group in frame.groupby(_KEYS, sort=True):
        # An update has an amount and no points, any other event points and no amount.
        is_update = kind == Kind.REWARD_UPDATE
        counted = {
            "line": line,
            "site_id": site_id,
            "kind": kind,
            "currency": currency,
            "events": len(group) if count is None else int(group[count].sum()),
            "points": None if is_update else whole_sum(group["points"]),
            "amount": amount_sum(group["amount"]) if is_update else None,
        }
        lines.append(counted)
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
    theirs = rewards.assign(reward=all_without_case(rewards["reward_id"]))
    both = ours[["reward", "amount"]].merge(theirs[["reward", "remote_amount"]], on="reward", validate="1:1")
    sets_amount = both["amount"].notna()
    of_each = [currencies.get(reward, "") for reward in both["reward"]]
    there = both.assign(
        amount=both["remote_amount"].where(sets_amount, None),
        currency=pd.Series(of_each, index=both.index, dtype="str"),
        site_id="",
        kind=Kind.REWARD_UPDATE.value,
        points=None,
    )
    lines = count_line(WalkLine.AT_SERVICE, there)
    return walk_frame(lines).drop(columns="line")
