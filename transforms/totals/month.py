"""The walk over a period, from what the ledger keeps of it: the lines of a run's walk, by the day of the action.

An event belongs to the day on which it happened, by the clock of its site, whichever night posted it; an update of a
reward, and a row that needs fixing, tell no such day for sure and belong to the one on which they were taken in.
What is at the service is what was read last: what readings of nights have found is kept as breaks.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from transforms.exact_sums import as_whole, whole_sum
from transforms.outcomes import NOT_THERE, OF_ENTRIES, OTHER_FIGURE
from transforms.totals.control_totals import equation
from transforms.totals.walk import (
    Walked,
    count_line,
    events_of_lines,
    sheets_of_lines,
    walk,
    walk_frame,
)
from transforms.totals.walk_steps import close_walk
from transforms.vocabulary import Fate, Kind, Outcome, State, WalkLine

ROW: Final = ("event_id", "break_id", "file_id", "kind", "site_id", "row_count", "points", "amount")
NO_SOURCE: Final = "none told"


@dataclass(frozen=True)
class PeriodFacts:
    """What the ledger keeps of a period.

    ``events``: event_id, kind, site_id, client_id, reward_id, points, amount (Decimal), source, state, first_state,
    compared_at, is_taking_back, was_let_go, was_replaced. ``again``: how many rows brought an event again.
    ``rejected``: file_id, kind, site_id, row_count, points, amount. ``breaks``: those about events or entries of the
    period that are not gone: break_id, class, event_id, site_id, more, is_entry, points_ledger, points_service,
    amount_ledger, amount_service. ``proved``: events that no reading compared and a balance proves. ``offset``: breaks
    whose entry one of ours took back.
    """

    events: pd.DataFrame
    again: Mapping[str, int]
    rejected: pd.DataFrame
    breaks: pd.DataFrame
    proved: Collection[str]
    offset: Collection[str]
    currency: str


def period_walk(facts: PeriodFacts) -> pd.DataFrame:
    """Return one row per line, site, kind and currency: events, points, amount; as `transforms.totals.walk.walk`."""
    to_posted = walk(_walked(facts), None)
    at_service = [
        counted
        for line, found in _lines_at_service(posted_of(facts.events), facts)
        for counted in count_line(line, found, "row_count")
    ]
    before: list[Any] = to_posted.to_dict("records")
    return walk_frame([*before, *at_service])


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
        *_lines_at_service(posted_of(facts.events), facts),
    ]
    return {line: _as_rows(of_line) for line, of_line in found if len(of_line)}


def _as_rows(of_line: pd.DataFrame) -> pd.DataFrame:
    counts = of_line.get("row_count", 1)
    return of_line.assign(row_count=counts).reindex(columns=list(ROW)).reset_index(drop=True)


def is_answered_for(events: pd.DataFrame) -> "pd.Series[bool]":
    """Return which events were let go once: accepted from their row on, or approved since."""
    was_approved = ~events["state"].isin([State.HELD, State.DISCARDED]) | events["was_let_go"]
    return events["first_state"].eq(State.READY) | was_approved


def posted_of(events: pd.DataFrame) -> pd.DataFrame:
    """Return what the walk counts as posted: an update that a later one replaced is not."""
    return events[events["state"].eq(State.POSTED) & ~events["was_replaced"]]


def _sheets(events: pd.DataFrame, facts: PeriodFacts) -> pd.DataFrame:
    """Return what rows of sheets came to by fate; "read" is all of them, since each row has one fate."""
    # An entry that takes another one back comes from no row.
    of_rows = events[~events["is_taking_back"]]
    accepted = of_rows[of_rows["is_accepted"]].assign(fate=Fate.ACCEPTED, row_count=1)
    held = of_rows[~of_rows["is_accepted"]].assign(fate=Fate.HELD, row_count=1)
    times = pd.Series([facts.again.get(id_, 0) for id_ in of_rows["event_id"]], index=of_rows.index, dtype="int64")
    again = of_rows.assign(
        fate=Fate.DUPLICATE,
        row_count=times,
        points=_each(of_rows["points"], times, lambda points, count: int(points) * int(count)),
        amount=_each(of_rows["amount"], times, lambda amount, count: amount * int(count)),
    )[times.gt(0)]
    rejected = facts.rejected.assign(fate=Fate.REJECTED, event_id=None)
    columns = ["fate", "event_id", "file_id", "kind", "site_id", "row_count", "points", "amount"]
    parts = [part.reindex(columns=columns).astype("object") for part in (accepted, held, again, rejected) if len(part)]
    if not parts:
        return pd.DataFrame(columns=columns, dtype="object")
    rows = pd.concat(parts, ignore_index=True)
    amounts = [Decimal(0) if pd.isna(amount) else amount for amount in rows["amount"]]
    rows["amount"] = pd.Series(amounts, index=rows.index, dtype="object")
    both = pd.concat([rows.assign(fate="read"), rows], ignore_index=True)
    return both.assign(points=as_whole(both["points"]).fillna(0), site_id=both["site_id"].fillna(""))


def _each(figures: "pd.Series[Any]", others: "pd.Series[Any]", made: Callable[[Any, Any], Any]) -> "pd.Series[Any]":
    """Return what is made of two columns, row by row; nothing where the first one has nothing."""
    pairs = zip(figures.astype("object"), others.astype("object"), strict=True)
    made_of = [None if one is None or pd.isna(one) else made(one, other) for one, other in pairs]
    return pd.Series(made_of, index=figures.index, dtype="object")


def _lines_at_service(posted: pd.DataFrame, facts: PeriodFacts) -> Iterator[tuple[WalkLine, pd.DataFrame]]:
    """Give what each line counts from what was posted to what the services have of it, as they were read last."""
    posted = posted.assign(
        currency=[facts.currency if kind == Kind.REWARD_UPDATE else "" for kind in posted["kind"]],
        site_id=posted["site_id"].fillna(""),
        break_id=None,
        row_count=1,
    )
    is_compared = posted["compared_at"].notna()
    is_proved = posted["event_id"].isin(set(facts.proved)) & ~is_compared
    about = facts.breaks[facts.breaks["event_id"].isin(posted["event_id"])]
    gone_ids = set(about.loc[about["class"].isin(list(NOT_THERE)), "event_id"])
    is_gone = posted["event_id"].isin(gone_ids)
    others = about[about["class"].isin(list(OTHER_FIGURE))].set_index("event_id")
    yield WalkLine.NOT_COMPARED, posted[~is_compared & ~is_proved]
    yield WalkLine.PROVED, posted[is_proved]
    yield WalkLine.NOT_THERE, posted[is_compared & is_gone]
    yield WalkLine.OTHER_FIGURE, _by_how_much(posted[posted["event_id"].isin(others.index)], others)
    entries = _entries(facts)
    for line in dict.fromkeys(entries["line"]):
        yield WalkLine(line), entries[entries["line"].eq(line)]
    there = posted[(is_compared | is_proved) & ~(is_compared & is_gone)]
    own = _with_their_figures(there, others)
    both = [part for part in (own[_ENTRY], entries[_ENTRY]) if len(part)]
    if both:
        yield WalkLine.AT_SERVICE, pd.concat(both, ignore_index=True)


_ENTRY: Final = ["event_id", "break_id", "site_id", "kind", "currency", "row_count", "points", "amount"]


def _by_how_much(differs: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Return the events of another figure with how much more the service has of each; they were counted before."""
    theirs = _with_their_figures(differs, others)
    points = _each(differs["points"], theirs["points"], lambda ours, there: int(there) - int(ours))
    amounts = _each(differs["amount"], theirs["amount"], lambda ours, there: there - ours)
    return differs.assign(points=points, amount=amounts, row_count=0)


def _with_their_figures(there: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Return the events with the figures that the service has of them, where a break tells another one."""
    points, amounts = [], []
    for event_id, own_points, own_amount in zip(there["event_id"], there["points"], there["amount"], strict=True):
        told = others.loc[event_id] if event_id in others.index else None
        points.append(own_points if told is None or pd.isna(told["points_service"]) else int(told["points_service"]))
        has_own = own_amount is not None and not pd.isna(own_amount)
        if told is None or not has_own:
            amounts.append(own_amount)
        else:
            amounts.append(Decimal(told["amount_service"] or 0))
    return there.assign(points=points, amount=pd.Series(amounts, index=there.index, dtype="object"))


def _entries(facts: PeriodFacts) -> pd.DataFrame:
    """Return what the service shows that no posted event of ours stands behind, one row per break of points."""
    breaks = facts.breaks[facts.breaks["is_entry"]]
    rows = [
        {
            "line": WalkLine.OFFSET if row["break_id"] in facts.offset else OF_ENTRIES[Outcome(row["class"])],
            "event_id": row["event_id"],
            "break_id": row["break_id"],
            "row_count": 1,
            "site_id": row["site_id"] or "",
            "kind": Kind.EARNED if row["more"] > 0 else Kind.REDEEMED,
            "currency": "",
            "points": abs(int(row["more"])),
            "amount": None,
        }
        for row in breaks.to_dict("records")
        if row["class"] in list(OF_ENTRIES) and row["more"]
    ]
    return pd.DataFrame(rows, columns=["line", *_ENTRY], dtype="object")


def posted_by(events: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return what was posted by site and a column of the events: events and points of each kind.

    Columns site_id, the column, earned_events, earned_points, redeemed_events, redeemed_points. Rewards have neither
    a source nor a client.
    """
    posted = posted_of(events)
    points = posted[posted["kind"].ne(Kind.REWARD_UPDATE)]
    named = points.assign(**{column: points[column].astype("object").fillna(NO_SOURCE)})
    rows = []
    for (site_id, name), group in named.groupby(["site_id", column], sort=True):
        row: dict[str, Any] = {"site_id": site_id, column: name}
        for kind in (Kind.EARNED, Kind.REDEEMED):
            of_kind = group[group["kind"].eq(kind)]
            row[f"{kind}_events"] = len(of_kind)
            row[f"{kind}_points"] = whole_sum(of_kind["points"])
        rows.append(row)
    figures = [f"{kind}_{measure}" for kind in (Kind.EARNED, Kind.REDEEMED) for measure in ("events", "points")]
    frame = pd.DataFrame(rows, columns=["site_id", column, *figures], dtype="object")
    return frame.astype({"site_id": "str", column: "str"}).assign(**{name: as_whole(frame[name]) for name in figures})


def tie_period(
    walked: pd.DataFrame, balances: pd.DataFrame, by_source: pd.DataFrame, rolled: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return the equations of a period: the walk, what was posted by client and by source, differences, balances."""
    rows: list[dict[str, Any]] = list(close_walk(walked))
    for kind in (Kind.EARNED, Kind.REDEEMED):
        posted = _posted_points(walked, kind)
        name = f"Points {kind.value}"
        rows.append(equation(f"{name} by client", "by client = posted", whole_sum(balances[kind.value]), posted))
        by = whole_sum(by_source[f"{kind.value}_points"])
        rows.append(equation(f"{name} by source", "by source = posted", by, posted))
    off = whole_sum(balances["difference"].dropna().map(abs))
    rows.append(equation("Balances", "opening + all that moved it = closing, client by client", off, 0))
    of_breaks = rolled[rolled["measure"].eq("breaks")]
    left = whole_sum(of_breaks["carried_in"]) + whole_sum(of_breaks["found"]) - whole_sum(of_breaks["ended"])
    rows.append(equation("Differences", "carried in + found - ended = carried out", left, _total(of_breaks)))
    return rows


def _total(of_breaks: pd.DataFrame) -> int:
    return whole_sum(of_breaks["carried_out"])


def _posted_points(walked: pd.DataFrame, kind: Kind) -> int:
    is_posted = walked["line"].eq(WalkLine.POSTED) & walked["kind"].eq(kind)
    return whole_sum(walked.loc[is_posted, "points"].dropna())
