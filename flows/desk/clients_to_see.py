"""Clients of a sheet to look at again: new ones, and those who redeem more than they have.

By what nights have read, without a call; by the service itself once somebody has asked it from the page, within the
calls of the day. What it said is remembered while the desk runs, and decides about nothing.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from flows.desk.looking import Looked
from flows.desk.sheets import DeskSheet
from flows.desk.visit import Desk
from flows.desk.words import for_a_studio, points_told
from flows.review.ask_clients import Asked, ask_clients, may_ask
from flows.review.clocks import Clock, clocks_of
from flows.runtime.errors import WrongUsage
from sql.desk_rows import ClientAhead
from transforms.match.reconciled import Client
from transforms.vocabulary import Kind

_MOST_ASKED = 100  # at once: whoever clicks waits for the answers
_MOST_NAMED = 20
_REMEMBERED = 50

_ANSWERS: "OrderedDict[tuple[str, str], Asked]" = OrderedDict()
_LOCK = Lock()


@dataclass(frozen=True)
class OneClient:
    """A client to look at, and why."""

    client_id: str
    told: str


@dataclass(frozen=True)
class ClientsToSee:
    """What is unusual about the clients of a sheet."""

    odd: Sequence[OneClient]  # unknown to the service, or with fewer points than they redeem
    new_ids: Sequence[str]  # the first of those of whom nothing was posted before
    new_count: int
    asked: str  # when the service was asked, and about how many; "" where nobody did
    unread: Sequence[OneClient]
    ask_count: int  # about how many a click asks


def clients_to_see(desk: Desk, sheet: DeskSheet, looked: Looked) -> ClientsToSee:
    """Return what is unusual about the clients of a sheet, as far as anybody knows by now."""
    with _LOCK:
        asked = _ANSWERS.get(_key(sheet))
    clock = clocks_of(desk.settings).of(sheet.site_id)
    new_ids = [one.client_id for one in looked.clients if not one.is_known]
    return ClientsToSee(
        odd=list(_odd(looked.clients, asked, clock)),
        new_ids=new_ids[:_MOST_NAMED],
        new_count=len(new_ids),
        asked="" if asked is None else _when(asked, clock),
        unread=[] if asked is None else _unread(asked),
        ask_count=len(_next(looked.clients, asked)),
    )


def _key(sheet: DeskSheet) -> tuple[str, str]:
    return sheet.sheet_id, str(sheet.row.sha256)


def _when(asked: Asked, clock: Clock) -> str:
    count = len(asked.balances) + len(asked.unread)
    clients = "1 client" if count == 1 else f"{count:,} clients"
    return f"{_minute(asked.at, clock)}, about {clients}"


def _minute(at: datetime, clock: Clock) -> str:
    return clock.tell_minute(at.replace(second=0, microsecond=0))


def _odd(clients: Sequence[ClientAhead], asked: Asked | None, clock: Clock) -> Iterator[OneClient]:
    balances: Mapping[Client, int | None] = {} if asked is None else asked.balances
    for one in clients:
        client = _client(one)
        if client in balances and balances[client] is None:
            yield OneClient(one.client_id, "unknown at Mindbody, or without any points there")
            continue
        balance = balances.get(client, one.balance)
        # What the sheet gives them may come first.
        if balance is not None and one.redeemed > balance + one.earned:
            told = f"redeems {points_told(one.redeemed)}, and has {_has(one, balances.get(client), clock)}"
            yield OneClient(one.client_id, told)


def _client(one: ClientAhead) -> Client:
    return one.site_id, one.client_id


def _has(one: ClientAhead, asked_now: int | None, clock: Clock) -> str:
    """Tell what a client has: as the service said when it was asked, else as it was read last."""
    earned = f" and {one.earned:,} of this sheet" if one.earned else ""
    if asked_now is not None:
        return f"{asked_now:,}{earned}"
    known = f"{one.balance or 0:,}{earned}"
    return known if one.read_at is None else f"{known}, as it was read {_minute(one.read_at, clock)}"


def _unread(asked: Asked) -> list[OneClient]:
    return [OneClient(client_id, for_a_studio(why)) for (_, client_id), why in asked.unread.items()]


def _next(clients: Sequence[ClientAhead], asked: Asked | None) -> list[Client]:
    """Return whom to ask about: those who redeem first, then new ones, then the others."""
    done = set() if asked is None else set(asked.balances)
    left = [one for one in clients if _client(one) not in done]
    left.sort(key=_turn)
    return [_client(one) for one in left[:_MOST_ASKED]]


def _turn(one: ClientAhead) -> tuple[bool, bool]:
    redeems, is_new = one.redeemed > 0, not one.is_known
    return not redeems, not is_new


def ask_service(desk: Desk, sheet: DeskSheet, looked: Looked) -> None:
    """Ask the service about clients of the sheet nobody asked about yet; `WrongUsage` where the day's calls are few."""
    with _LOCK:
        before = _ANSWERS.get(_key(sheet))
    events = looked.plan.totals.events
    new_count = events.get(Kind.EARNED, 0) + events.get(Kind.REDEEMED, 0)
    spare = may_ask(desk.settings, desk.ledger, new_count, len(looked.clients))
    wanted = _next(looked.clients, before)[:spare]
    if not wanted:
        raise WrongUsage(
            "Posting this sheet takes the calls that are left today, so nobody is asked before it."
            if not spare
            else "All of its clients were asked about."
        )
    found = ask_clients(desk.settings, desk.ledger, wanted)
    known = {} if before is None else before.balances
    with _LOCK:
        _ANSWERS[_key(sheet)] = Asked(found.at, {**known, **found.balances}, found.unread)
        while len(_ANSWERS) > _REMEMBERED:
            _ANSWERS.popitem(last=False)
