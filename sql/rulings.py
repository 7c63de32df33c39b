"""A person rules on an event in doubt that reading back cannot decide: otherwise its client would wait for ever.

The ruling stands among the settlements, which are append-only, with who, why, and what reading back had shown.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from sql.queries import query, rows_query
from sql.tables import settlements
from transforms.vocabulary import State


class RulingRefused(Exception):  # noqa: N818 - reads as what happened
    """A ruling that does not fit the event; its text says why, and what to do instead."""


@dataclass(frozen=True)
class Ruling:
    """Whether the event took effect, by whose word, and why."""

    state: State  # posted, or ready: it did not take effect and is sent again
    by: str
    reason: str


def rule(connection: Connection, event_id: str, ruling: Ruling, *, run_id: str, now: datetime) -> None:
    """Record the ruling and move the event; `RulingRefused` while anything but a person may still decide."""
    if not ruling.by.strip() or not ruling.reason.strip():
        raise RulingRefused("A ruling needs a name and a reason: --by NAME --reason TEXT.")
    event = connection.execute(rows_query("event_in_doubt"), {"event_id": event_id}).one_or_none()
    if event is None:
        raise RulingRefused(f"The ledger has no event {event_id}: `tieout run` and its report list what is unknown.")
    if event.state != State.UNKNOWN:
        raise RulingRefused(f"Event {event_id} is {event.state}, not unknown: there is nothing to rule on.")
    if event.settle_at is not None and event.settle_at > now:
        raise RulingRefused(
            f"Event {event_id} is not to be read back before {event.settle_at:%Y-%m-%d %H:%M:%S}Z, so the service may "
            "still show it: run `tieout settle` after that."
        )
    if event.evidence is None:
        raise RulingRefused(f"Event {event_id} was not read back yet: run `tieout settle` first, it may decide.")
    said = {"ruled_by": ruling.by.strip(), "reason": ruling.reason.strip(), "read_at": event.at.isoformat()}
    seen = {key: value for key, value in json.loads(event.evidence).items() if key != "read_at"}
    values = {"event_id": event_id, "attempt_id": event.attempt_id, "run_id": run_id}
    kept = values | {"at": now, "decided": ruling.state, "evidence": json.dumps(said | {"shown": seen})}
    connection.execute(insert(settlements).values(kept))
    ending = "it landed" if ruling.state is State.POSTED else "it did not land"
    reason = f"ruled by {said['ruled_by']}: {ending} ({said['reason']})"
    moved = values | {"state": ruling.state, "reason": reason, "now": now}
    if connection.execute(query("settle_event"), moved).rowcount == 0:
        raise RulingRefused(f"Event {event_id} was settled at this moment by a run: look at it with `tieout trace`.")
