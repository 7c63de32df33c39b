"""The rows behind a figure of a night, from what the night kept: rows of sheets, and entries at the services.

A night keeps each row that it answers for, and each entry that it read. Where a figure counts more than was kept of it
row by row (what a balance proves, what an earlier night had compared), the page says of how many it shows the rows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import pandas as pd

from flows.desk.kept_nights import KeptNight
from flows.desk.line_rows import is_none, place_of
from flows.reports.report import rows
from transforms.outcomes import NOT_THERE, OF_ENTRIES, OF_POSTED, OTHER_FIGURE, UNPOSTED
from transforms.totals.walk import events_of_lines, kinds_of
from transforms.vocabulary import Kind, Outcome, State, WalkLine

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
    find = _FOUND.get(line, _of_events)
    frame = find(night, line).reindex(columns=list(_COLUMNS)).astype("object").reset_index(drop=True)
    # Wrong cells tell no kind either: where all are wrong cells, they are of whichever kind is asked for.
    if frame["kind"].notna().any():
        frame = frame[frame["kind"].fillna("").eq(kind)]
    if site_id is None:
        return frame
    untold = site_id if is_only_site and site_id else "-"
    return frame[frame["site_id"].fillna(untold).eq(site_id)]


def _stacked(parts: Iterable[pd.DataFrame], empty: pd.DataFrame) -> pd.DataFrame:
    """Put frames below each other as plain objects; the empty one, for its columns, where none of them has a row."""
    filled = [part.astype("object") for part in parts if len(part)]
    if not filled:
        return empty
    return pd.concat(filled, ignore_index=True)


def _events(night: KeptNight) -> pd.DataFrame:
    """Return a row per event that the night answers for, with where it stands and whether its row came that night."""
    report = night.report
    parts = [
        rows(report, "posted").assign(state=State.POSTED),
        rows(report, "refused").assign(state=State.REFUSED).rename(columns={"message": "said"}),
        rows(report, "not_posted").rename(columns={"reason": "said"}),
    ]
    wanted = [*_COLUMNS, "origin", "reward_id", "posted_at"]
    together = _stacked(
        [part.reindex(columns=wanted) for part in parts],
        empty=pd.DataFrame(columns=wanted, dtype="object"),
    )
    return together.assign(is_accepted=together["origin"].eq(_NEW))


def _of_events(night: KeptNight, line: WalkLine) -> pd.DataFrame:
    events = _events(night)
    by_line = dict(events_of_lines(events, _replaced(events)))
    return by_line.get(line, events.iloc[:0])


def _replaced(events: pd.DataFrame) -> set[str]:
    """Return the updates of rewards that a later one of the same night replaced."""
    is_update = events["kind"].eq(Kind.REWARD_UPDATE)
    is_posted = events["state"].eq(State.POSTED)
    in_order = events[is_update & is_posted].sort_values("posted_at", kind="stable")
    # The service takes a reward's id in either case.
    reward_ids = in_order["reward_id"].astype("str").str.lower()
    came_later = reward_ids.duplicated(keep="last")
    return set(in_order.loc[came_later, "event_id"])


def _known(night: KeptNight, _line: WalkLine) -> pd.DataFrame:
    """Return the rows that brought an event again, with what it says and where it was met first."""
    found = rows(night.report, "duplicates")
    first_places = zip(found["first_row"], found["first_sheet"], found["first_file"], strict=True)
    said = [f"the same as {place_of(row, sheet)} of {file}" for row, sheet, file in first_places]
    # Many rows may bring one event, and each of them has its line.
    return found.assign(said=said).merge(
        _what_they_say(night),
        how="left",
        on="event_id",
        validate="m:1",
    )


def _what_they_say(night: KeptNight) -> pd.DataFrame:
    """Return what each event says that the night knows of, its own or an older one: one row per event."""
    columns = ["event_id", "kind", "site_id", "client_id", "points", "amount", "source", "source_id", "action_at"]
    own = _events(night).reindex(columns=columns)
    return pd.concat([own, night.older[columns]]).drop_duplicates("event_id")


def _waiting(night: KeptNight, _line: WalkLine) -> pd.DataFrame:
    found = rows(night.report, "waiting")
    is_held = found["state"].eq(State.HELD)
    # Rows are registered to the second, and a quick night registers them in the one in which it began.
    began_at = night.report.started_at.replace(microsecond=0)
    is_since_tonight = pd.to_datetime(found["since"], utc=True).ge(began_at)
    # What is proposed to take an entry back waits, too, and comes from no sheet.
    is_of_sheet = ~found["event_id"].isin(night.taking_back)
    waiting = found[is_held & is_since_tonight & is_of_sheet]
    return waiting.rename(columns={"reason": "said"})


def _in_sheets(night: KeptNight, line: WalkLine) -> pd.DataFrame:
    events = _events(night)
    accepted = events[events["is_accepted"].astype("bool")]
    # A row with three wrong cells is one row of its sheet.
    to_fix = _rejected(night, line).drop_duplicates(["file", "sheet", "row"])
    return _stacked((accepted, _known(night, line), _waiting(night, line), to_fix), empty=accepted)


def _transactions(night: KeptNight) -> pd.DataFrame:
    found = night.read_back.get("read_back_transactions", pd.DataFrame())
    if found.empty:
        return pd.DataFrame(columns=[*_COLUMNS, "outcome", "remote_id", "remote_points"], dtype="object")
    # What we know nothing of has the service's own time alone.
    is_theirs_alone = found["remote_id"].notna() & found["action_at"].isna()
    moment = found["action_at"].where(~is_theirs_alone, found["remote_at"])
    return found.assign(kind=kinds_of(found["action"]), action_at=moment, said=found["outcome"])


def _rewards(night: KeptNight) -> pd.DataFrame:
    found = night.read_back.get("read_back_rewards", pd.DataFrame())
    if found.empty:
        return pd.DataFrame(columns=[*_COLUMNS, "outcome"], dtype="object")
    return found.assign(kind=Kind.REWARD_UPDATE.value, site_id="", said=found["outcome"])


def _both(night: KeptNight) -> pd.DataFrame:
    """Return what reading back found of points and of rewards, with the rows that ours came from."""
    transactions = _transactions(night)
    return _with_places(night, _stacked((transactions, _rewards(night)), empty=transactions))


def _with_places(night: KeptNight, entries: pd.DataFrame) -> pd.DataFrame:
    """Tell of each entry of ours the row of the sheet that it came from."""
    columns = ["event_id", "file", "sheet", "row", "source"]
    known = pd.concat([_events(night)[columns], night.older[columns]])
    places = known.drop_duplicates("event_id").set_index("event_id")
    without = entries.drop(columns=list(places), errors="ignore")
    return without.join(places, on="event_id", validate="m:1")


def _looked_for(entries: pd.DataFrame) -> pd.DataFrame:
    """Return what was asked of the service: what we had posted, and each reward but one that was never sent."""
    is_reward = entries["kind"].eq(Kind.REWARD_UPDATE)
    was_sent = ~entries["outcome"].isin(list(UNPOSTED))
    was_posted = entries["outcome"].isin(list(OF_POSTED))
    return entries[was_posted | (is_reward & was_sent)]


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
    is_wanted = entries["outcome"].isin(wanted)
    is_points = entries["kind"].ne(Kind.REWARD_UPDATE)
    found = entries[is_wanted & is_points]
    return found.assign(points=found["remote_points"])


def _posted_before(night: KeptNight, _line: WalkLine) -> pd.DataFrame:
    looked_for = _looked_for(_both(night))
    tonight = rows(night.report, "posted")["event_id"]
    return looked_for[~looked_for["event_id"].isin(tonight)]


def _not_read(night: KeptNight, line: WalkLine) -> pd.DataFrame:
    """Return what was posted and not looked for: proved by the balance of its client, or left for another night."""
    posted = _of_events(night, WalkLine.POSTED)
    looked_for = _looked_for(_both(night))["event_id"]
    left = posted[~posted["event_id"].isin(looked_for)]
    is_proved = _is_of_proved_client(night, left)
    return left[is_proved if line is WalkLine.PROVED else ~is_proved]


def _is_of_proved_client(night: KeptNight, events: pd.DataFrame) -> pd.Series:
    by_client = rows(night.report, "by_client")
    proved = set(_clients(by_client[by_client["proof"].eq("balance")]))
    is_proved = [client in proved for client in _clients(events)]
    return pd.Series(is_proved, index=events.index, dtype="bool")


def _clients(frame: pd.DataFrame) -> Iterator[tuple[Any, Any]]:
    """Give the site and the id of each row's client."""
    return zip(frame["site_id"], frame["client_id"], strict=True)


def _at_service(night: KeptNight, _line: WalkLine) -> pd.DataFrame:
    """Return what the services have of the night: their entries of points, rewards as they are, and what is proved."""
    entries = _both(night)
    is_reward = entries["kind"].eq(Kind.REWARD_UPDATE)
    points = _as_the_service_has_them(entries[~is_reward])
    looked_for = _looked_for(entries[is_reward])
    rewards = looked_for[~looked_for["outcome"].isin(list(NOT_THERE))]
    if len(rewards):
        rewards = rewards.assign(amount=rewards["remote_amount"])
    proved = _not_read(night, WalkLine.PROVED)
    return _stacked((points, rewards, proved), empty=points)


def _as_the_service_has_them(points: pd.DataFrame) -> pd.DataFrame:
    if "remote_id" not in points:
        return points.iloc[:0]
    there = points[points["remote_id"].notna()]
    return there.assign(points=there["remote_points"]) if len(there) else there


def _rejected(night: KeptNight, _line: WalkLine) -> pd.DataFrame:
    found = rows(night.report, "rejected")
    cells = zip(found["column"], found["value"], found["message"], strict=True)
    said = [f"{column}: {_shown(value)}. {message}" for column, value, message in cells]
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
