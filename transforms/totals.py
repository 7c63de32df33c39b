"""Control totals: what must add up, and by how much it does not.

Every equation is a row with both sides, so that a reader sees the figures and not only that they differ.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from transforms.vocabulary import Action, Kind, Outcome, State

_TIES = ["name", "formula", "left", "right", "difference", "ties"]
_CLIENT = ["site_id", "client_id"]
_NOT_THERE = {Outcome.LATE, Outcome.MISSING_REMOTE}  # posted by the ledger's account, and not at the service
# At the service without a posted event; of a doubtful one only where an entry was found.
_THERE_ALONE = {
    Outcome.UNEXPECTED_REMOTE,
    Outcome.DUPLICATE_REMOTE,
    Outcome.REVERSED_REMOTE,
    Outcome.STATUS_MISMATCH,
    Outcome.UNKNOWN,
}


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


def points_by_client(events: pd.DataFrame, remote: pd.DataFrame) -> pd.DataFrame:
    """Return one row per client: site_id, client_id, ``ledger`` (posted) and ``service`` points, counted separately.

    Signed: earned adds, anything else takes away. Taken before matching, so that `tie_service` can hold it to account.
    """
    posted = events[events["state"].eq(State.POSTED)]
    sums = [_signed_sums(frame, "points").rename(name) for name, frame in (("ledger", posted), ("service", remote))]
    return pd.concat(sums, axis="columns").fillna(0).astype("int64").sort_index().reset_index()


def tie_service(clients: pd.DataFrame, transactions: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the equation of points between ledger and service, and one for each client for whom it fails.

    ``clients`` as `points_by_client` gives them, ``transactions`` as `transforms.match.match_transactions` does. What
    the ledger posted, and what the breaks say the service has more or less, must add up to what the service shows.
    """
    if clients.empty and transactions.empty:
        return []
    explained = _signed_sums(transactions.assign(explained=_explained(transactions)), "explained")
    sides = clients.set_index(_CLIENT).join(explained, how="outer").fillna(0).astype("int64")
    left = sides["ledger"] + sides["explained"]
    formula = "ledger + breaks = service"
    failing = [
        equation(f"Points of client {client_id}, site {site_id}", formula, int(left[key]), int(sides["service"][key]))
        for key in sides.index[left.ne(sides["service"])]
        for site_id, client_id in [key]
    ]
    return [equation("Points at the service", formula, int(left.sum()), int(sides["service"].sum())), *failing]


def _explained(transactions: pd.DataFrame) -> pd.Series:
    """Return the points that the service has more than the ledger by the outcome's own account, unsigned."""
    points, remote = transactions["points"].fillna(0), transactions["remote_points"].fillna(0)
    more = pd.Series(0, index=transactions.index, dtype="Int64")
    more = more.mask(transactions["outcome"].isin(_NOT_THERE), -points)
    more = more.mask(transactions["outcome"].isin(_THERE_ALONE), remote)
    return more.mask(transactions["outcome"].eq(Outcome.AMOUNT_MISMATCH), remote - points)


def _signed_sums(frame: pd.DataFrame, column: str) -> pd.Series:
    signed = frame[column].where(frame["action"].eq(Action.EARNED), -frame[column])
    return signed.groupby([frame[key] for key in _CLIENT]).sum().rename(column)


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
