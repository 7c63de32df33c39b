"""What a person is told of rows that look like rows of the file before: what is held, gone, or may be meant."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from sql.known_rows import BECAME, reading
from transforms.vocabulary import State

_EXAMPLES = 5
_STANDS: Mapping[State, str] = {
    State.POSTED: "already posted",
    State.READY: "not sent yet",
    State.HELD: "held as well",
}


def sentence(now: Row[Any], earlier: Row[Any], file: str) -> str:
    """Say why a row is held: what it looks like, where that stands, and in what the two differ."""
    before, here = _differing(now, earlier)
    return (
        f"looks like {place_of(earlier.row_number, earlier.sheet, file)}, {_stands(earlier)}: there it reads {before}, "
        f"here {here}. Approve it if both are right, discard it to leave it out, or let it take that row's place: "
        f"tieout replace {now.event_id}"
    )


def say_vanished(rows: Sequence[Row[Any]], earlier_file: str, file: str) -> str:
    """Say which rows that took effect a file does not have any more, the first ones with what they said."""
    count = f"a row that {earlier_file} had is"
    if len(rows) > 1:
        count = f"{len(rows):,} rows that {earlier_file} had are"
    shown = "; ".join(_say_one_vanished(row) for row in rows[:_EXAMPLES])
    more_count = len(rows) - _EXAMPLES
    if more_count > 0:
        shown += f"; and {more_count:,} more"
    return (
        f"{file}: {count} not in it any more, though it covers those days: {shown}. What was posted stays; "
        "`tieout reverse EVENT_ID` takes it back."
    )


def say_one_meant(row: Row[Any], event: Row[Any], file: str) -> str:
    """Say which event a row may be meant to mend."""
    before, here = _differing(row, event)
    own_place = place_of(row.row_number, row.sheet, file)
    other_place = place_of(event.row_number, event.sheet, event.file)
    return (
        f"{own_place}, is like {other_place}, {_stands(event)}, but for one value: there it reads {before}, here "
        f"{here}. Both are posted; where this row is meant to mend that one, `tieout reverse {event.event_id}` takes "
        "it back."
    )


def place_of(row_number: int, sheet: str | None, file: str) -> str:
    """Name a row of a file as a person finds it."""
    place = f"row {row_number} of {file}"
    return f"{place}, sheet {sheet}" if sheet else place


def _say_one_vanished(row: Row[Any]) -> str:
    says = ", ".join(reading(row).values())
    return f"row {row.row_number} ({says}; {BECAME[State(row.state)]}, event {row.event_id})"


def _stands(event: Row[Any]) -> str:
    state = State(event.state)
    return _STANDS.get(state) or BECAME[state]


def _differing(now: Row[Any], earlier: Row[Any]) -> tuple[str, str]:
    """Return in words in what an earlier row and a new one differ: as it was, and as it is."""
    as_it_is = reading(now)
    as_it_was = reading(earlier)
    differing = [name for name in as_it_is if as_it_is[name] != as_it_was[name]]
    before = [as_it_was[name] for name in differing]
    here = [as_it_is[name] for name in differing]
    return ", ".join(before), ", ".join(here)
