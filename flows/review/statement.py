"""A client's statement: what was given and taken, when, by whom, and what the balance was; for the desk and for a call.

It is made of the ledger and of what nights have read; `read_anew` asks the service within the day's calls, and changes
nothing but their count. Points are whole and signed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.reconciliation.read_back import fetch_remote
from flows.reconciliation.sides import transaction_sides
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, WrongUsage
from flows.services.mindbody.tokens import sharing_tokens
from flows.services.standing import sharing_standings
from flows.settings.sections import Settings
from sql.balances import balance_known
from sql.reversals import takes_another_back
from sql.trace import breaks_of_client_at, events_of_client_at, sites_of_client, told_balances
from transforms.match.breaks import identify_breaks
from transforms.match.transactions import Tolerances, match_transactions
from transforms.settle.windows import Window
from transforms.vocabulary import Action, Outcome, State, Target

_YEAR = timedelta(days=365)
_TOOK_EFFECT = {State.POSTED}
_WAITS_FOR_NOBODY = (None, State.READY, State.DISCARDED, Outcome.LATE)  # marks of lines
_OURS = "tieout"
_OTHERS = "somebody else"


@dataclass(frozen=True)
class Line:
    """One line of a statement."""

    at: datetime
    what: str
    points: int | None  # signed; None where it moved nothing
    who: str
    mark: str | None = None  # the class of a difference, or the state of an event that did not take effect
    state: str | None = None  # of the event, or of the difference
    event_id: str | None = None
    break_id: str | None = None
    file: str | None = None
    row: int | None = None
    balance_told: int | None = None  # by the service, with this line
    balance: int | None = None  # after this line, reckoned back from the last balance that was read
    is_taking_back: bool = False  # it takes another entry back: ``file`` names what was planned, and no sheet


@dataclass(frozen=True)
class Statement:
    """A client of a site: every line, oldest first, and the balances at both ends."""

    site_id: str
    client_id: str
    lines: Sequence[Line]
    opening_balance: int | None
    closing_balance: int | None
    read_at: datetime | None  # when the balance was read that the others are reckoned from
    is_read_anew: bool = False
    waits: bool = field(default=False)  # something of it is for a person

    def to_json(self) -> dict[str, Any]:
        """Return the documented JSON."""
        record = asdict(self)
        return {**record, "lines": [{**line, "at": line["at"].isoformat()} for line in record["lines"]]}


def statements(
    settings: Settings, ledger: Ledger, client_id: str, site_id: str | None, *, is_to_read: bool
) -> list[Statement]:
    """Return the statement of a client of each site that knows it; `WrongUsage` where none does."""
    tell = _read_anew if is_to_read else _from_ledger
    wanted = _sites_to_tell(settings, ledger, client_id, site_id, is_to_read=is_to_read)
    return [tell(settings, ledger, one, client_id) for one in wanted]


def _sites_to_tell(
    settings: Settings, ledger: Ledger, client_id: str, site_id: str | None, *, is_to_read: bool
) -> Sequence[str]:
    sites = settings.mindbody.site_ids
    # A site that has left the settings is known by its name alone.
    asked = sites if site_id is None else [*sites, site_id]
    with ledger.read() as connection:
        known = sites_of_client(connection, client_id, asked)
    if site_id is None:
        # The service may know a client whom the ledger does not; with several sites nobody says which one to ask.
        wanted = sites if is_to_read and not known and len(sites) == 1 else known
    else:
        wanted = [site_id] if is_to_read or site_id in known else []
    if wanted:
        return wanted
    where = "" if site_id is None else f" of site {site_id}"
    raise WrongUsage(
        f"The ledger knows no client {client_id}{where}: ids are compared to the letter, leading zeros and all. "
        "With --read and --site ID the service is asked."
    )


def _from_ledger(_settings: Settings, ledger: Ledger, site_id: str, client_id: str) -> Statement:
    with ledger.read() as connection:
        known = balance_known(connection, site_id, client_id)
        lines = [*_own_lines(connection, site_id, client_id), *_lines_of_others(connection, site_id, client_id)]
    if known is None:
        return _reckoned(site_id, client_id, lines, closing=None, read_at=None)
    closing = known.balance + known.earned - known.redeemed
    return _reckoned(site_id, client_id, lines, closing, known.read_at)


def _own_lines(connection: Connection, site_id: str, client_id: str) -> list[Line]:
    told = told_balances(connection, site_id, client_id)
    of_client = breaks_of_client_at(connection, site_id, client_id)
    breaks = {row.event_id: row for row in of_client if row.event_id}
    return [
        _own_line(event, told.get(event.event_id), breaks.get(event.event_id))
        for event in events_of_client_at(connection, site_id, client_id)
    ]


def _own_line(event: Row[Any], told: int | None, broken: Row[Any] | None) -> Line:
    took_effect = State(event.state) in _TOOK_EFFECT
    mark = None if took_effect else event.state
    if broken is not None and broken.state in ("open", "acknowledged"):
        mark = broken._mapping["class"]
    return Line(
        at=event.action_at,
        what=_what(event.action, event.points, event.source, event.source_id),
        points=_signed(event.action, event.points) if took_effect else None,
        who=_OURS,
        mark=mark,
        state=event.state,
        event_id=event.event_id,
        break_id=None if broken is None else broken.break_id,
        file=event.file,
        row=event.row_number,
        balance_told=told,
        is_taking_back=takes_another_back(event),
    )


def _lines_of_others(connection: Connection, site_id: str, client_id: str) -> Iterable[Line]:
    """Give what others entered, as far as nights have read it, and what moved the balance without an entry."""
    for row in breaks_of_client_at(connection, site_id, client_id):
        # What is closed is gone from the service, or told by the entries that explain it.
        if row.event_id is not None or row.state == "closed" or not row.more:
            continue
        is_open = row.state != "resolved"
        yield Line(
            at=row.action_at or row.until_at,
            what="an entry at the service" if row.action_at else "a change of the balance whose entry was not read",
            points=row.more,
            who=_OTHERS,
            mark=row._mapping["class"] if is_open else None,
            state=row.state,
            break_id=row.break_id,
        )


def _what(action: str, points: int, source: str | None, source_id: int | None) -> str:
    named = " ".join(str(part) for part in (source, source_id) if part is not None)
    moved = f"{action} {points:,}"
    return f"{moved} for {named}" if named else moved


def _signed(action: str, points: int) -> int:
    return points if action == Action.EARNED else -points


def _reckoned(
    site_id: str,
    client_id: str,
    lines: Iterable[Line],
    closing: int | None,
    read_at: datetime | None,
    *,
    is_read_anew: bool = False,
) -> Statement:
    """Put the lines in order and reckon the balance after each, back from the last one that is known."""
    ordered = sorted(lines, key=lambda line: (line.at, line.event_id or "", line.break_id or ""))
    # Backwards, since the last balance is what the service told; what there was before the first entry nobody did.
    balance = closing
    reckoned: list[Line] = []
    for line in reversed(ordered):
        reckoned.append(replace(line, balance=balance))
        if balance is not None:
            balance -= line.points or 0
    return Statement(
        site_id=site_id,
        client_id=client_id,
        lines=reckoned[::-1],
        opening_balance=balance,
        closing_balance=closing,
        read_at=read_at,
        is_read_anew=is_read_anew,
        waits=any(line.mark not in _WAITS_FOR_NOBODY for line in ordered),
    )


def _read_anew(settings: Settings, ledger: Ledger, site_id: str, client_id: str) -> Statement:
    """Read the client at the service, from a year ago or the first event on, and mark what is not ours."""
    window = _window(settings, ledger, site_id, client_id)
    # Before the request: what happens at the service meanwhile is not in the balance for sure.
    read_at = ledger.now()
    with sharing_tokens(), sharing_standings():
        remote = fetch_remote(settings, ledger, [window], with_rewards=False)
    history = remote.histories.get((site_id, client_id))
    if history is None:
        why = remote.unread.get((site_id, client_id)) or "; ".join(remote.failures)
        raise CouldNotRun(f"Client {client_id} of site {site_id} could not be read: {why}")
    # By the rules of the nights: what they would call a difference is marked as one here, too.
    sides = transaction_sides(ledger, [window], remote)
    tolerances = Tolerances(now=utc_now(), grace=settings.grace_of(Target.MINDBODY))
    matched = identify_breaks(match_transactions(sides.events, sides.entries, tolerances))
    with ledger.read() as connection:
        own = {line.event_id: line for line in _own_lines(connection, site_id, client_id)}
        known = {row.break_id: row.state for row in breaks_of_client_at(connection, site_id, client_id)}
    lines = [_read_line(row, own, known) for row in matched.to_dict("records")]
    lines += _not_to_be_seen(own, lines)
    return _reckoned(site_id, client_id, lines, history.balance, read_at, is_read_anew=True)


def _not_to_be_seen(own: Mapping[str | None, Line], read: Iterable[Line]) -> list[Line]:
    """Return our lines that moved nothing, which the service has no entry of."""
    told = {line.event_id for line in read}
    return [line for event_id, line in own.items() if event_id not in told and line.points is None]


def _read_line(row: dict[Any, Any], own: dict[str | None, Line], known: dict[str, str]) -> Line:
    is_there = bool(pd.notna(row["remote_points"]))
    points = _signed(row["action"], int(row["remote_points"])) if is_there else None
    outcome = str(row["outcome"])
    mark = None if outcome == Outcome.MATCHED else outcome
    event_id = row["event_id"]
    if isinstance(event_id, str) and event_id in own:
        return replace(own[event_id], points=points, mark=mark)
    break_id = str(row["break_id"])
    state = known.get(break_id)
    return Line(
        at=row["remote_at"].to_pydatetime(),
        what=f"{row['action']} {int(row['remote_points']):,}",
        points=points,
        who=_OTHERS,
        # A person has said what that entry is: it is no difference any more.
        mark=None if state == "resolved" else mark,
        state=state,
        break_id=break_id if break_id in known else None,
    )


def _window(settings: Settings, ledger: Ledger, site_id: str, client_id: str) -> Window:
    zones = {site.site_id: ZoneInfo(site.timezone) for site in settings.mindbody.sites}
    if site_id not in zones:
        raise WrongUsage(f"Site {site_id} is not in the settings, so nobody can ask it: leave --read out.")
    zone, now = zones[site_id], utc_now()
    since_at = min([now - _YEAR, *_times_known(ledger, site_id, client_id)])
    until = now.astimezone(zone).date() + timedelta(days=1)
    return Window(site_id, client_id, since_at.astimezone(zone).date(), until, zone)


def _times_known(ledger: Ledger, site_id: str, client_id: str) -> list[datetime]:
    """Return when anything happened that the ledger has of a client."""
    with ledger.read() as connection:
        of_events = [event.action_at for event in events_of_client_at(connection, site_id, client_id)]
        of_breaks = [row.action_at for row in breaks_of_client_at(connection, site_id, client_id) if row.action_at]
    return [*of_events, *of_breaks]
