"""What a sheet would do, row by row, as the ledger stands: registered and taken back again, as the run then does it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row

from flows.desk.as_read import AsRead
from flows.desk.rows_to_see import RowToSee, SeenRows, known_to_see, row_to_see
from flows.desk.visit import Desk
from flows.desk.words import for_a_studio, points_told
from flows.desk.wrong_cells import Wrong, wrong_cells
from flows.intake.checked_file import CheckedFile
from flows.marked_copy.give_back import Rows, read_rows
from flows.readers.limits import MAX_ROWS
from flows.review.ahead import Ahead, look_ahead
from flows.review.clocks import clocks_of
from flows.review.plan import Plan
from sql.chain import digest
from sql.desk_rows import ClientAhead, clients_ahead, known_rows_of, rows_of
from transforms.vocabulary import Guard, Kind, State


@dataclass(frozen=True)
class Looked:
    """What a sheet would do; the tabs of its page, the sentence above them, and the code of all that."""

    plan: Plan
    checked: CheckedFile
    rows: Rows | None
    ready: SeenRows
    wrong: Sequence[Wrong]
    wrong_rows: int
    again: SeenRows
    known: SeenRows
    clients: Sequence[ClientAhead]
    unusual: Sequence[str]  # what may be a slip: told before anything is posted
    stops: Sequence[str]
    will: str  # "" where nothing would happen
    code: str


@dataclass(frozen=True)
class _Read:
    """What was read of a sheet while it was registered."""

    rows: Rows | None
    own: Sequence[Row[Any]]
    known: Sequence[Row[Any]]
    clients: Sequence[ClientAhead]


_NOTHING = _Read(None, (), (), ())


def look(desk: Desk, as_read: AsRead) -> Looked:
    """Return what the sheet would do; nothing of it is kept."""
    assert as_read.checked is not None  # noqa: S101 - nothing is looked at before all is answered
    return _looked(desk, look_ahead(desk.settings, desk.ledger, as_read.checked, _read))


def _read(connection: Connection, file_id: int, plan: Plan) -> _Read:
    is_whole = plan.rows_read <= MAX_ROWS
    return _Read(
        rows=read_rows(connection, file_id, is_preview=not plan.known) if is_whole else None,
        own=rows_of(connection, file_id),
        known=known_rows_of(connection, file_id),
        clients=() if plan.known else clients_ahead(connection, file_id),
    )


def _looked(desk: Desk, ahead: Ahead[_Read]) -> Looked:
    checked, seen = ahead.checked, ahead.seen or _NOTHING
    plan = replace(ahead.plan, notes=(*ahead.plan.notes, *ahead.notes))
    errors = pd.DataFrame() if seen.rows is None else seen.rows.errors
    wrong = list(wrong_cells(errors))
    places_of_wrong = {(one.sheet, row) for one in wrong for row in one.rows}
    held = [row for row in seen.own if row.state == State.HELD]
    others = [row for row in seen.own if row.state != State.HELD]
    # What was sent before is what became of it, and not ready once more.
    ready, known = ([], [*others, *seen.known]) if plan.known else (others, seen.known)
    clocks = clocks_of(desk.settings)

    def tell(row: Row[Any]) -> RowToSee:
        return row_to_see(row, clocks)

    def tell_known(row: Row[Any]) -> RowToSee:
        # A row of this very file, taken in before, has no earlier place.
        is_from_elsewhere = hasattr(row, "first_file")
        return known_to_see(row, clocks, plan.file) if is_from_elsewhere else tell(row)

    return Looked(
        plan=plan,
        checked=checked,
        rows=seen.rows,
        ready=SeenRows(ready, tell),
        wrong=wrong,
        wrong_rows=len(places_of_wrong),
        again=SeenRows(held, tell),
        known=SeenRows(known, tell_known),
        clients=seen.clients,
        unusual=[*slips_of(checked), *(for_a_studio(text) for text in plan.notes)],
        stops=[_stop(stop.guard, stop.events_count) for stop in plan.stops],
        will=_will(desk, plan),
        code=_code(plan),
    )


def _code(plan: Plan) -> str:
    """Return what stands for all that is shown: another one as soon as any of it is."""
    return digest([plan.sha256, plan.to_json()["events"], plan.new, plan.held, plan.rejected])[:16]


def slips_of(checked: CheckedFile) -> list[str]:
    """Return which rows of a sheet may be a slip, though nothing is wrong with any of them."""
    told = [for_a_studio(note.message) for note in checked.notes if note.is_slip]
    return [f"{text[:1].upper()}{text[1:]}" for text in told]


_STOPS: Mapping[Guard, str] = {
    Guard.POINTS_PER_EVENT: "more points at once than is usual",
    Guard.POINTS_PER_CLIENT: "more points for one client than is usual",
    Guard.POINTS_PER_RUN: "more points in one sheet than is usual",
    Guard.REJECTED_SHARE: "too many rows that need fixing",
    Guard.NEW_CLIENTS: "more new clients than is usual",
    Guard.PAYOUT_CHANGES: "more rewards than is usual would be paid otherwise than before",
}


def _stop(guard: Guard, events_count: int) -> str:
    rows = "1 row" if events_count == 1 else f"{events_count:,} rows"
    return f"{rows}: {_STOPS[guard]}."


def _will(desk: Desk, plan: Plan) -> str:
    """Say in one sentence what posting would do."""
    if not plan.brings:
        return ""
    parts = list(_what_is_posted(plan))
    if not parts:
        waiting = "1 row of it waits" if plan.held == 1 else f"{plan.held:,} rows of it wait"
        return f"Nothing is posted yet: {waiting} for a decision."
    *firsts, last = parts
    what = f"{', '.join(firsts)} and {last}" if firsts else last
    return f"Posts {what}. {_what_it_takes(desk, plan)}"


def _what_is_posted(plan: Plan) -> Iterator[str]:
    events, points = plan.totals.events, plan.totals.points
    if events.get(Kind.EARNED):
        yield f"{events[Kind.EARNED]:,} earned ({points_told(points[Kind.EARNED])})"
    if events.get(Kind.REDEEMED):
        yield f"{events[Kind.REDEEMED]:,} redeemed ({points_told(points[Kind.REDEEMED])})"
    updates = events.get(Kind.REWARD_UPDATE, 0)
    if updates:
        yield "1 reward changed" if updates == 1 else f"{updates:,} rewards changed"


def _what_it_takes(desk: Desk, plan: Plan) -> str:
    events = plan.totals.events
    # Mindbody takes one event in a call, Referral Rock several.
    to_mindbody = events.get(Kind.EARNED, 0) + events.get(Kind.REDEEMED, 0)
    to_referral_rock = math.ceil(events.get(Kind.REWARD_UPDATE, 0) / desk.settings.referral_rock.batch_size)
    services = []
    if to_mindbody:
        services.append("Mindbody")
    if to_referral_rock:
        services.append("Referral Rock")
    calls = to_mindbody + to_referral_rock
    told = "1 call" if calls == 1 else f"{calls:,} calls"
    return f"That takes {told} to {' and '.join(services)}, {_lasts(desk, calls)}."


def _lasts(desk: Desk, calls: int) -> str:
    seconds = calls / desk.settings.loader.requests_per_second
    if seconds < 45:
        return "less than a minute"
    minutes = max(1, round(seconds / 60))
    return "about a minute" if minutes == 1 else f"about {minutes:,} minutes"
