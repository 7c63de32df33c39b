"""What differs between two rows of two files: whether the one may be the other, corrected."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Protocol

DayOf = Callable[[str, datetime], date]  # of a site and a time: the day there

_CLIENT_VALUES = ("action", "points", "source", "source_id")
_REWARD_VALUES = ("payout_id", "amount", "eligibility_on", "description")
_MAY_BE_EMPTY = frozenset({"source", "source_id", "time"})
# What says most about two rows being one: whose they are and when. That both are Earned for a Sale says little.
_WEIGHTS = {"who": 4, "time": 3, "points": 2, "source_id": 2, "amount": 2}
_SAME_DAY = 1


class EventRow(Protocol):
    """A row of either file, as the ledger gives it."""

    ordinal: int
    lane: str
    site_id: str
    is_dated: bool
    action_at: datetime | None
    reward_id: str | None


@dataclass(frozen=True)
class SheetRow:
    """One row of one of two files that the other does not have."""

    place: int  # among the good rows of its file
    who: str  # the client or reward
    is_update: bool
    at: datetime | None  # UTC; None: a row without a time
    day: date | None  # in the studio's zone
    values: Mapping[str, Any]

    @property
    def hour(self) -> time | None:
        """The time of the day."""
        return None if self.at is None else self.at.timetz()

    @property
    def utc_day(self) -> date | None:
        """The day by UTC, which is another one than the studio's in its evening or morning."""
        return None if self.at is None else self.at.date()

    @property
    def visit(self) -> object:
        """What the SourceId names; None where there is none."""
        source_id = self.values.get("source_id")
        return None if source_id is None else (self.values["source"], source_id)


def sheet_row(row: EventRow, day_of: DayOf) -> SheetRow:
    """Return what is compared of a row."""
    is_update = row.reward_id is not None
    # The ledger gives a row without a time one; the sheet does not say it.
    at = row.action_at if row.is_dated else None
    names = _REWARD_VALUES if is_update else _CLIENT_VALUES
    return SheetRow(
        place=row.ordinal,
        who=row.lane,
        is_update=is_update,
        at=at,
        day=None if at is None else day_of(row.site_id, at),
        values={name: getattr(row, name) for name in names},
    )


def likeness(now: SheetRow, earlier: SheetRow) -> int:
    """Say how much two rows have in common; more is more."""
    weight = 0
    if now.who == earlier.who:
        weight += _WEIGHTS["who"]
    if now.at == earlier.at:
        weight += _WEIGHTS["time"]
    if now.day == earlier.day:
        weight += _SAME_DAY
    for name, value in now.values.items():
        # That both say nothing is nothing in common.
        if value is not None and value == earlier.values.get(name):
            weight += _WEIGHTS.get(name, 1)
    return weight


def is_one_changed(now: SheetRow, earlier: SheetRow) -> bool:
    """Tell whether the two are of one client and differ in one value."""
    return now.who == earlier.who and not now.is_update and len(_changed(now, earlier)) == 1


def _changed(now: SheetRow, earlier: SheetRow) -> frozenset[str]:
    """Name the values that differ; what an action brings with it is no change of its own."""
    changed = {name for name, value in now.values.items() if value != earlier.values[name]}
    if "action" in changed:
        # A Redeemed has no Source, and what its SourceId names is something else.
        changed -= {"source", "source_id"}
    if now.at != earlier.at:
        changed.add("time")
    return frozenset(changed)


def is_of_another_client(now: SheetRow, earlier: SheetRow) -> bool:
    """Tell whether the two are for one booking or sale, and differ in the client alone."""
    return now.visit is not None and now.who != earlier.who and not _changed(now, earlier)


def is_one_day(now: SheetRow, earlier: SheetRow) -> bool:
    """Tell whether two rows are of one day in the studio, or of one hour of a day that may have been mistyped."""
    if now.at is None or earlier.at is None or now.day is None or earlier.day is None:
        return now.at is earlier.at
    # A day alone is midnight by UTC where the site's times are in UTC, and by the studio's clock the evening before.
    if now.day == earlier.day or now.utc_day == earlier.utc_day:
        return True
    # A day that was mistyped keeps its hour. Any day of the same hour would be too many: a class is at six each Monday.
    if now.hour != earlier.hour:
        return False
    is_other_year = (now.day.month, now.day.day) == (earlier.day.month, earlier.day.day)
    is_wrong_way_round = now.day == _swapped(earlier.day)
    return is_other_year or is_wrong_way_round


def _swapped(day: date) -> date | None:
    return date(day.year, day.day, day.month) if day.day <= 12 and day.month != day.day else None


def is_filled_in(now: SheetRow, earlier: SheetRow) -> bool:
    """Tell whether the two differ only in what one of them does not say: source, source id or time."""
    changed = _changed(now, earlier)
    if now.is_update or not changed or not changed <= _MAY_BE_EMPTY:
        return False
    # A value that both say, and say differently, was corrected: that is another matter.
    return all(None in _both_of(name, now, earlier) for name in changed)


def _both_of(name: str, now: SheetRow, earlier: SheetRow) -> tuple[Any, Any]:
    if name == "time":
        return now.at, earlier.at
    return now.values[name], earlier.values[name]
