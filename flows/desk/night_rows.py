"""The rows behind a figure of a night, from what the night kept: rows of sheets, and entries at the services.

A night keeps each row that it answers for, and each entry that it read. Where a figure counts more than was kept of it
row by row (what a balance proves, what an earlier night had compared), the page says of how many it shows the rows.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pandas as pd

from flows.desk.kept_nights import KeptNight
from flows.desk.line_rows import BECAME, Behind, LineRow, figure_of, is_none, place_of, what_it_says
from flows.desk.words import for_a_studio, money
from flows.reports.report import rows
from flows.reports.wording import BREAKS
from flows.review.clocks import Clocks
from transforms.outcomes import NOT_THERE, OF_ENTRIES, OF_POSTED, OTHER_FIGURE, UNPOSTED
from transforms.totals.walk import events_of_lines, kinds_of
from transforms.vocabulary import Kind, Outcome, State, WalkLine

_TAKING_BACK: Final = ("reversal of ", "reversals of ")  # what stands in the place of a file
_NEW: Final = "in this run"  # how a report says that a row came with its run
_COLUMNS: Final = (
    "event_id", "break_id", "kind", "site_id", "client_id", "points", "amount", "source", "source_id", "action_at",
    "file", "sheet", "row", "state", "said",
)  # fmt: skip


def rows_of_night(
    night: KeptNight, line: WalkLine, kind: str, site_id: str | None, *, is_only_site: bool = False
) -> pd.DataFrame:
    """Return what of a night's figure was kept row by row: `_COLUMNS`; of one site where one is named.

    Wrong cells tell no site; where there is only one, they are its own.
    """
    found = _FOUND.get(line, _of_events)(night, line)
    frame = found.reindex(columns=list(_COLUMNS)).astype("object").reset_index(drop=True)
    # Wrong cells tell neither kind nor site.
    if frame["kind"].notna().any():
        frame = frame[frame["kind"].fillna("").eq(kind)]
    if site_id is not None:
        untold = site_id if is_only_site and site_id else "-"
        frame = frame[frame["site_id"].fillna(untold).eq(site_id)]
    return frame


def _events(night: KeptNight) -> pd.DataFrame:
    report = night.report
    parts = [
        rows(report, "posted").assign(state=State.POSTED),
        rows(report, "refused").assign(state=State.REFUSED).rename(columns={"message": "said"}),
        rows(report, "not_posted").rename(columns={"reason": "said"}),
    ]
    wanted = [*_COLUMNS, "origin", "reward_id", "posted_at"]
    filled = [part.reindex(columns=wanted).astype("object") for part in parts if len(part)]
    together = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=wanted, dtype="object")
    return together.assign(is_accepted=together["origin"].eq(_NEW))


def _of_events(night: KeptNight, line: WalkLine) -> pd.DataFrame:
    events = _events(night)
    return dict(events_of_lines(events, _replaced(events))).get(line, events.iloc[:0])


def _replaced(events: pd.DataFrame) -> set[str]:
    """Return the updates of rewards that a later one of the same night replaced."""
    updates = events[events["kind"].eq(Kind.REWARD_UPDATE) & events["state"].eq(State.POSTED)]
    ordered = updates.sort_values("posted_at", kind="stable")
    return set(ordered.loc[ordered["reward_id"].astype("str").str.lower().duplicated(keep="last"), "event_id"])


def _known(night: KeptNight, _line: WalkLine) -> pd.DataFrame:
    found = rows(night.report, "duplicates")
    first = [
        f"the same as {place_of(row, sheet)} of {file}"
        for row, sheet, file in zip(found["first_row"], found["first_sheet"], found["first_file"], strict=True)
    ]
    said = ["event_id", "kind", "site_id", "client_id", "points", "amount", "source", "source_id", "action_at"]
    known = pd.concat([_events(night).reindex(columns=said), night.older[said]]).drop_duplicates("event_id")
    return found.assign(said=first).merge(known, how="left", on="event_id", validate="m:1")


def _waiting(night: KeptNight, _line: WalkLine) -> pd.DataFrame:
    found = rows(night.report, "waiting")
    is_of_night = found["state"].eq(State.HELD) & pd.to_datetime(found["since"], utc=True).ge(night.report.started_at)
    # What is proposed to take an entry back waits, too, and comes from no sheet.
    is_of_sheet = ~found["file"].astype("str").str.startswith(_TAKING_BACK)
    return found[is_of_night & is_of_sheet].rename(columns={"reason": "said"})


def _in_sheets(night: KeptNight, line: WalkLine) -> pd.DataFrame:
    events = _events(night)
    accepted = events[events["is_accepted"].astype("bool")]
    to_fix = _rejected(night, line).drop_duplicates(["file", "sheet", "row"])
    found = (accepted, _known(night, line), _waiting(night, line), to_fix)
    parts = [part.astype("object") for part in found if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else accepted


def _transactions(night: KeptNight) -> pd.DataFrame:
    found = night.read_back.get("read_back_transactions", pd.DataFrame())
    if found.empty:
        return pd.DataFrame(columns=[*_COLUMNS, "outcome", "remote_id", "remote_points"], dtype="object")
    is_there = found["remote_id"].notna()
    moment = found["action_at"].where(~is_there | found["action_at"].notna(), found["remote_at"])
    return found.assign(kind=kinds_of(found["action"]), action_at=moment, said=found["outcome"])


def _rewards(night: KeptNight) -> pd.DataFrame:
    found = night.read_back.get("read_back_rewards", pd.DataFrame())
    if found.empty:
        return pd.DataFrame(columns=[*_COLUMNS, "outcome"], dtype="object")
    return found.assign(kind=Kind.REWARD_UPDATE.value, site_id="", said=found["outcome"])


def _both(night: KeptNight) -> pd.DataFrame:
    parts = [part.astype("object") for part in (_transactions(night), _rewards(night)) if len(part)]
    together = pd.concat(parts, ignore_index=True) if parts else _transactions(night)
    return _with_places(night, together)


def _with_places(night: KeptNight, entries: pd.DataFrame) -> pd.DataFrame:
    """Tell of each entry of ours the row of the sheet that it came from."""
    places = ["event_id", "file", "sheet", "row", "source"]
    both = pd.concat([_events(night)[places], night.older[places]])
    known = both.drop_duplicates("event_id").set_index("event_id")
    return entries.drop(columns=list(known), errors="ignore").join(known, on="event_id", validate="m:1")


def _looked_for(entries: pd.DataFrame) -> pd.DataFrame:
    is_reward = entries["kind"].eq(Kind.REWARD_UPDATE)
    told = ~entries["outcome"].isin(list(UNPOSTED))
    return entries[entries["outcome"].isin(list(OF_POSTED)) | (is_reward & told)]


def _not_there(night: KeptNight, _line: WalkLine) -> pd.DataFrame:
    looked_for = _looked_for(_both(night))
    return looked_for[looked_for["outcome"].isin(list(NOT_THERE))]


def _other_figure(night: KeptNight, _line: WalkLine) -> pd.DataFrame:
    looked_for = _looked_for(_both(night))
    return looked_for[looked_for["outcome"].isin(list(OTHER_FIGURE))]


def _entries_of(night: KeptNight, line: WalkLine) -> pd.DataFrame:
    entries = _both(night)
    outcomes = [outcome for outcome, of_outcome in OF_ENTRIES.items() if of_outcome is line]
    # What one of ours took back is there more often than it was sent.
    wanted = outcomes or [Outcome.DUPLICATE_REMOTE]
    found = entries[entries["outcome"].isin(wanted) & entries["kind"].ne(Kind.REWARD_UPDATE)]
    return found.assign(points=found["remote_points"])


def _posted_before(night: KeptNight, _line: WalkLine) -> pd.DataFrame:
    looked_for = _looked_for(_both(night))
    return looked_for[~looked_for["event_id"].isin(rows(night.report, "posted")["event_id"])]


def _not_read(night: KeptNight, line: WalkLine) -> pd.DataFrame:
    """Return what was posted and not looked for: proved by the balance of its client, or left for another night."""
    posted = _of_events(night, WalkLine.POSTED)
    left = posted[~posted["event_id"].isin(_looked_for(_both(night))["event_id"])]
    by_client = rows(night.report, "by_client")
    alone = by_client[by_client["proof"].eq("balance")]
    clients = set(zip(alone["site_id"], alone["client_id"], strict=True))
    keys = zip(left["site_id"], left["client_id"], strict=True)
    is_proved = pd.Series([key in clients for key in keys], index=left.index, dtype="bool")
    return left[is_proved if line is WalkLine.PROVED else ~is_proved]


def _at_service(night: KeptNight, _line: WalkLine) -> pd.DataFrame:
    entries = _both(night)
    is_reward = entries["kind"].eq(Kind.REWARD_UPDATE)
    points = entries[~is_reward & entries.get("remote_id", pd.Series(index=entries.index)).notna()]
    looked_for = _looked_for(entries[is_reward])
    rewards = looked_for[~looked_for["outcome"].isin(list(NOT_THERE))]
    proved = _not_read(night, WalkLine.PROVED)
    shown = points.assign(points=points["remote_points"]) if len(points) else points
    theirs = rewards.assign(amount=rewards["remote_amount"]) if len(rewards) else rewards
    parts = [part.astype("object") for part in (shown, theirs, proved) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else points


def _rejected(night: KeptNight, _line: WalkLine) -> pd.DataFrame:
    found = rows(night.report, "rejected")
    cells = [f"{column}: {_shown(value)}" for column, value in zip(found["column"], found["value"], strict=True)]
    said = [f"{cell}. {message}" for cell, message in zip(cells, found["message"], strict=True)]
    return found.assign(said=said, kind=None)


def _shown(value: Any) -> str:
    return "empty" if is_none(value) else f"“{value}”"


_FOUND: Final[Mapping[WalkLine, Callable[[KeptNight, WalkLine], pd.DataFrame]]] = {
    WalkLine.IN_SHEETS: _in_sheets,
    WalkLine.NEEDS_FIXING: _rejected,
    WalkLine.KNOWN: _known,
    WalkLine.WAITING: _waiting,
    WalkLine.POSTED_BEFORE: _posted_before,
    WalkLine.NOT_COMPARED: _not_read,
    WalkLine.PROVED: _not_read,
    WalkLine.NOT_THERE: _not_there,
    WalkLine.OTHER_FIGURE: _other_figure,
    WalkLine.AT_SERVICE: _at_service,
    **dict.fromkeys((*OF_ENTRIES.values(), WalkLine.OFFSET), _entries_of),
}


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
    return Behind(
        rows=list(_lines(found.iloc[start : start + most], clocks)),
        count=len(found),
        events=len(found),
        figure=figure_of(found, kind),
    )


def _lines(found: pd.DataFrame, clocks: Clocks) -> Iterator[LineRow]:
    for row in found.to_dict("records"):
        has_place = not is_none(row["row"])
        yield LineRow(
            place=place_of(row["row"], row["sheet"]) if has_place else "at the service",
            file="" if is_none(row["file"]) else str(row["file"]),
            who=_who(row),
            what="" if is_none(row["kind"]) else what_it_says(row),
            when="" if is_none(row["action_at"]) else clocks.of(row["site_id"]).tell_minute(row["action_at"]),
            counts=_counts(row),
            became=_became(row),
            event_id=str(row["event_id"]) if has_place and not is_none(row["event_id"]) else "",
            break_id=str(row["break_id"]) if _is_difference(row) else "",
        )


def _who(row: Mapping[Any, Any]) -> str:
    if row["kind"] == Kind.REWARD_UPDATE:
        return "a reward"
    return "" if is_none(row["client_id"]) else f"client {row['client_id']}"


def _counts(row: Mapping[Any, Any]) -> str:
    is_reward = row["kind"] == Kind.REWARD_UPDATE
    value = row["amount"] if is_reward else row["points"]
    if is_none(value):
        return ""
    return money(value) if is_reward else f"{value:,}"


def _is_difference(row: Mapping[Any, Any]) -> bool:
    return not is_none(row["break_id"]) and row["said"] in BREAKS and row["said"] != Outcome.MATCHED


def _became(row: Mapping[Any, Any]) -> str:
    said = row["said"]
    if is_none(said):
        return "" if is_none(row["state"]) else BECAME[State(row["state"])]
    if said == Outcome.MATCHED:
        return "as it was posted"
    if said in BREAKS:
        return BREAKS[said].short.lower()
    head = "" if is_none(row["state"]) else f"{BECAME[State(row['state'])]}: "
    return head + for_a_studio(str(said))
