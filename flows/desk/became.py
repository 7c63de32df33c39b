"""What became of a sheet, in counts; kept until anything in the ledger has moved."""

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy import Row

from flows.desk.sheets import DeskSheet
from flows.desk.visit import Desk
from sql.desk_rows import became_of, file_of, sheets_stamp
from transforms.vocabulary import Stage, State

# What a count is called, and the tab of the sheet's page that has its rows.
_WORDS: Mapping[tuple[State, str], tuple[str, str]] = {
    (State.POSTED, ""): ("posted", "posted"),
    (State.POSTED, "taken back"): ("taken back", "posted"),
    (State.REFUSED, ""): ("turned down", "refused"),
    (State.REFUSED, "changed"): ("turned down and changed since", "changed"),
    (State.HELD, ""): ("waiting", "held"),
    (State.UNKNOWN, ""): ("not sure yet", "unknown"),
    (State.READY, ""): ("about to be posted", "all"),
    (State.SENDING, ""): ("about to be posted", "all"),
    (State.DISCARDED, ""): ("left out", "all"),
}
_REMEMBERED = 500


@dataclass(frozen=True)
class Count:
    """How many rows of a sheet became what."""

    count: int
    word: str
    tab: str


@dataclass(frozen=True)
class Became:
    """What became of a sheet."""

    counts: Sequence[Count]
    needs_a_look: bool  # something of it is for a person
    can_undo: bool


_NOTHING = Became((), needs_a_look=False, can_undo=False)
_Key = tuple[str, str, str, tuple[int | None, ...]]
_KNOWN: "OrderedDict[_Key, Became]" = OrderedDict()
_LOCK = Lock()


def became(desk: Desk, sheets: Sequence[DeskSheet]) -> list[Became]:
    """Return what became of each of these sheets."""
    with desk.ledger.read() as connection:
        stamp = sheets_stamp(connection)
    return [_of(desk, sheet, stamp) for sheet in sheets]


def _of(desk: Desk, sheet: DeskSheet, stamp: tuple[int | None, ...]) -> Became:
    if sheet.stage is Stage.OPEN:
        return _NOTHING
    key = (sheet.sheet_id, str(sheet.row.sha256), str(sheet.stage), stamp)
    with _LOCK:
        known = _KNOWN.get(key)
    if known is None:
        known = _counted(desk, sheet)
        _remember(key, known)
    return known


def _remember(key: _Key, became: Became) -> None:
    with _LOCK:
        _KNOWN[key] = became
        while len(_KNOWN) > _REMEMBERED:
            _KNOWN.popitem(last=False)


def _counted(desk: Desk, sheet: DeskSheet) -> Became:
    with desk.ledger.read() as connection:
        file = file_of(connection, sheet.row.sha256, sheet.row.default_site_id)
        if file is None:
            return _NOTHING
        states = became_of(connection, file.file_id)
    refused_count = states.get((State.REFUSED, ""), 0)
    held_count = states.get((State.HELD, ""), 0)
    return Became(
        counts=_counts(states, file),
        needs_a_look=refused_count + held_count + file.rejected > 0,
        can_undo=states.get((State.POSTED, ""), 0) > 0,
    )


def _counts(states: Mapping[tuple[State, str], int], file: Row[Any]) -> list[Count]:
    counts: Counter[tuple[str, str]] = Counter()
    for state, word_and_tab in _WORDS.items():
        if state in states:
            counts[word_and_tab] += states[state]
    if file.rejected:
        counts["to fix", "fix"] = file.rejected
    if file.duplicate:
        counts["known before", "known"] = file.duplicate
    return [Count(count, word, tab) for (word, tab), count in counts.items()]
