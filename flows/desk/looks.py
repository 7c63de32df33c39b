"""Looks of late, kept until the sheet, the answers about sheets like it, or the ledger is another one.

To look registers a whole sheet and takes it back again. To turn a page does not do that anew; but as soon as anything
was registered, moved or decided, the next page does, so that what is shown is what would be posted.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock, RLock
from typing import NamedTuple

from flows.desk.as_read import AsRead, answers_stamp
from flows.desk.looking import Looked, look
from flows.desk.sheets import DeskSheet
from flows.desk.visit import Desk
from sql.desk_rows import sheets_stamp

# What was read at a service, and what lies in the future, ages by the clock alone.
_GOOD_SECONDS = 600.0
_MOST_ROWS = 100_000  # of all looks that are kept: some 100 MB
_SMALLEST_ROWS = 1_500  # that a look counts for


class _Key(NamedTuple):
    """What a look is good for."""

    desk: tuple[int, int]  # its settings and its ledger
    path: str
    content: tuple[str, str]
    answers: int
    ledger: tuple[int | None, ...]


@dataclass(frozen=True)
class _Kept:
    desk: Desk  # held, so that no other one gets its place in memory
    looked: Looked
    at: float


@dataclass
class _Memory:
    found: "OrderedDict[_Key, _Kept]" = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)
    looking: RLock = field(default_factory=RLock)


_MEMORY = _Memory()


def look_at(desk: Desk, sheet: DeskSheet, as_read: AsRead) -> Looked:
    """Return what the sheet would do, as it is by now."""
    known = _known(_key(desk, sheet))
    if known is not None:
        return known
    # Of many who ask at once one looks; a database that is a file would let them in one after the other anyway.
    with _MEMORY.looking:
        # Before the look: whatever comes meanwhile makes the next page look anew.
        key = _key(desk, sheet)
        known = _known(key)
        if known is not None:
            return known
        looked = look(desk, as_read)
        _keep(key, _Kept(desk, looked, time.monotonic()))
        return looked


def _key(desk: Desk, sheet: DeskSheet) -> _Key:
    with desk.ledger.read() as connection:
        ledger = sheets_stamp(connection)
    return _Key(
        desk=(id(desk.settings), id(desk.ledger)),
        path=str(sheet.path),
        content=(str(sheet.row.sha256), str(sheet.row.default_site_id)),
        answers=answers_stamp(desk),
        ledger=ledger,
    )


def _known(key: _Key) -> Looked | None:
    with _MEMORY.lock:
        kept = _MEMORY.found.get(key)
        if kept is None or time.monotonic() - kept.at > _GOOD_SECONDS:
            return None
        _MEMORY.found.move_to_end(key)
        return kept.looked


def _keep(key: _Key, kept: _Kept) -> None:
    found = _MEMORY.found
    with _MEMORY.lock:
        # An older look at the same sheet, and one at a ledger that has moved since, are good for nothing any more.
        useless = [one for one in found if one.path == key.path or _is_over(one, key)]
        for one in useless:
            del found[one]
        found[key] = kept
        while len(found) > 1 and sum(map(_rows, found.values())) > _MOST_ROWS:
            found.popitem(last=False)


def _is_over(one: _Key, key: _Key) -> bool:
    """Return whether a look was at the same ledger, and it, or what was answered, is another one by now."""
    return one.desk == key.desk and (one.answers, one.ledger) != (key.answers, key.ledger)


def _rows(kept: _Kept) -> int:
    return max(kept.looked.plan.rows_read, _SMALLEST_ROWS)
