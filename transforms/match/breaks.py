"""Breaks: what did not match, under ids that stay the same from night to night, and their roll-forward."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import pandas as pd

from transforms.outcomes import OTHER_FIGURE
from transforms.vocabulary import COUNTED_IN, Outcome, Target

_ENTRY = ["site_id", "client_id", "action", "points", "action_at"]
_Rows = Sequence[Mapping[str, Any]]
_RECORD = ("site_id", "client_id", "reward_id", "points", "amount", "action_at", "event_id", "detail")
_SIDES = ("remote_points", "remote_amount")


def identify_breaks(matched: pd.DataFrame) -> pd.DataFrame:
    """Add ``break_id`` to the outcomes of a match: the event's id, else one made of the entry and its number.

    The number counts equal entries without an event, so two equal entries of somebody else are two breaks, and one
    keeps its id when an event of ours comes or goes.
    """
    is_entry = matched["event_id"].isna()
    ids_of_entries = _ids_of_entries(matched.reindex(columns=_ENTRY)[is_entry])
    # What is about an event bears its id, so a break that becomes another class keeps the id that people know.
    ids_of_events = matched["event_id"].astype("str")
    ids = ids_of_events.where(~is_entry, ids_of_entries.reindex(matched.index))
    return matched.assign(break_id=ids)


def _ids_of_entries(entries: pd.DataFrame) -> pd.Series:
    """Return an id for each entry that has no event, the same in every night that reads it."""
    # The service's own id of an entry is not used: it is only a number in the answer, and another answer numbers anew.
    # An id that changed would open a break that a person has answered, and ask again about the same points.
    nth = entries.groupby(_ENTRY, dropna=False).cumcount()
    numbered = entries.astype(str).assign(nth=nth)
    ids = [_digest(entry) for entry in numbered.itertuples(index=False, name=None)]
    return pd.Series(ids, index=entries.index, dtype="str")


def _digest(entry: Sequence[object]) -> str:
    # The separator stands in no cell, so that "1" and "23" are not taken for "12" and "3".
    content = "\x1f".join(map(str, entry))
    return blake2b(content.encode(), digest_size=12).hexdigest()


def break_records(identified: pd.DataFrame, target: Target) -> list[dict[str, Any]]:
    """Return one plain record per break, None for nulls: break_id, class, target, what it is about, and both sides.

    ``points`` and ``amount`` are what the break counts for: of two that differ the difference, else what is there.
    """
    is_break = identified["outcome"].ne(Outcome.MATCHED)
    # What a match does not have (a transaction no amount, a reward no points) is null throughout.
    columns = ["break_id", "outcome", *_RECORD, *_SIDES]
    broken = identified[is_break].reindex(columns=columns)
    is_told = broken.notna()
    plain = broken.astype(object).where(is_told, None)
    return [_record(row, target) for row in plain.to_dict("records")]


def _record(row: Mapping[Any, Any], target: Target) -> dict[str, Any]:
    record = {str(key): value for key, value in row.items() if key not in _SIDES}
    record["class"] = record["outcome"]
    record["target"] = str(target)
    has_event = record["event_id"] is not None
    record["points_ledger"] = row["points"] if has_event else None
    record["points_service"] = row["remote_points"]
    record["amount_ledger"] = row["amount"]
    record["amount_service"] = row["remote_amount"]
    if record["class"] in OTHER_FIGURE:
        # Our own figure says nothing of what is at stake: of 20 and 99 it is 79.
        record["points"] = _apart(row["points"], row["remote_points"])
        record["amount"] = _apart(row["amount"], row["remote_amount"])
    # An amount is kept as text, since a number of the database would not give its digits back exactly.
    for name in ("amount", "amount_ledger", "amount_service"):
        if record[name] is not None:
            record[name] = f"{record[name]:f}"
    if record["action_at"] is not None:
        record["action_at"] = record["action_at"].to_pydatetime()
    return record


def _apart(ours: Any, theirs: Any) -> Any:
    """Return how far two figures are apart; what a side lacks counts as nothing, None where both lack it."""
    if ours is None and theirs is None:
        return None
    return abs((theirs or 0) - (ours or 0))


MOVES = ("new", "reopened", "closed", "resolved")
_ROLL = ["site_id", "class", "measure", "open_before", *MOVES, "open_now", "difference"]


def roll_forward(
    opening: Sequence[Mapping[str, Any]], moves: Sequence[Mapping[str, Any]], open_now: Sequence[Mapping[str, Any]]
) -> pd.DataFrame:
    """Return open before + new + reopened - closed - resolved = open now, by site, class and measure.

    Three witnesses: ``opening`` is the last closing (a line has open_count), ``moves`` are those since (one row each,
    by its ``move``), ``open_now`` the breaks as they are found. All have class, target, site_id, points and amount
    (Decimal), none null. Measures are breaks, and points (Mindbody) or amount (Referral Rock).
    """
    before = _by_class(opening)
    moved = _by_class(moves)
    now = _by_class(open_now)
    lines = []
    # A class that one witness alone knows is a line too: it is just there that something was lost.
    for key in sorted({*before, *moved, *now}):
        site_id, target, name = key
        for measure in ("breaks", COUNTED_IN[Target(target)]):
            rolled = _roll(measure, opening=before.get(key, []), moves=moved.get(key, []), open_now=now.get(key, []))
            lines.append({"site_id": site_id or None, "class": name, **rolled})
    return pd.DataFrame(lines, columns=_ROLL, dtype="object")


def _by_class(rows: _Rows) -> dict[tuple[str, str, str], list[Mapping[str, Any]]]:
    """Return the rows by site, target and class."""
    classes: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        key = (row["site_id"], row["target"], row["class"])
        classes.setdefault(key, []).append(row)
    return classes


def _roll(measure: str, *, opening: _Rows, moves: _Rows, open_now: _Rows) -> dict[str, Any]:
    """Roll one measure of one class forward; ``difference`` is what was due and is not there, 0 where all is well."""
    before = _total(opening, measure)
    moved = {}
    for move in MOVES:
        of_move = [row for row in moves if row["move"] == move]
        moved[move] = _total(of_move, measure)
    came = moved["new"] + moved["reopened"]
    went = moved["closed"] + moved["resolved"]
    now = _total(open_now, measure)
    due = before + came - went
    return {"measure": measure, "open_before": before, **moved, "open_now": now, "difference": due - now}


def _total(rows: _Rows, measure: str) -> Any:
    """Add a measure up; a line of the last closing stands for several breaks, any other row for one."""
    if measure == "breaks":
        return sum(row.get("open_count", 1) for row in rows)
    return sum(row[measure] for row in rows)
