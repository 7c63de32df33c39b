"""What the ledger posted, and what the breaks say the service has more or less, against what the service shows.

Ledger and service are counted apart and before matching, so that matching is held to account: by client and by night.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from transforms.exact_sums import amount_sum, as_summable, whole_sum
from transforms.identity.reward_ids import all_without_case
from transforms.outcomes import NOT_THERE, OF_ENTRIES, OTHER_FIGURE, UNPOSTED, is_among
from transforms.totals.control_totals import equation
from transforms.vocabulary import Action, State

_CLIENT = ["site_id", "client_id"]
_NIGHT = ["site_id", "night"]
_ABOUT = ["site_id", "client_id", "night"]
_FORMULA = "ledger + breaks = service"
# Net, where every other total is gross: it must be said in the name.
_SIGNED = {"events": "Events", "points": "Net points"}
Zones = Mapping[str, ZoneInfo]


def both_sides(events: pd.DataFrame, remote: pd.DataFrame, zones: Zones) -> pd.DataFrame:
    """Return one row per client and night: what ledger and service have, counted separately.

    Columns site_id, client_id, night (of the site), ledger_events, ledger_points, service_events, service_points.
    Points are signed: earned adds, anything else takes away. ``events`` and ``remote`` as matching takes them.
    """
    # Doubtful events are left out: what the ledger does not claim, the service need not show. Where it shows one all
    # the same, a break says so, and is added by `explained`.
    posted = events[events["state"].eq(State.POSTED)]
    ledger = _counted(posted, zones).add_prefix("ledger_")
    service = _counted(remote, zones).add_prefix("service_")
    # Outer, by client and night: what one side alone has must stay, since a lost client is what the equations look for.
    joined = _side_by_side(ledger, service)
    return joined.rename_axis(_ABOUT).sort_index().reset_index()


def _counted(side: pd.DataFrame, zones: Zones) -> pd.DataFrame:
    """Return events and signed points of one side by client and night."""
    dated = _dated(side, "action_at", zones)
    counted = dated.assign(points=_signed(side, "points"), events=1)
    return _summed(counted, ["events", "points"], _ABOUT)


def points_more(transactions: pd.DataFrame) -> pd.DataFrame:
    """Return the breaks that change a balance: site_id, client_id, break_id, and ``more``, the signed points.

    That is what the service has more than the ledger by the break's own account, whenever it was entered.
    """
    ours = _signed(transactions, "points")
    theirs = _signed(transactions, "remote_points")
    is_other = is_among(transactions["outcome"], OTHER_FIGURE)
    # The three exclude each other, since a row has one outcome; whatever is none of them leaves the balance as it is.
    # A time mismatch is none: its points are there, only on another day.
    more = pd.Series(0, index=transactions.index)
    more = more.mask(_is_gone(transactions), -ours)
    more = more.mask(_is_more(transactions), theirs)
    more = more.mask(is_other, theirs - ours)
    return transactions[["site_id", "client_id", "break_id"]].assign(more=more)[more.ne(0)]


def _is_gone(transactions: pd.DataFrame) -> pd.Series:
    return is_among(transactions["outcome"], NOT_THERE)


def _is_more(transactions: pd.DataFrame) -> pd.Series:
    # Of a doubtful one only where an entry was found.
    return is_among(transactions["outcome"], OF_ENTRIES) & transactions["remote_id"].notna()


def explained(transactions: pd.DataFrame, zones: Zones) -> pd.DataFrame:
    """Return what the breaks say that the service has more than the ledger: one row per client and night.

    Columns site_id, client_id, night, events, points (signed). ``transactions`` as `transforms.match` gives them. A
    pair whose times lie on two nights moves from one to the other.
    """
    ours, theirs = "action_at", "remote_at"
    gone = transactions[_is_gone(transactions)]
    gone_lines = _dated(gone, ours, zones).assign(points=-_signed(gone, "points"), events=-1)
    more = transactions[_is_more(transactions)]
    more_lines = _dated(more, theirs, zones).assign(points=_signed(more, "remote_points"), events=1)
    other = transactions[is_among(transactions["outcome"], OTHER_FIGURE)]
    other_points = _signed(other, "remote_points") - _signed(other, "points")
    other_lines = _dated(other, ours, zones).assign(points=other_points, events=0)
    # What moved leaves its own night with the service's points, not with ours: where the points differ as well, their
    # difference has been counted at our night a line before.
    moved = transactions[_has_moved(transactions)]
    moved_points = _signed(moved, "remote_points")
    moved_from = _dated(moved, ours, zones).assign(points=-moved_points, events=-1)
    moved_to = _dated(moved, theirs, zones).assign(points=moved_points, events=1)
    lines = pd.concat([gone_lines, more_lines, other_lines, moved_from, moved_to])
    summed = _summed(lines, ["events", "points"], _ABOUT)
    return summed.rename_axis(_ABOUT).sort_index().reset_index()


def _has_moved(transactions: pd.DataFrame) -> pd.Series:
    """Mark what the ledger counts as posted and the service shows at another time."""
    is_pair = transactions["event_id"].notna() & transactions["remote_id"].notna()
    # A refused or doubtful event that the service shows is paired as well, but the ledger does not count it as posted:
    # it is more, and nothing that moved.
    is_counted_by_both = is_pair & ~_is_more(transactions)
    return is_counted_by_both & transactions["action_at"].ne(transactions["remote_at"])


def by_night(sides: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Return one row per site and night: ledger + breaks against the service, in events and points, and the difference.

    ``sides`` as `both_sides` gives them, ``more`` as `explained` does.
    """
    joined = _joined(sides, more, _NIGHT)
    due_events = joined["ledger_events"] + joined["events"]
    due_points = joined["ledger_points"] + joined["points"]
    named = joined.rename(columns={"events": "breaks_events", "points": "breaks_points"})
    return named.assign(
        difference_events=due_events - joined["service_events"],
        difference_points=due_points - joined["service_points"],
    ).reset_index()


def tie_service(sides: pd.DataFrame, more: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the equations between ledger and service in events and points, and one per client and night that fails."""
    if sides.empty and more.empty:
        return []
    clients = _joined(sides, more, _CLIENT)
    nights = _joined(sides, more, _NIGHT)
    rows = []
    for measure in ("events", "points"):
        left = clients[f"ledger_{measure}"] + clients[measure]
        right = clients[f"service_{measure}"]
        name = f"{_SIGNED[measure]} at the service"
        rows.append(equation(name, _FORMULA, whole_sum(left), whole_sum(right)))
        # The sum over all can tie while one client has too much and another too little.
        rows += _failing(clients, measure, "client")
        rows += _failing(nights, measure, "night")
    return rows


def _failing(joined: pd.DataFrame, measure: str, grain: str) -> list[dict[str, Any]]:
    """Return one equation for each client, or each night, of a site that does not tie."""
    due = joined[f"ledger_{measure}"] + joined[measure]
    there = joined[f"service_{measure}"]
    is_off = due.ne(there)
    rows = []
    for (site_id, which), left, right in zip(joined.index[is_off], due[is_off], there[is_off], strict=True):
        name = f"{_SIGNED[measure]} of {grain} {which}, site {site_id}"
        rows.append(equation(name, _FORMULA, int(left), int(right)))
    return rows


def amounts_of_rewards(events: pd.DataFrame, remote: pd.DataFrame) -> tuple[Decimal, Decimal]:
    """Return the amounts that the ledger's last posted updates set, and those of the same rewards at the service.

    Frames as `transforms.match.rewards.match_rewards` takes them, counted before matching.
    """
    # An update that sets no amount answers for none, so the reward's amount is not counted on the other side either.
    sets_amount = events["state"].eq(State.POSTED) & events["amount"].notna()
    ours = events[sets_amount]
    reward_ids = all_without_case(ours["reward_id"])
    is_ours = all_without_case(remote["reward_id"]).isin(reward_ids)
    theirs = remote[is_ours]
    return amount_sum(ours["amount"]), amount_sum(theirs["remote_amount"])


def tie_rewards(amounts: tuple[Decimal, Decimal], rewards: pd.DataFrame, tolerance: Decimal) -> list[dict[str, Any]]:
    """Return the equation of amounts between ledger and service; ``rewards`` as `match_rewards` gives them.

    A difference within the tolerance is no break, and is counted with them.
    """
    if rewards.empty:
        return []
    amount_of_ours, amount_of_theirs = amounts
    # The left side goes by what matching said of each reward, the right side was counted before: an amount that
    # matching overlooked is on one of them alone.
    due = amount_of_ours
    for row in rewards.itertuples():
        due += amount_more(row, tolerance)
    return [equation("Amounts at the service", _FORMULA, due, amount_of_theirs)]


def amount_more(row: Any, tolerance: Decimal) -> Decimal:
    """Return how much more than the update set the service has, by what matching says of it; 0 where it set no amount.

    ``row``: amount, remote_amount and outcome of one reward, as `match_rewards` gives them.
    """
    # Neither is posted by the ledger's account, so its amount is not on the left side either.
    if pd.isna(row.amount) or row.outcome in UNPOSTED:
        return Decimal(0)
    amount_there = Decimal(0) if pd.isna(row.remote_amount) else row.remote_amount
    difference = Decimal(amount_there - row.amount)
    is_told = row.outcome in NOT_THERE | OTHER_FIGURE
    # A difference past the tolerance under any other outcome is one that matching missed: it is not counted, so that
    # the equation fails and shows it.
    if is_told or abs(difference) <= tolerance:
        return difference
    return Decimal(0)


def _joined(sides: pd.DataFrame, more: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    both_sides = ["ledger_events", "ledger_points", "service_events", "service_points"]
    counted = _summed(sides, both_sides, keys)
    told = _summed(more, ["events", "points"], keys)
    joined = _side_by_side(counted, told)
    return joined.rename_axis(keys).sort_index()


def _summed(frame: pd.DataFrame, columns: list[str], keys: list[str]) -> pd.DataFrame:
    if frame.empty:  # as what is told beside the rows is in most nights
        return frame.set_index(keys)[columns].astype("int64")
    summable = {column: as_summable(frame[column].fillna(0)) for column in columns}
    rows = frame[keys].assign(**summable)
    return rows.groupby(keys)[columns].sum()


def _side_by_side(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Join whole numbers by their index; where one side lacks a line it has 0."""
    lines = left.index.union(right.index)
    # Filled before they are joined: a column with gaps would become floats on the way.
    filled = [side.reindex(lines, fill_value=0) for side in (left, right)]
    joined = pd.concat(filled, axis="columns")
    return joined.apply(as_summable)


def _signed(frame: pd.DataFrame, column: str) -> pd.Series:
    # Both actions have positive points. Whatever is not earned takes away, also what only the service enters.
    points = as_summable(frame[column].fillna(0))
    return points.where(frame["action"].eq(Action.EARNED), -points)


def _dated(frame: pd.DataFrame, column: str, zones: Zones) -> pd.DataFrame:
    """Return site, client and the night of the site (ISO) that the time lies on."""
    nights = pd.Series("", index=frame.index, dtype="str")
    # Of two hundred sites a night has rows of a few.
    for site_id in frame["site_id"].unique():
        if site_id not in zones:
            continue
        here = frame["site_id"].eq(site_id)
        local = frame[column].where(here).dt.tz_convert(zones[site_id])
        nights = nights.mask(here, local.dt.strftime("%Y-%m-%d"))
    return frame[_CLIENT].assign(night=nights)
