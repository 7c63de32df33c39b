"""A figure of a night, told line by line: where each row stands, whose it is, and what became of it."""

from collections.abc import Mapping
from typing import Any

from flows.desk.kept_nights import KeptNight
from flows.desk.line_rows import BECAME, Behind, LineRow, counts_of, figure_of, is_none, place_of, what_it_says
from flows.desk.night_rows import rows_of_night
from flows.desk.words import for_a_studio
from flows.reports.wording import BREAKS
from flows.review.clocks import Clocks
from transforms.vocabulary import Kind, Outcome, State, WalkLine


def behind_night(
    night: KeptNight,
    clocks: Clocks,
    line: WalkLine,
    kind: str,
    site_id: str | None,
    start: int,
    most: int,
    *,
    is_only_site: bool = False,
) -> Behind:
    """Return what is behind a figure of a night, rows from ``start`` on, at most so many."""
    found = rows_of_night(night, line, kind, site_id, is_only_site=is_only_site)
    shown = found.iloc[start : start + most]
    return Behind(
        rows=[_line(row, clocks) for row in shown.to_dict("records")],
        count=len(found),
        events=len(found),
        figure=figure_of(found, kind),
    )


def _line(row: Mapping[Any, Any], clocks: Clocks) -> LineRow:
    # Only what came in a sheet has a page of its own to lead to.
    is_of_sheet = not is_none(row["row"])
    return LineRow(
        place=place_of(row["row"], row["sheet"]) if is_of_sheet else "at the service",
        file=_text(row["file"]),
        who=_who(row),
        what="" if is_none(row["kind"]) else what_it_says(row),
        when=_when(row, clocks),
        counts=counts_of(row),
        became=_became(row),
        event_id=_text(row["event_id"]) if is_of_sheet else "",
        break_id=str(row["break_id"]) if _is_difference(row) else "",
    )


def _text(value: Any) -> str:
    return "" if is_none(value) else str(value)


def _who(row: Mapping[Any, Any]) -> str:
    if row["kind"] == Kind.REWARD_UPDATE:
        return "a reward"
    if is_none(row["client_id"]):
        return ""
    return f"client {row['client_id']}"


def _when(row: Mapping[Any, Any], clocks: Clocks) -> str:
    if is_none(row["action_at"]):
        return ""
    return clocks.of(row["site_id"]).tell_minute(row["action_at"])


def _is_difference(row: Mapping[Any, Any]) -> bool:
    if is_none(row["break_id"]) or row["said"] == Outcome.MATCHED:
        return False
    return row["said"] in BREAKS


def _became(row: Mapping[Any, Any]) -> str:
    """Say what became of a row: what reading back found, else its state, with what was said about it."""
    said = row["said"]
    if said == Outcome.MATCHED:
        return "as it was posted"
    if said in BREAKS:
        return BREAKS[said].short.lower()
    became = "" if is_none(row["state"]) else BECAME[State(row["state"])]
    if is_none(said):
        return became
    told = for_a_studio(str(said))
    return f"{became}: {told}" if became else told
