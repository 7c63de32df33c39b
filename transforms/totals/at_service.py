"""What the services have of the posted events of a period, as they were read last: the last lines of its walk.

An event that a break tells otherwise is counted with the service's figures; an entry behind which no event of ours
stands is known by its break alone, since nobody reads a whole period again.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from transforms.outcomes import NOT_THERE, OF_ENTRIES, OTHER_FIGURE, is_among
from transforms.totals.period_facts import PeriodFacts
from transforms.vocabulary import Kind, Outcome, WalkLine

_ENTRY: Final = ["event_id", "break_id", "site_id", "kind", "currency", "row_count", "points", "amount"]


def lines_at_service(posted: pd.DataFrame, facts: PeriodFacts) -> Iterator[tuple[WalkLine, pd.DataFrame]]:
    """Give what each line counts from what was posted to what the services have of it, as they were read last."""
    posted = _as_entries(posted, facts.currency)
    event_ids = posted["event_id"]
    is_compared = posted["compared_at"].notna()
    is_proved = event_ids.isin(set(facts.proved)) & ~is_compared
    is_known = is_compared | is_proved
    about = facts.breaks[facts.breaks["event_id"].isin(event_ids)]
    gone = about[is_among(about["class"], NOT_THERE)]
    # What nobody has compared is not there for nobody: it stands in a line of its own, and not in this one as well.
    is_gone = is_compared & event_ids.isin(set(gone["event_id"]))
    others = about[is_among(about["class"], OTHER_FIGURE)].set_index("event_id")
    has_other_figure = event_ids.isin(others.index)
    yield WalkLine.NOT_COMPARED, posted[~is_known]
    yield WalkLine.PROVED, posted[is_proved]
    yield WalkLine.NOT_THERE, posted[is_gone]
    yield WalkLine.OTHER_FIGURE, _by_how_much(posted[has_other_figure], others)
    # Entries of others are known by their breaks alone: a month is not read again as a whole when it is signed, which
    # would take more calls than its events did.
    entries = _entries(facts)
    for line in dict.fromkeys(entries["line"]):
        yield WalkLine(line), entries[entries["line"].eq(line)]
    own = _with_their_figures(posted[is_known & ~is_gone], others)
    both = [part[_ENTRY] for part in (own, entries) if len(part)]
    if both:
        yield WalkLine.AT_SERVICE, pd.concat(both, ignore_index=True)


def _as_entries(posted: pd.DataFrame, currency: str) -> pd.DataFrame:
    """Return posted events with what an entry at a service has besides."""
    currencies = [currency if kind == Kind.REWARD_UPDATE else "" for kind in posted["kind"]]
    return posted.assign(
        currency=currencies,
        site_id=posted["site_id"].fillna(""),
        break_id=None,
        row_count=1,
    )


def _by_how_much(differs: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Return the events of another figure with how much more the service has of each; they were counted before."""
    theirs = _with_their_figures(differs, others)
    return differs.assign(
        points=row_by_row(differs["points"], theirs["points"], _points_more),
        amount=row_by_row(differs["amount"], theirs["amount"], _amount_more),
        # The line above has counted the event: here it adds to the figures alone.
        row_count=0,
    )


def _points_more(ours: Any, theirs: Any) -> int:
    return int(theirs) - int(ours)


def _amount_more(ours: Any, theirs: Any) -> Any:
    return theirs - ours


def _with_their_figures(there: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Return the events with the figures that the service has of them, where a break tells another one."""
    told_of = others.to_dict("index")
    points: list[Any] = []
    amounts: list[Any] = []
    for event_id, own_points, own_amount in zip(there["event_id"], there["points"], there["amount"], strict=True):
        told = told_of.get(event_id)
        if told is None:
            points.append(own_points)
            amounts.append(own_amount)
        else:
            points.append(_points_told(told, own_points))
            amounts.append(_amount_told(told, own_amount))
    return there.assign(points=points, amount=pd.Series(amounts, index=there.index, dtype="object"))


def _points_told(told: Mapping[Any, Any], own: Any) -> Any:
    points = told["points_service"]
    return own if pd.isna(points) else int(points)


def _amount_told(told: Mapping[Any, Any], own: Any) -> Any:
    # An update that sets no amount answers for none, whatever amount its reward has.
    if _is_gap(own):
        return own
    return Decimal(told["amount_service"] or 0)


def _entries(facts: PeriodFacts) -> pd.DataFrame:
    """Return what the service shows that no posted event of ours stands behind, one row per break of points."""
    breaks = facts.breaks[facts.breaks["is_entry"]]
    rows = []
    for broken in breaks.to_dict("records"):
        if broken["class"] in OF_ENTRIES and broken["more"]:
            is_offset = broken["break_id"] in facts.offset
            line = WalkLine.OFFSET if is_offset else OF_ENTRIES[Outcome(broken["class"])]
            rows.append(_entry(broken, line))
    return pd.DataFrame(rows, columns=["line", *_ENTRY], dtype="object")


def _entry(broken: Mapping[Any, Any], line: WalkLine) -> dict[str, Any]:
    return {
        "line": line,
        "event_id": broken["event_id"],
        "break_id": broken["break_id"],
        "row_count": 1,
        "site_id": broken["site_id"] or "",
        "kind": Kind.EARNED if broken["more"] > 0 else Kind.REDEEMED,
        "currency": "",
        "points": abs(int(broken["more"])),
        "amount": None,
    }


def row_by_row(
    figures: "pd.Series[Any]", others: "pd.Series[Any]", made: Callable[[Any, Any], Any]
) -> "pd.Series[Any]":
    """Return what is made of two columns, row by row; nothing where the first one has nothing."""
    found: list[Any] = []
    for figure, other in zip(figures.astype("object"), others.astype("object"), strict=True):
        found.append(None if _is_gap(figure) else made(figure, other))
    return pd.Series(found, index=figures.index, dtype="object")


def _is_gap(figure: Any) -> bool:
    return figure is None or bool(pd.isna(figure))
