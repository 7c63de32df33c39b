"""Control totals: what must add up, and by how much it does not.

Every equation is a row with both sides, so that a reader sees the figures and not only that they differ.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from transforms.vocabulary import Kind, Outcome

_TIES = ["name", "formula", "left", "right", "difference", "ties"]
_IS_THERE = {Outcome.MATCHED, Outcome.TIME_MISMATCH, Outcome.AMOUNT_MISMATCH}


def tie_rows(totals: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the two equations that hold in every run, over rows and over events."""
    fates = ("accepted", "duplicate", "held", "rejected")
    states = ("posted", "refused", "unknown", "pending")
    return [
        equation("Rows", f"rows_read = {' + '.join(fates)}", totals["rows_read"], sum(totals[key] for key in fates)),
        equation(
            "Events",
            f"carried_in + accepted = {' + '.join(states)}",
            totals["carried_in"] + totals["accepted"],
            sum(totals[key] for key in states),
        ),
    ]


def tie_service(transactions: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the equation of points between ledger and service, every difference named by its break.

    ``transactions`` are the rows of `transforms.match.match_transactions`. Both sides are signed: earned adds,
    anything else takes away.
    """
    if transactions.empty:
        return []
    sign = transactions["action"].map(lambda action: 1 if action == "Earned" else -1)
    points = (transactions["points"] * sign).fillna(0)
    remote = (transactions["remote_points"] * sign).fillna(0)
    is_ours = transactions["outcome"].isin([*_IS_THERE, Outcome.LATE, Outcome.MISSING_REMOTE])
    ours = int(points[is_ours].sum())
    outcome = transactions["outcome"]
    # What the breaks say the service has more, or less, than the ledger's confirmed events.
    explained = int((remote - points.where(is_ours, 0))[outcome.ne(Outcome.MATCHED)].sum())
    theirs = int(remote.sum())
    return [equation("Points at the service", "ledger + breaks = service", ours + explained, theirs)]


def tie_read_back(posted_count: int, compared_count: int) -> list[dict[str, Any]]:
    """Return the equation that every posted event was compared with what its service shows."""
    return [equation("Posted events read back", "posted = compared with the service", posted_count, compared_count)]


def tie_roll_forward(roll_forward: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the roll-forward of the breaks over all classes, in count and in points."""
    rows = []
    names = {
        "Breaks": ("open_before", "new", "closed", "open_now"),
        "Points in breaks": ("points_before", "points_new", "points_closed", "points_now"),
    }
    for name, (before, new, closed, now) in names.items():
        total = {column: int(roll_forward[column].sum()) for column in (before, new, closed, now)}
        left = total[before] + total[new] - total[closed]
        rows.append(equation(name, "open before + new - closed = open now", left, total[now]))
    return rows


def equation(name: str, formula: str, left: int, right: int) -> dict[str, Any]:
    """Return one row of the frame of ties."""
    return {
        "name": name,
        "formula": formula,
        "left": left,
        "right": right,
        "difference": left - right,
        "ties": left == right,
    }


def tie_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the equations as a frame, one row each, in order."""
    return pd.DataFrame(list(rows), columns=_TIES)


def control_totals(
    accepted: pd.DataFrame, batches: Sequence[Mapping[str, Any]], posted: pd.DataFrame, service: pd.DataFrame
) -> pd.DataFrame:
    """Return events, points and amount by level, site and kind: the same figures at four places.

    file: ``accepted`` events as they stand in the ledger under their place in the file; batch: the totals written at
    registration, so that an event lost since would show; ledger: ``posted`` events; service: what it shows of them.
    The frames have kind, site_id, points and amount, one row per event.
    """
    rows = _by_kind("file", "accepted", accepted)
    rows += [
        {
            "level": "batch",
            "name": batch["file"],
            "site_id": batch["site_id"] or None,
            "kind": batch["kind"],
            "events": batch["event_count"],
            "points": batch["points"] or None,
            "amount": Decimal(batch["amount"]) if batch["kind"] == Kind.REWARD_UPDATE else None,
        }
        for batch in batches
    ]
    rows += _by_kind("ledger", "posted", posted)
    rows += _by_kind("service", "read back", service)
    columns = ["level", "name", "site_id", "kind", "events", "points", "amount"]
    return pd.DataFrame(rows, columns=columns).astype({"events": "Int64", "points": "Int64"})


def tie_batches(totals: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the equation of accepted events and points between the files' rows and the batches' totals."""
    of_level = {level: totals[totals["level"].eq(level)] for level in ("file", "batch")}
    formula = "accepted in the ledger = batch totals at registration"
    sums = {level: (int(rows["events"].sum()), int(rows["points"].sum())) for level, rows in of_level.items()}
    return [
        equation("Accepted events", formula, sums["file"][0], sums["batch"][0]),
        equation("Accepted points", formula, sums["file"][1], sums["batch"][1]),
    ]


def _by_kind(level: str, name: str, frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for (kind, site_id), group in frame.groupby(["kind", "site_id"], sort=True):
        is_update = kind == Kind.REWARD_UPDATE
        amounts = [amount for amount in group["amount"] if not pd.isna(amount)]
        rows.append(
            {
                "level": level,
                "name": name,
                "site_id": site_id or None,
                "kind": kind,
                "events": len(group),
                "points": None if is_update else int(group["points"].sum()),
                "amount": sum(amounts, start=Decimal(0)) if is_update else None,
            }
        )
    return rows
