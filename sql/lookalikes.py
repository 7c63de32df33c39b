"""Hold the staged rows that look like rows of the file before, corrected (`transforms.identity.lookalikes`).

The file before is found by some of the rows that the ledger knows, each by an index, so that it takes as long in a
ledger of ten years as in one of a day. What is compared are the two files, and nothing else.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Row

from sql.given import given_ids
from sql.lookalike_words import place_of, say_one_meant, say_vanished, sentence
from sql.queries import query, rows_query
from sql.staging import index_places
from transforms.vocabulary import Fate, State

_SAMPLED = 50
_FILES_BACK = 5_000  # a file that is compared is one of the last; of a hundred exports a night, of the last weeks
_MOST_BROUGHT = 20_000
_MOST_COMPARED = 4
_ABOUT = timedelta(hours=36)
_MOST_ABOUT = 20
_MOST_OF_A_FIX = 5
_EXAMPLES = 5
_AT_ONCE = 10_000
_NEVER_TOOK_EFFECT = frozenset({State.REFUSED, State.DISCARDED})


class _Held(NamedTuple):
    """A new row that is held."""

    now: Row[Any]
    looked_like: str  # the event
    reason: str  # in words


class Found(Protocol):
    """What comparing two files found: places of rows in them."""

    @property
    def is_of_series(self) -> bool:
        """Whether they have enough in common."""

    @property
    def lookalikes(self) -> Sequence[tuple[int, int]]:
        """New rows and those of the earlier file that they look like."""

    @property
    def vanished(self) -> Sequence[int]:
        """Rows of the earlier file that this one should have and does not."""


# Of the places of rows that both files have, with their time (None: without one); of the rows that only the earlier one
# has; and of those that nobody has met.
Compare = Callable[[Sequence[tuple[int, int, datetime | None]], Sequence[Row[Any]], Sequence[Row[Any]]], Found]


@dataclass(frozen=True)
class Comparing:
    """The rules of `transforms.identity` that comparing needs."""

    compare: Compare
    may_be_meant: Callable[[Row[Any], Row[Any]], bool]  # of a new row and an event: one client and day, one change


@dataclass(frozen=True)
class Compared:
    """What was held, by event id the event that it looks like; and what is to be said."""

    earlier_of: Mapping[str, str]
    held: tuple[str, ...]  # of the first rows that are held, why
    notes: tuple[str, ...]  # of rows that are not


NOTHING_COMPARED = Compared({}, (), ())


def hold_lookalikes(connection: Connection, comparing: Comparing, name: str) -> Compared:
    """Hold every staged row that looks like a row of the file before; `name` is that of the file at hand."""
    earlier_of: dict[str, str] = {}
    held_notes: list[str] = []
    notes: list[str] = []
    for file, comparison in _compared(connection, comparing.compare):
        held = _hold(connection, comparison, file.name)
        earlier_of |= {one.now.event_id: one.looked_like for one in held}
        held_notes += _say_held(held, name)
        # What never took effect is no loss where it is gone.
        vanished = [row for row in comparison.vanished if row.state not in _NEVER_TOOK_EFFECT]
        if vanished:
            notes.append(say_vanished(vanished, file.name, name))
    notes += _say_meant(connection, comparing, name)
    return Compared(earlier_of, tuple(held_notes), tuple(notes))


@dataclass(frozen=True)
class _Comparison:
    lookalikes: Sequence[tuple[Row[Any], Row[Any]]]  # new and earlier
    vanished: Sequence[Row[Any]]


def _compared(connection: Connection, compare: Compare) -> Iterator[tuple[Row[Any], _Comparison]]:
    """Give every earlier file of the series and what comparing with it found."""
    files_of = _files_of(connection, _sampled_events(connection))
    left = {file_id: set(event_ids) for file_id, event_ids in files_of.items()}
    for _ in range(_MOST_COMPARED):
        file_id = max(left, key=lambda one: (len(left[one]), one), default=None)
        if file_id is None or not left[file_id]:
            return
        file = connection.execute(rows_query("file_to_compare"), {"file_id": file_id}).one()
        comparison = _compare(connection, compare, file)
        covered = left.pop(file_id)
        if comparison is None:
            continue
        yield file, comparison
        # An export that moves on has all its known rows in the one before. A sheet that was put together from several
        # is compared with each of these.
        left = {other: event_ids - covered for other, event_ids in left.items()}


def _compare(connection: Connection, compare: Compare, file: Row[Any]) -> _Comparison | None:
    """Compare the staged rows with an earlier file; None where the two are not of one series."""
    values = {"file_id": file.file_id, "run_id": file.run_id}
    repeated = _repeated(connection.execute(rows_query("repeated_rows"), values).all())
    in_both = {earlier for earlier, _, _ in repeated}
    not_repeated = connection.execute(rows_query("rows_not_repeated"), values)
    missing = {row.ordinal: row for row in not_repeated if row.ordinal not in in_both}
    new = {row.ordinal: row for row in connection.execute(rows_query("new_rows"))}
    # A row without a time that the earlier file has, too, is held for that: it is known all the same.
    known = {now for _, now, _ in repeated}
    unmet = [row for row in new.values() if row.ordinal not in known]
    found = compare(repeated, list(missing.values()), unmet)
    if not found.is_of_series:
        return None
    lookalikes = [(new[now], missing[earlier]) for now, earlier in found.lookalikes]
    vanished = [missing[place] for place in found.vanished]
    return _Comparison(lookalikes, vanished)


def _repeated(rows: Sequence[Row[Any]]) -> list[tuple[int, int, datetime | None]]:
    """Return each row of either file once: equal updates of a file are known as one event."""
    found: list[tuple[int, int, datetime | None]] = []
    taken_earlier: set[int] = set()
    taken_now: set[int] = set()
    for row in rows:
        if row.earlier not in taken_earlier and row.now not in taken_now:
            found.append((row.earlier, row.now, row.action_at if row.is_dated else None))
            taken_earlier.add(row.earlier)
            taken_now.add(row.now)
    return found


def _sampled_events(connection: Connection) -> Set[str]:
    """Return some events of the ledger that the file's rows are, or may be."""
    counts = counts_of_fates(connection)
    known_count = counts.get(Fate.DUPLICATE, 0) + counts.get(Fate.HELD, 0)
    sampled = connection.execute(query("sample_known"), _step_over(known_count)).scalars()
    found = set(sampled)
    new_count = counts.get(Fate.ACCEPTED, 0)
    for row in connection.execute(rows_query("sample_new"), _step_over(new_count)).all():
        found |= _events_about(connection, row)
        found |= _told_otherwise(connection, row)
    return found


def _step_over(count: int) -> dict[str, int]:
    """Return the step that takes about as many of so many rows as are looked at."""
    return {"step": max(1, count // _SAMPLED)}


def counts_of_fates(connection: Connection) -> dict[Fate, int]:
    """Return how many staged rows have which fate by now; a fate that none has is left out."""
    rows = connection.execute(query("count_fates"))
    return {Fate(row.fate): int(row.rows_count) for row in rows}


def _events_about(connection: Connection, row: Row[Any]) -> set[str]:
    if not row.is_dated:
        return set()
    event_ids = connection.execute(query("events_about"), _about(row)).scalars()
    return set(event_ids)


def _about(row: Row[Any]) -> dict[str, Any]:
    """Return where to look for what a row may be meant for: its client, some hours around it."""
    return {
        "lane": row.lane,
        "since_at": row.action_at - _ABOUT,
        "until_at": row.action_at + _ABOUT,
        "most": _MOST_ABOUT,
    }


def _told_otherwise(connection: Connection, row: Row[Any]) -> set[str]:
    """Return events of the client that the row may be, where a whole column of times was left out or filled in."""
    values = {"lane": row.lane, "is_dated": row.is_dated, "most": _MOST_ABOUT}
    return set(connection.execute(query("latest_told_otherwise"), values).scalars())


def _files_of(connection: Connection, event_ids: Set[str]) -> Mapping[int, Set[str]]:
    """Return the files that brought these events, each with those that it brought."""
    if not event_ids:
        return {}
    latest: int = connection.execute(query("latest_file")).scalar_one()
    values = {
        "given": given_ids(event_ids),
        "first_file_id": latest - _FILES_BACK,
        "most": _MOST_BROUGHT,
    }
    found: defaultdict[int, set[str]] = defaultdict(set)
    for row in connection.execute(query("files_that_brought"), values):
        found[row.file_id].add(row.event_id)
    return found


def _hold(connection: Connection, comparison: _Comparison, file: str) -> list[_Held]:
    """Hold the rows that look like one which took effect, or still may."""
    # One that looks like a row that never left is simply sent: it is the mended one that was waited for.
    found: list[_Held] = []
    for now, earlier in comparison.lookalikes:
        looked_like = _what_counts(connection, earlier)
        if looked_like is not None:
            found.append(_Held(now, looked_like, sentence(now, earlier, file)))
    if found:
        index_places(connection)
    left = iter(found)
    while chunk := list(islice(left, _AT_ONCE)):
        held = {str(one.now.ordinal): {"known_event_id": one.looked_like, "reason": one.reason} for one in chunk}
        connection.execute(query("hold_lookalikes"), {"given": json.dumps(held)})
    return found


def _say_held(held: Sequence[_Held], file: str) -> Iterator[str]:
    for one in held[:_EXAMPLES]:
        place = place_of(one.now.row_number, one.now.sheet, file)
        yield f"held: {place}, {one.reason}."
    more_count = len(held) - _EXAMPLES
    if more_count > 0:
        yield f"{file}: {more_count:,} more rows are held for looking like others: `tieout plan` lists them."


def _what_counts(connection: Connection, earlier: Row[Any]) -> str | None:
    """Return the event that would be paid beside the new row; None where none took effect or still may.

    A correction that a person left out was itself one of something else, which is what counts then.
    """
    event_id, state = str(earlier.event_id), State(earlier.state)
    while state in _NEVER_TOOK_EFFECT:
        before = connection.execute(query("looked_like"), {"event_id": event_id}).one_or_none()
        if before is None:
            return None
        event_id, state = before.earlier_event_id, State(before.state)
    return event_id


def _say_meant(connection: Connection, comparing: Comparing, file: str) -> Iterator[str]:
    """Tell of a file of a few rows, such as one that mends a mistake, which events its rows may be meant for.

    It is no evidence that would hold a row: a client has two classes a day, too.
    """
    rows_count = sum(counts_of_fates(connection).values())
    if rows_count > _MOST_OF_A_FIX:
        return
    for row in connection.execute(rows_query("new_rows")).all():
        event = _meant_by(connection, comparing, row)
        if event is not None:
            yield say_one_meant(row, event, file)


def _meant_by(connection: Connection, comparing: Comparing, row: Row[Any]) -> Row[Any] | None:
    if not row.is_dated:
        return None
    for event in connection.execute(rows_query("rows_about"), _about(row)):
        if comparing.may_be_meant(row, event):
            return event
    return None


def keep_lookalikes(connection: Connection, earlier_of: Mapping[str, str]) -> None:
    """Keep what each held event looks like, by event id; the events are in the ledger by now."""
    left = iter(earlier_of.items())
    while chunk := dict(islice(left, _AT_ONCE)):
        given = {event_id: {"earlier_event_id": earlier} for event_id, earlier in chunk.items()}
        connection.execute(query("keep_lookalikes"), {"given": json.dumps(given)})
