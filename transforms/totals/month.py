"""The walk over a period, from what the ledger keeps of it: the lines of a run's walk, by the day of the action.

An event belongs to the day on which it happened, by the clock of its site, whichever night posted it; an update of a
reward, and a row that needs fixing, tell no such day for sure and belong to the one on which they were taken in.
What is at the service is what was read last: what readings of nights have found is kept as breaks.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from transforms.exact_sums import as_whole, whole_sum, with_whole
from transforms.totals.at_service import lines_at_service, row_by_row
from transforms.totals.control_totals import equation
from transforms.totals.period_facts import PeriodFacts, is_answered_for, posted_of
from transforms.totals.walk import (
    Walked,
    count_line,
    events_of_lines,
    sheets_of_lines,
    walk,
    walk_frame,
)
from transforms.totals.walk_steps import close_walk
from transforms.vocabulary import Fate, Kind, State, WalkLine

ROW: Final = ("event_id", "break_id", "file_id", "kind", "site_id", "row_count", "points", "amount")
NO_SOURCE: Final = "none told"
_OF_SHEETS: Final = ["fate", "event_id", "file_id", "kind", "site_id", "row_count", "points", "amount"]
_FIGURES_OF_KINDS: Final = ("earned_events", "earned_points", "redeemed_events", "redeemed_points")


def period_walk(facts: PeriodFacts) -> pd.DataFrame:
    """Return one row per line, site, kind and currency: events, points, amount; as `transforms.totals.walk.walk`."""
    to_posted = walk(_walked(facts), None)
    lines: list[Any] = to_posted.to_dict("records")
    for line, found in lines_at_service(posted_of(facts.events), facts):
        lines += count_line(line, found, "row_count")
    return walk_frame(lines)


def _walked(facts: PeriodFacts) -> Walked:
    events = facts.events.assign(is_accepted=facts.events["first_state"].eq(State.READY))
    return Walked(
        sheets=_sheets(events, facts),
        events=events[is_answered_for(events)],
        replaced=set(events.loc[events["was_replaced"], "event_id"]),
        offset_breaks=facts.offset,
        currency=facts.currency,
        amount_tolerance=Decimal(0),
    )


def rows_of_lines(facts: PeriodFacts) -> dict[WalkLine, pd.DataFrame]:
    """Return by line of the walk what it counts: `ROW`, whose sums are the line's figures.

    Grain: one row per event, or per entry at a service (by its break); of rows that need fixing one per file, kind and
    site (``file_id``), since none of them is an event. ``row_count`` is how often it counts.
    """
    walked = _walked(facts)
    found = [
        *sheets_of_lines(walked.sheets),
        *events_of_lines(walked.events, walked.replaced),
        *lines_at_service(posted_of(facts.events), facts),
    ]
    return {line: _as_rows(of_line) for line, of_line in found if len(of_line)}


def _as_rows(of_line: pd.DataFrame) -> pd.DataFrame:
    counts = of_line.get("row_count", 1)
    return of_line.assign(row_count=counts).reindex(columns=list(ROW)).reset_index(drop=True)


def _sheets(events: pd.DataFrame, facts: PeriodFacts) -> pd.DataFrame:
    """Return what rows of sheets came to by fate; "read" is all of them, since each row has one fate."""
    # An entry that takes another one back comes from no row.
    of_rows = events[~events["is_taking_back"]]
    is_accepted = of_rows["is_accepted"]
    found = [
        of_rows[is_accepted].assign(fate=Fate.ACCEPTED, row_count=1),
        of_rows[~is_accepted].assign(fate=Fate.HELD, row_count=1),
        _brought_again(of_rows, facts.again),
        facts.rejected.assign(fate=Fate.REJECTED, event_id=None),
    ]
    # An empty frame would make its own of the types of the others.
    filled = [part.reindex(columns=_OF_SHEETS).astype("object") for part in found if len(part)]
    if not filled:
        return pd.DataFrame(columns=_OF_SHEETS, dtype="object")
    rows = pd.concat(filled, ignore_index=True)
    amounts = [Decimal(0) if pd.isna(amount) else amount for amount in rows["amount"]]
    rows["amount"] = pd.Series(amounts, index=rows.index, dtype="object")
    both = pd.concat([rows.assign(fate="read"), rows], ignore_index=True)
    points = as_whole(both["points"]).fillna(0)
    return both.assign(points=points, site_id=both["site_id"].fillna(""))


def _brought_again(of_rows: pd.DataFrame, again: Mapping[str, int]) -> pd.DataFrame:
    """Return the events that rows brought which were known already, each with what all those rows come to."""
    counts = [again.get(event_id, 0) for event_id in of_rows["event_id"]]
    times = pd.Series(counts, index=of_rows.index, dtype="int64")
    is_again = times.gt(0)
    rows = of_rows[is_again]
    times = times[is_again]
    return rows.assign(
        fate=Fate.DUPLICATE,
        row_count=times,
        points=row_by_row(rows["points"], times, _points_in_all),
        amount=row_by_row(rows["amount"], times, _amount_in_all),
    )


def _points_in_all(points: Any, rows_count: Any) -> int:
    return int(points) * int(rows_count)


def _amount_in_all(amount: Any, rows_count: Any) -> Any:
    return amount * int(rows_count)


def posted_by(events: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return what was posted by site and a column of the events: events and points of each kind.

    Columns site_id, the column, earned_events, earned_points, redeemed_events, redeemed_points. Rewards have neither
    a source nor a client.
    """
    posted = posted_of(events)
    of_points = posted[posted["kind"].ne(Kind.REWARD_UPDATE)]
    names = of_points[column].astype("object").fillna(NO_SOURCE)
    named = of_points.assign(**{column: names})
    rows: list[dict[str, Any]] = []
    for (site_id, name), group in named.groupby(["site_id", column], sort=True):
        rows.append({"site_id": site_id, column: name, **_figures_of_kinds(group)})
    frame = pd.DataFrame(rows, columns=["site_id", column, *_FIGURES_OF_KINDS], dtype="object")
    return with_whole(frame.astype({"site_id": "str", column: "str"}), _FIGURES_OF_KINDS)


def _figures_of_kinds(posted: pd.DataFrame) -> dict[str, int]:
    earned = posted[posted["kind"].eq(Kind.EARNED)]
    redeemed = posted[posted["kind"].eq(Kind.REDEEMED)]
    return {
        "earned_events": len(earned),
        "earned_points": whole_sum(earned["points"]),
        "redeemed_events": len(redeemed),
        "redeemed_points": whole_sum(redeemed["points"]),
    }


def tie_period(
    walked: pd.DataFrame, balances: pd.DataFrame, by_source: pd.DataFrame, rolled: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return the equations of a period: the walk, what was posted by client and by source, differences, balances."""
    rows: list[dict[str, Any]] = list(close_walk(walked))
    for kind in (Kind.EARNED, Kind.REDEEMED):
        name = f"Points {kind.value}"
        posted = _posted_points(walked, kind)
        of_clients = whole_sum(balances[kind.value])
        of_sources = whole_sum(by_source[f"{kind.value}_points"])
        rows.append(equation(f"{name} by client", "by client = posted", of_clients, posted))
        rows.append(equation(f"{name} by source", "by source = posted", of_sources, posted))
    # Without their signs: of two clients, one with too much and one with too little, neither balance ties.
    off = whole_sum(balances["difference"].dropna().map(abs))
    rows.append(equation("Balances", "opening + all that moved it = closing, client by client", off, 0))
    rows.append(_tie_differences(rolled))
    return rows


def _tie_differences(rolled: pd.DataFrame) -> dict[str, Any]:
    of_breaks = rolled[rolled["measure"].eq("breaks")]
    came = whole_sum(of_breaks["carried_in"]) + whole_sum(of_breaks["found"])
    left = came - whole_sum(of_breaks["ended"])
    carried_out = whole_sum(of_breaks["carried_out"])
    return equation("Differences", "carried in + found - ended = carried out", left, carried_out)


def _posted_points(walked: pd.DataFrame, kind: Kind) -> int:
    is_posted = walked["line"].eq(WalkLine.POSTED) & walked["kind"].eq(kind)
    points = walked.loc[is_posted, "points"]
    return whole_sum(points.dropna())
