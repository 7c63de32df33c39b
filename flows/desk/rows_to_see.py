"""Rows of a sheet as a person reads them: who, what, when, and what became of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload
from urllib.parse import quote

from sqlalchemy import Row

from flows.desk.words import for_a_studio, money, points_told
from flows.review.clocks import Clock, Clocks
from transforms.vocabulary import HeldFor, Kind, State


@dataclass(frozen=True)
class RowToSee:
    """One row of a sheet, as a person reads it."""

    place: str
    who: str
    what: str
    when: str
    told: str = ""
    event_id: str = ""
    state: State = State.READY
    can_undo: bool = False
    looks_like_another: bool = False
    link: str = ""  # to its row, once it is in the ledger


class SeenRows(Sequence[RowToSee]):
    """Rows that are told as they are asked for: of twenty thousand, a page shows a hundred."""

    def __init__(self, rows: Sequence[Row[Any]], tell: Callable[[Row[Any]], RowToSee]) -> None:
        self._rows = rows
        self._tell = tell

    def __len__(self) -> int:
        """Count them."""
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> RowToSee: ...
    @overload
    def __getitem__(self, place: slice) -> list[RowToSee]: ...
    def __getitem__(self, place: int | slice) -> RowToSee | list[RowToSee]:
        """Tell one, or a part of them."""
        if isinstance(place, slice):
            return [self._tell(row) for row in self._rows[place]]
        return self._tell(self._rows[place])


def row_to_see(row: Row[Any], clocks: Clocks, told: str | None = None) -> RowToSee:
    """Return one row that is an event, as a person reads it."""
    is_reward = row.kind == Kind.REWARD_UPDATE
    state = State(row.state)
    is_posted_points = state is State.POSTED and not is_reward
    return RowToSee(
        place=_place(row),
        who="a reward" if is_reward else f"client {row.client_id}",
        what=_what(row),
        when=_when(row, clocks.of(row.site_id), is_reward=is_reward),
        told=_told(row) if told is None else told,
        event_id=row.event_id,
        link=f"/rows/{row.event_id}",
        state=state,
        looks_like_another=state is State.HELD and row.is_lookalike,
        # Something that takes it back already would take it back twice.
        can_undo=is_posted_points and row.undone_state in _CAME_TO_NOTHING,
    )


def _place(row: Row[Any]) -> str:
    return f"row {row.row_number}, {row.sheet}" if row.sheet else f"row {row.row_number}"


def _when(row: Row[Any], clock: Clock, *, is_reward: bool) -> str:
    if row.action_at is not None and row.is_dated:
        return clock.tell_minute(row.action_at)
    # The time that the ledger has for such a row means nothing to a person.
    return "" if is_reward else "no date: as it is posted"


_CAME_TO_NOTHING = (None, State.DISCARDED, State.REFUSED)


def _what(row: Row[Any]) -> str:
    if row.kind == Kind.REWARD_UPDATE:
        return "reward changed" if row.amount is None else f"reward set to {money(row.amount)}"
    told = f"{str(row.action).lower()} {points_told(row.points)}"
    if row.source is not None:
        told += f" for {row.source}"
    if row.source_id is not None:
        told += f" {row.source_id}"
    return told


def _told(row: Row[Any]) -> str:
    """Say where an event stands, in a studio's words."""
    match State(row.state):
        case State.POSTED if row.undone_state == State.POSTED:
            return "posted, and taken back"
        case State.POSTED if row.undone_state == State.HELD:
            return "posted; to take it back waits for a decision"
        case State.POSTED if row.undone_state not in _CAME_TO_NOTHING:
            return "posted, and about to be taken back"
        case State.POSTED:
            return "posted"
        case State.READY | State.SENDING:
            return "about to be posted"
        case State.UNKNOWN:
            return "not sure yet: the answer was lost, so it is looked up before anything else"
        case State.REFUSED:
            why = for_a_studio(str(row.message or row.state_reason or "no reason was given"))
            return f"turned down: {why}{_changed_since(row)}"
        case State.DISCARDED:
            return "left out"
        case State.HELD:
            return _why_held(row)


def _changed_since(row: Row[Any]) -> str:
    if row.corrected_state is None:
        return ""
    return f" {_CHANGED.get(State(row.corrected_state), 'It was changed and sent since.')}"


_CHANGED: Mapping[State, str] = {
    State.POSTED: "It was changed since, and posted.",
    State.HELD: "It was changed since, and that waits for a decision.",
}


def _why_held(row: Row[Any]) -> str:
    if row.held_for == HeldFor.PLAN:
        return "waits for an OK"
    # What may be done about it stands beside it, as buttons.
    why = str(row.state_reason or "").partition(". Approve it if both")[0]
    return for_a_studio(why)


def bad_cell_to_see(row: Row[Any], sheet_id: str) -> RowToSee:
    """Return a wrong cell, whose row is no event."""
    on = "" if row.sheet is None else f"?on={quote(row.sheet)}"
    what = row.column_heading or "the whole row"
    return RowToSee(
        place=_place(row),
        who="",
        what=what if row.value is None else f"{what} “{row.value}”",
        when="",
        told=for_a_studio(row.message),
        link=f"/sheets/{sheet_id}/rows/{row.row_number}{on}",
    )


def known_to_see(row: Row[Any], clocks: Clocks, file: str) -> RowToSee:
    """Return a row that brought an event again, with where it was met first."""
    of_file = "this sheet" if row.first_file == file else row.first_file
    told = f"the same as row {row.first_row} of {of_file}: {_told(row)}"
    return row_to_see(row, clocks, told)
