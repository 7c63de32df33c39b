"""Periods that were collected a moment ago: kept as long as nothing in the ledger has moved.

A period is a look at all that the ledger has of it, which takes seconds where that is much, and a page of rows asks for
it again and again.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from flows.ledger.connection import Ledger
from flows.reports.month import Month
from flows.runtime.clock import steady_seconds
from sql.figures import ledger_stamp
from transforms.nights import DEAD_AFTER

_Made = TypeVar("_Made")
_MOST_SECONDS = 300  # whether a period is over is told by the clock, and not by the ledger
_MOST_PERIODS = 24
_MOST_EVENTS = 200_000  # of all that is kept; one event takes a kilobyte or two


class _Kept(NamedTuple):
    stamp: Any
    at_seconds: float
    month: Month
    made: dict[str, Any]  # what pages have made of it


@dataclass
class KeptMonths:
    """What is kept, for all pages; one is collected at a time, or fifty who look at years would take all memory."""

    _kept: OrderedDict[tuple[str, ...], _Kept] = field(default_factory=OrderedDict)
    _turn: Lock = field(default_factory=Lock)

    def get(self, ledger: Ledger, key: tuple[str, ...], collect: Callable[[], Month]) -> Month:
        """Return the period that is known by this key, as the ledger stands now."""
        with self._turn:
            stamp = _stamp(ledger)
            known = self._kept.get(key)
            is_fresh = known is not None and steady_seconds() - known.at_seconds < _MOST_SECONDS
            if known is not None and is_fresh and stamp is not None and known.stamp == stamp:
                self._kept.move_to_end(key)
                return known.month
            self._kept.pop(key, None)
            month = collect()
            # What moved meanwhile may be in it or not.
            if stamp is not None and _stamp(ledger) == stamp:
                self._keep(key, _Kept(stamp, steady_seconds(), month, {}))
            return month

    def made_of(self, month: Month, name: str, make: Callable[[], _Made]) -> _Made:
        """Return what a page makes of a period, kept as long as that is."""
        with self._turn:
            kept = next((one for one in self._kept.values() if one.month is month), None)
            if kept is None:
                return make()
            if name not in kept.made:
                kept.made[name] = make()
            made: _Made = kept.made[name]
            return made

    def _keep(self, key: tuple[str, ...], one: _Kept) -> None:
        self._kept[key] = one
        while len(self._kept) > _MOST_PERIODS or self._events() > _MOST_EVENTS:
            self._kept.popitem(last=False)

    def _events(self) -> int:
        return sum(len(kept.month.events) for kept in self._kept.values())


def _stamp(ledger: Ledger) -> Any:
    """Return how the ledger stands; None while a run is at work, which moves things before it says so."""
    with ledger.read() as connection:
        stamp = ledger_stamp(connection)
    is_at_work = stamp.seen_at is not None and ledger.now() - stamp.seen_at < DEAD_AFTER + timedelta(seconds=5)
    return None if is_at_work else tuple(stamp)
