"""What the ledger posted, and what the breaks say the service has more or less, against what the service shows.

Ledger and service are counted apart and before matching, so that matching is held to account: by client and by night.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from transforms.totals.control_totals import equation
from transforms.vocabulary import Action, Outcome, State

_CLIENT = ["site_id", "client_id"]
_NIGHT = ["site_id", "night"]
_ABOUT = ["site_id", "client_id", "night"]
_NOT_THERE = [Outcome.LATE, Outcome.MISSING_REMOTE]  # posted by the ledger's account, and not at the service
# At the service without a posted event; of a doubtful one only where an entry was found.
_THERE_ALONE = [
    Outcome.UNEXPECTED_REMOTE,
    Outcome.DUPLICATE_REMOTE,
    Outcome.REVERSED_REMOTE,
    Outcome.STATUS_MISMATCH,
    Outcome.UNKNOWN,
]
Zones = Mapping[str, ZoneInfo]


def both_sides(events: pd.DataFrame, remote: pd.DataFrame, zones: Zones) -> pd.DataFrame:
    """Return one row per client and night: what ledger and service have, counted separately.

    Columns site_id, client_id, night (of the site), ledger_events, ledger_points, service_events, service_points.
    Points are signed: earned adds, anything else takes away. ``events`` and ``remote`` as matching takes them.
    """
    posted = events[events["state"].eq(State.POSTED)]
    sides = []
    for name, frame in (("ledger", posted), ("service", remote)):
        counted = _dated(frame, "action_at", zones).assign(points=_signed(frame, "points"), events=1)
        sides.append(_summed(counted, ["events", "points"], _ABOUT).add_prefix(f"{name}_"))
    joined = pd.concat(sides, axis="columns").fillna(0).astype("int64")
    return joined.rename_axis(_ABOUT).sort_index().reset_index()


def points_more(transactions: pd.DataFrame) -> pd.DataFrame:
    """Return the breaks that change a balance: site_id, client_id, break_id, and ``more``, the signed points.

    That is what the service has more than the ledger by the break's own account, whenever it was entered.
    """
    more = pd.Series(0, index=transactions.index)
    ours, theirs = _signed(transactions, "points"), _signed(transactions, "remote_points")
    for rows, points in ((_is_gone(transactions), -ours), (_is_more(transactions), theirs)):
        more = more.mask(rows, points)
    more = more.mask(transactions["outcome"].eq(Outcome.AMOUNT_MISMATCH), theirs - ours)
    return transactions[["site_id", "client_id", "break_id"]].assign(more=more)[more.ne(0)]


def _is_gone(transactions: pd.DataFrame) -> pd.Series:
    return transactions["outcome"].isin(_NOT_THERE)


def _is_more(transactions: pd.DataFrame) -> pd.Series:
    return transactions["outcome"].isin(_THERE_ALONE) & transactions["remote_id"].notna()


def explained(transactions: pd.DataFrame, zones: Zones) -> pd.DataFrame:
    """Return what the breaks say that the service has more than the ledger: one row per client and night.

    Columns site_id, client_id, night, events, points (signed). ``transactions`` as `transforms.match` gives them. A
    pair whose times lie on two nights moves from one to the other.
    """
    is_gone, is_more = _is_gone(transactions), _is_more(transactions)
    is_other = transactions["outcome"].eq(Outcome.AMOUNT_MISMATCH)
    is_paired = transactions["event_id"].notna() & transactions["remote_id"].notna() & ~is_more
    has_moved = is_paired & transactions["action_at"].ne(transactions["remote_at"])
    ours, theirs = _signed(transactions, "points"), _signed(transactions, "remote_points")
    parts = [
        (is_gone, "action_at", -ours, -1),
        (is_more, "remote_at", theirs, 1),
        (is_other, "action_at", theirs - ours, 0),
        (has_moved, "action_at", -theirs, -1),
        (has_moved, "remote_at", theirs, 1),
    ]
    lines = [
        _dated(transactions[rows], at, zones).assign(points=points[rows], events=count)
        for rows, at, points, count in parts
    ]
    summed = _summed(pd.concat(lines), ["events", "points"], _ABOUT).astype("int64")
    return summed.rename_axis(_ABOUT).sort_index().reset_index()


def by_night(sides: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Return one row per site and night: ledger + breaks against the service, in events and points, and the difference.

    ``sides`` as `both_sides` gives them, ``more`` as `explained` does.
    """
    joined = _joined(sides, more, _NIGHT)
    due = {measure: joined[f"ledger_{measure}"] + joined[measure] for measure in ("events", "points")}
    named = joined.rename(columns={"events": "breaks_events", "points": "breaks_points"})
    return named.assign(
        difference_events=due["events"] - joined["service_events"],
        difference_points=due["points"] - joined["service_points"],
    ).reset_index()


def tie_service(sides: pd.DataFrame, more: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the equations between ledger and service in events and points, and one per client and night that fails."""
    if sides.empty and more.empty:
        return []
    formula = "ledger + breaks = service"
    clients, nights = (_joined(sides, more, keys) for keys in (_CLIENT, _NIGHT))
    rows = []
    for measure in ("events", "points"):
        left = clients[f"ledger_{measure}"] + clients[measure]
        right = clients[f"service_{measure}"]
        name = measure.capitalize()
        rows.append(equation(f"{name} at the service", formula, int(left.sum()), int(right.sum())))
        failing = clients.index[left.ne(right)]
        rows += [
            equation(f"{name} of client {key[1]}, site {key[0]}", formula, int(left[key]), int(right[key]))
            for key in failing
        ]
        rows += _tie_nights(nights, measure, formula)
    return rows


def _tie_nights(nights: pd.DataFrame, measure: str, formula: str) -> list[dict[str, Any]]:
    left, right = nights[f"ledger_{measure}"] + nights[measure], nights[f"service_{measure}"]
    name = measure.capitalize()
    return [
        equation(f"{name} of night {key[1]}, site {key[0]}", formula, int(left[key]), int(right[key]))
        for key in nights.index[left.ne(right)]
    ]


def amounts_of_rewards(events: pd.DataFrame, remote: pd.DataFrame) -> tuple[Decimal, Decimal]:
    """Return the amounts that the ledger's last posted updates set, and those of the same rewards at the service.

    Frames as `transforms.match.rewards.match_rewards` takes them, counted before matching.
    """
    ours = events[events["state"].eq(State.POSTED) & events["amount"].notna()]
    there = remote[remote["reward_id"].isin(ours["reward_id"]) & remote["remote_amount"].notna()]
    return sum(ours["amount"], start=Decimal(0)), sum(there["remote_amount"], start=Decimal(0))


def tie_rewards(amounts: tuple[Decimal, Decimal], rewards: pd.DataFrame, tolerance: Decimal) -> list[dict[str, Any]]:
    """Return the equation of amounts between ledger and service; ``rewards`` as `match_rewards` gives them.

    A difference within the tolerance is no break, and is counted with them.
    """
    if rewards.empty:
        return []
    more = [_more_of(row, tolerance) for row in rewards.itertuples()]
    left = amounts[0] + sum(more, start=Decimal(0))
    return [equation("Amounts at the service", "ledger + breaks = service", left, amounts[1])]


def _more_of(row: Any, tolerance: Decimal) -> Decimal:
    if pd.isna(row.amount) or row.outcome in (Outcome.UNKNOWN, Outcome.REFUSED):
        return Decimal(0)
    difference = (Decimal(0) if pd.isna(row.remote_amount) else row.remote_amount) - row.amount
    is_told = row.outcome in (*_NOT_THERE, Outcome.AMOUNT_MISMATCH)
    return Decimal(difference) if is_told or abs(difference) <= tolerance else Decimal(0)


def _joined(sides: pd.DataFrame, more: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    columns = ["ledger_events", "ledger_points", "service_events", "service_points"]
    summed = [_summed(sides, columns, keys), _summed(more, ["events", "points"], keys)]
    return pd.concat(summed, axis="columns").fillna(0).astype("int64").rename_axis(keys).sort_index()


def _summed(frame: pd.DataFrame, columns: list[str], keys: list[str]) -> pd.DataFrame:
    return frame.groupby(keys)[columns].sum()


def _signed(frame: pd.DataFrame, column: str) -> pd.Series:
    points = frame[column].fillna(0).astype("int64")
    return points.where(frame["action"].eq(Action.EARNED), -points)


def _dated(frame: pd.DataFrame, column: str, zones: Zones) -> pd.DataFrame:
    """Return site, client and the night of the site (ISO) that the time lies on."""
    nights = pd.Series("", index=frame.index, dtype="str")
    for site_id, zone in zones.items():
        here = frame["site_id"].eq(site_id)
        nights = nights.mask(here, frame[column].where(here).dt.tz_convert(zone).dt.strftime("%Y-%m-%d"))
    return frame[_CLIENT].assign(night=nights)
