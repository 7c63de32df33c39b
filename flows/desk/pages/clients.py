"""A client's statement: looked up by number, at the studios of whoever asks; made of the ledger, without a call."""

from dataclasses import dataclass

from starlette.responses import Response

from flows.desk.visit import Visit
from flows.reports.wording import BREAKS
from flows.review.clocks import Clock, clocks_of
from flows.review.statement import Line, Statement, statements
from flows.runtime.errors import WrongUsage
from flows.runtime.visible import storable
from transforms.vocabulary import Outcome, Role, State

_MOST_SHOWN = 500
_STATES = {
    State.REFUSED: "turned down",
    State.UNKNOWN: "not sure yet",
    State.HELD: "waiting",
    State.READY: "about to be posted",
    State.SENDING: "about to be posted",
    State.DISCARDED: "left out",
}

_LONGEST = 1_000  # a part of a number would be another client's, or nobody's


@dataclass(frozen=True)
class Entry:
    """One line of a statement, as a person reads it."""

    when: str
    what: str
    points: str
    balance: str
    who: str
    mark: str
    link: str  # to the row; "" where it is somebody else's entry


@dataclass(frozen=True)
class Shown:
    """The statement of a client at one studio."""

    site: str
    clock: str
    read_at: str  # "" where the balance was never read
    opening: int | None
    closing: int | None
    entries: list[Entry]
    left_out: int


def show_clients(visit: Visit) -> Response:
    """Ask for a client, or show what there is of them."""
    asked = storable(visit.request.query_params.get("client", "").strip())[:_LONGEST]
    told, shown = "", list[Shown]()
    if asked:
        shown = [_shown(visit, one) for one in _found(visit, asked)]
        told = "" if shown else "Nothing is known of a client with this number, to the letter, zeros in front and all."
    return visit.show("clients", asked=asked, told=told, shown=shown)


def _found(visit: Visit, client_id: str) -> list[Statement]:
    """Return the statements at the studios where this person may look; of others they learn nothing."""
    sites = visit.account.sites(Role.VIEWER, visit.desk.site_ids)
    try:
        found = statements(visit.desk.settings, visit.desk.ledger, client_id, None, is_to_read=False)
    except WrongUsage:
        return []
    return [one for one in found if one.site_id in sites]


def _shown(visit: Visit, statement: Statement) -> Shown:
    clock = clocks_of(visit.desk.settings).of(statement.site_id)
    lines = statement.lines[-_MOST_SHOWN:]
    left_out = len(statement.lines) - len(lines)
    read_at = ""
    if statement.read_at is not None:
        to_the_minute = statement.read_at.replace(second=0, microsecond=0)
        read_at = clock.tell_minute(to_the_minute)
    return Shown(
        site=visit.desk.site_name(statement.site_id),
        clock=clock.place,
        read_at=read_at,
        # What the lines begin from is known of the first of all lines alone.
        opening=None if left_out else statement.opening_balance,
        closing=statement.closing_balance,
        entries=[_entry(line, clock) for line in lines],
        left_out=left_out,
    )


def _entry(line: Line, clock: Clock) -> Entry:
    return Entry(
        when=clock.tell_minute(line.at),
        what=line.what,
        points="" if line.points is None else f"{line.points:+,}",
        balance="" if line.balance is None else f"{line.balance:,}",
        who=_who(line),
        mark=_mark(line.mark),
        link=f"/rows/{line.event_id}" if line.event_id else "",
    )


def _who(line: Line) -> str:
    if not line.file:
        return line.who
    # What takes an entry back is registered under the entry's id, which nobody in a studio knows.
    return "taken back" if line.is_taking_back else f"{line.file}, row {line.row}"


def _mark(mark: str | None) -> str:
    if mark is None:
        return ""
    word = BREAKS.get(mark)
    if word is not None:
        return "turned down" if mark == Outcome.REFUSED else word.short
    return _STATES[State(mark)] if mark in set(_STATES) else mark
