"""Breaks: what did not match, under ids that stay the same from night to night, and their roll-forward."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import pandas as pd

from transforms.vocabulary import Outcome, Target

_ENTRY = ["site_id", "client_id", "action", "points", "action_at"]
_Rows = Sequence[Mapping[str, Any]]
_RECORD = ("site_id", "client_id", "reward_id", "points", "amount", "action_at", "event_id", "detail")


def identify_breaks(matched: pd.DataFrame) -> pd.DataFrame:
    """Add ``break_id`` to the outcomes of a match: the event's id, else one made of the entry and its number.

    The number counts equal entries without an event, so two equal entries of somebody else are two breaks, and one
    keeps its id when an event of ours comes or goes.
    """
    is_entry = matched["event_id"].isna()
    entries = matched.reindex(columns=_ENTRY)[is_entry]
    nth = entries.groupby(_ENTRY, dropna=False).cumcount()
    parts = zip(*(entries[column].astype(str) for column in _ENTRY), nth, strict=True)
    digests = pd.Series([_digest(part) for part in parts], index=entries.index, dtype="str")
    return matched.assign(break_id=matched["event_id"].astype("str").where(~is_entry, digests.reindex(matched.index)))


def _digest(entry: Sequence[object]) -> str:
    return blake2b("\x1f".join(map(str, entry)).encode(), digest_size=12).hexdigest()


def break_records(identified: pd.DataFrame, target: Target) -> list[dict[str, Any]]:
    """Return one plain record per break, None for nulls: break_id, class, target, and what it is about."""
    broken = identified[identified["outcome"].ne(Outcome.MATCHED)].reindex(columns=["break_id", "outcome", *_RECORD])
    plain = broken.astype(object).where(broken.notna(), None)
    records = [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]
    return [
        record
        | {
            "class": record["outcome"],
            "target": str(target),
            "amount": None if record["amount"] is None else str(record["amount"]),
            "action_at": None if record["action_at"] is None else record["action_at"].to_pydatetime(),
        }
        for record in records
    ]


MOVES = ("new", "reopened", "closed", "resolved")
_INWARD = ("new", "reopened")
_ROLL = ["site_id", "class", "measure", "open_before", *MOVES, "open_now", "difference"]


def roll_forward(
    opening: Sequence[Mapping[str, Any]], moves: Sequence[Mapping[str, Any]], open_now: Sequence[Mapping[str, Any]]
) -> pd.DataFrame:
    """Return open before + new + reopened - closed - resolved = open now, by site, class and measure.

    Three witnesses: ``opening`` is the last closing (a line has open_count), ``moves`` are those since (one row each,
    by its ``move``), ``open_now`` the breaks as they are found. All have class, target, site_id, points and amount
    (Decimal), none null. Measures are breaks, and points (Mindbody) or amount (Referral Rock).
    """
    witnesses: dict[tuple[str, str, str], list[list[Mapping[str, Any]]]] = {}
    for place, rows in enumerate((opening, moves, open_now)):
        for row in rows:
            witnesses.setdefault((row["site_id"], row["target"], row["class"]), [[], [], []])[place].append(row)
    lines = []
    for (site_id, target, name), (before, moved, now) in sorted(witnesses.items()):
        value = "amount" if target == Target.REFERRAL_ROCK else "points"
        lines += [_roll(site_id, name, measure, before, moved, now) for measure in ("breaks", value)]
    return pd.DataFrame(lines, columns=_ROLL, dtype="object")


def _roll(site_id: str, name: str, measure: str, opening: _Rows, moves: _Rows, open_now: _Rows) -> dict[str, Any]:
    def total(rows: _Rows) -> Any:
        return sum(row.get("open_count", 1) if measure == "breaks" else row[measure] for row in rows)

    before, now = total(opening), total(open_now)
    moved = {move: total([row for row in moves if row["move"] == move]) for move in MOVES}
    due = before + sum(moved[move] if move in _INWARD else -moved[move] for move in MOVES)
    line = {"site_id": site_id or None, "class": name, "measure": measure, "open_before": before, **moved}
    return {**line, "open_now": now, "difference": due - now}
