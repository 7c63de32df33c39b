"""Look whether the ledger was rolled back where no marker tells: with the whole machine, or copied to another one.

Then nothing on this machine can tell; the service can. After a gap in time, where the last night died, or where a
ledger with runs is new to its workspace, as after a copy was put back elsewhere,
a few clients are read first: those whose events are next, since a forgotten night sent them in that order, and those
who were sent something last. It costs a call each, and nothing after a night that ended well a day ago.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from flows.ledger.marker import came_with_run
from flows.ledger.run import Run
from flows.runtime.clock import utc_now
from flows.runtime.errors import Interrupted, ServiceUnreachable, of_one_place
from flows.services.mindbody.client import MindbodyClient
from flows.services.mindbody.connect import open_mindbody
from sql.identity import ledger_position
from sql.look_back import (
    clients_next_in_turn,
    clients_sent_last,
    events_of_client,
    explained_entries,
    last_sending_run,
)
from transforms.destinations import Destination, destination_not_read
from transforms.settle.history import Transaction
from transforms.settle.look_back import Seen, is_rolled_back, look_at, pick_clients
from transforms.vocabulary import State, Target

_MARGIN = timedelta(days=1)
_SHOWN = 3
_PUT_BACK = "It looks as if the machine was put back to an earlier day: nothing was sent."
_NOT_COMPARED = "nothing was compared there, since this ledger may lack what was sent"
_MOST_IN_TURN = 1000  # whom the choice is made from


def has_forgotten(run: Run) -> bool:
    """Return whether the services show that the ledger has forgotten what it sent; the run is told why, and stops."""
    since = _suspect_since(run)
    if since is None:
        return False
    run.progress("looking whether the ledger is as it was")
    seen = run.step("look back", _look_back, run, since)
    if not is_rolled_back(seen):
        return False
    run.failures.append(_say(seen))
    # The night ends here, and nothing was held against the services: nobody may read from it that they agree.
    for site_id in run.settings.mindbody.site_ids:
        run.could_not_read(destination_not_read(Destination(Target.MINDBODY, site_id), _NOT_COMPARED))
    return True


def _suspect_since(run: Run) -> datetime | None:
    """Return until when the ledger's knowledge reaches, where it may be too old; None where it surely is not."""
    with run.ledger.begin() as connection:
        last = last_sending_run(connection, run.run_id)
        ledger_id = ledger_position(connection).ledger_id
    if last is None or not run.settings.guards.look_back_clients:
        return None
    started_at: datetime = last.started_at
    # It died; or it was stopped by what it saw here, which has not become otherwise by itself.
    if last.finished_at is None or _PUT_BACK in (last.failure or ""):
        return started_at
    finished_at: datetime = last.finished_at
    # It came from elsewhere, and nothing was sent from here since: a copy of yesterday looks as good as the ledger.
    if last.number <= came_with_run(run.settings, ledger_id):
        return finished_at
    gap = timedelta(hours=run.settings.guards.look_back_after_hours)
    return finished_at if utc_now() - finished_at > gap else None


def _look_back(run: Run, since: datetime) -> list[Seen]:
    clients_of: dict[str, list[str]] = {}
    for site_id, client_id in _whom_to_look_at(run):
        clients_of.setdefault(site_id, []).append(client_id)
    configured = set(run.settings.mindbody.site_ids)
    seen: list[Seen] = []
    for site_id, client_ids in sorted(clients_of.items()):
        if site_id in configured:
            seen += asyncio.run(_look_at_site(run, site_id, client_ids, since))
    return seen


def _whom_to_look_at(run: Run) -> list[tuple[str, str]]:
    """Return site and client of each whose history may show a forgotten night, in order.

    A third are those who were sent something last: a ledger that is a few hours too old knows them, and not the last
    of what they were sent. The others are next in turn, since a forgotten night sent its events in that order.
    """
    most = run.settings.guards.look_back_clients
    most_recent = most // 3
    with run.ledger.begin() as connection:
        in_turn = clients_next_in_turn(connection, _MOST_IN_TURN)
        sent_last = clients_sent_last(connection, most_recent)
    next_in_turn = pick_clients(in_turn, most - most_recent)
    return sorted({*next_in_turn, *sent_last})


async def _look_at_site(run: Run, site_id: str, client_ids: Sequence[str], since: datetime) -> list[Seen]:
    seen: list[Seen] = []
    # What cannot be read is no sign of anything. A site that is out of reach, or has no calls left, is posted to no
    # more than it is read, and posting says why; so it does of a stop that was asked for.
    try:
        async with open_mindbody(run.settings, run.ledger, site_id) as client:
            for client_id in client_ids:
                with suppress(ServiceUnreachable):
                    seen.append(await _look_at_client(run, client, client_id, since))
    except Interrupted as error:
        run.progress(str(error))
    except Exception as error:  # noqa: BLE001 - also what nobody foresaw at one site is no sign of anything
        run.progress(f"Mindbody site {site_id} could not be looked at: {of_one_place(error)}")
    return seen


async def _look_at_client(run: Run, client: MindbodyClient, client_id: str, since: datetime) -> Seen:
    before = _events_of(run, client.site_id, client_id)
    ready_at = [event.action_at for event in before if State(event.state) is State.READY]
    # From the oldest event that is about to go: were it there already, it would stand under its own day, however far
    # back that is.
    first_at = min([since, *ready_at])
    first = first_at.astimezone(client.zone).date() - _MARGIN
    last = utc_now().astimezone(client.zone).date() + _MARGIN
    history = await client.fetch_history(client_id, first, last)
    # Asked for after the reading: what another run sent meanwhile is in the ledger before it is at the service.
    events = _events_of(run, client.site_id, client_id)
    with run.ledger.begin() as connection:
        explained = explained_entries(connection, client.site_id, client_id)
    return look_at(history, events, explained, since)


def _events_of(run: Run, site_id: str, client_id: str) -> Sequence[Row[Any]]:
    with run.ledger.begin() as connection:
        return events_of_client(connection, site_id, client_id)


def _say(seen: Sequence[Seen]) -> str:
    sure = [(one.client_id, event_id) for one in seen for event_id in one.about_to_be_sent]
    if sure:
        examples = ", ".join(f"event {event_id} of client {client_id}" for client_id, event_id in sure[:_SHOWN])
        return (
            f"The service shows what this ledger has not sent yet: {examples}. {_PUT_BACK} `tieout recover --older` "
            "makes out what was sent."
        )
    entries = [(one.client_id, entry) for one in seen for entry in one.unaccounted]
    examples = ", ".join(_describe(client_id, entry) for client_id, entry in entries[:_SHOWN])
    return (
        f"The service shows entries that this ledger knows nothing of: {examples}. {_PUT_BACK} `tieout recover "
        "--older` makes out what was sent; entries made by hand are listed by `tieout reconcile`, and let the night go "
        "on once `tieout breaks resolve` says what they are."
    )


def _describe(client_id: str, entry: Transaction) -> str:
    return f"client {client_id}, {entry.action} {entry.points} at {entry.action_at:%Y-%m-%d %H:%M}Z"
