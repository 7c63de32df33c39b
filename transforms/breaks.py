"""Breaks: what did not match, under ids that stay the same from night to night, and their roll-forward."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import pandas as pd

from transforms.vocabulary import Outcome, Target

_ENTRY = ["site_id", "client_id", "action", "points", "action_at"]
_RECORD = ("site_id", "client_id", "reward_id", "points", "amount", "action_at", "event_id")


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


def roll_forward(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return one row per class of break: open before + new - closed = open now, in count and in points.

    ``before`` and ``after``: break_id, class and points of each open break. One that changed its class is closed in
    the old and new in the other.
    """
    keys_before = {(row["break_id"], row["class"]) for row in before}
    keys_after = {(row["break_id"], row["class"]) for row in after}
    sides = {
        "before": before,
        "new": [row for row in after if (row["break_id"], row["class"]) not in keys_before],
        "closed": [row for row in before if (row["break_id"], row["class"]) not in keys_after],
        "now": after,
    }
    classes = sorted({row["class"] for row in (*before, *after)})
    columns = ["class", "open_before", "new", "closed", "open_now"]
    columns += ["points_before", "points_new", "points_closed", "points_now", "difference"]
    return pd.DataFrame([_roll(name, sides) for name in classes], columns=columns)


def _roll(name: str, sides: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    here = {side: [row for row in rows if row["class"] == name] for side, rows in sides.items()}
    counts = {side: len(rows) for side, rows in here.items()}
    points = {side: sum(row["points"] or 0 for row in rows) for side, rows in here.items()}
    return {
        "class": name,
        "open_before": counts["before"],
        "new": counts["new"],
        "closed": counts["closed"],
        "open_now": counts["now"],
        **{f"points_{side}": total for side, total in points.items()},
        "difference": counts["before"] + counts["new"] - counts["closed"] - counts["now"],
    }
