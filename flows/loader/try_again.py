"""Read the client or reward of what a person lets be tried again, before this run may send it.

How a service is read stands in its folder (`flows.services`); nothing is ever sent from there or from here.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from flows.ledger.run import Run
from flows.loader.settle import whose_not_read
from flows.runtime.clock import utc_now
from flows.services.connect import connected
from sql.retries import events_to_read_first, record_readings
from sql.settlements import Settlement
from transforms.destinations import Destination, NotRead
from transforms.vocabulary import State

_EXAMPLES = 3


_HELD = "not tried again, but held for a person"


@dataclass
class ReadFirst:
    """What came of the readings at one destination: what may not be sent in this run, and lines for a person."""

    unread: set[str] = field(default_factory=set)  # event ids
    not_read: list[NotRead] = field(default_factory=list)  # whom nobody could look at
    notes: list[str] = field(default_factory=list)


def read_destination_first(run: Run, destination: Destination) -> ReadFirst:
    """Read for every event there that is to be tried again and that this run has not looked at."""
    read: list[Settlement] = []

    def record(readings: Sequence[Settlement]) -> None:
        read.extend(readings)
        # One that could not be read is as it was: it waits, and the next run looks again.
        seen = [reading for reading in readings if reading.state is not State.UNKNOWN]
        if seen:
            with run.ledger.begin() as connection:
                record_readings(connection, seen, run_id=run.run_id, now=utc_now())

    async def read_all() -> None:
        async with connected(run.settings, run.ledger, destination) as service:
            with run.ledger.begin() as connection:
                events = events_to_read_first(connection, destination, run.run_id)
            await service.read_before_another_try(
                [event for event in events if event.event_id not in run.undecided], record
            )

    asyncio.run(read_all())
    return _told(read)


def _told(read: Sequence[Settlement]) -> ReadFirst:
    unread = [reading for reading in read if reading.state is State.UNKNOWN]
    held = [reading for reading in read if reading.state is State.HELD]
    found = ReadFirst(unread={reading.event.event_id for reading in unread})
    for reading in unread:
        why = reading.failure or reading.reason
        found.not_read.append(whose_not_read(reading.event, why))
    # What could not be read is not tried in this run: it may have taken effect since it was refused.
    if unread:
        ids = _listed([reading.event.event_id for reading in unread])
        found.notes.append(f"not tried again yet: {ids} {unread[0].reason} The next run looks again.")
    for reading in held[:_EXAMPLES]:
        found.notes.append(f"{_HELD}: event {reading.event.event_id}: {reading.reason}.")
    more_count = len(held) - _EXAMPLES
    if more_count > 0:
        found.notes.append(f"{_HELD}: {more_count} more, see `tieout plan`.")
    return found


def _listed(event_ids: Sequence[str]) -> str:
    shown = ", ".join(event_ids[:_EXAMPLES])
    more_count = len(event_ids) - _EXAMPLES
    if more_count <= 0:
        return f"event {shown}"
    return f"event {shown} and {more_count} more"
