"""Tell what proves a posted event: the reading that compared it, or its client's balance since the one before."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row

from flows.reconciliation.proofs import judge
from flows.review.clocks import Clock
from flows.settings.sections import Settings
from transforms.reconcile.proof import Proof
from transforms.vocabulary import State, Target


def proof_lines(settings: Settings, connection: Connection, event: Row[Any], clock: Clock) -> Iterator[str]:
    """Give a line on what shows that the service has the event; none of one that is not posted."""
    if event.state != State.POSTED:
        return
    if event.compared_at is not None:
        yield f"The last reading that compared it with the service began at {clock.tell(event.compared_at)}."
        return
    proof = _proof_by_balance(settings, connection, event)
    if proof is None:
        yield "No reading has compared it with the service yet."
        return
    base, balance = proof.chain.base, f"{proof.chain.balance:,}"
    days = settings.reconcile.full_read_days
    yield (
        f"It is proved by the balance, since {clock.tell(base.read_at)}: the client had {base.balance:,} points then, "
        f"and each answer after it followed, up to {balance}."
    )
    # What happened at the service after its last answer no balance of ours tells.
    yield f"No reading has compared it with the service yet; that is done by turn, within {days:,} days of posting."


def _proof_by_balance(settings: Settings, connection: Connection, event: Row[Any]) -> Proof | None:
    """Return what the nights go by, as they judge it; None where they would read the client."""
    if event.target != Target.MINDBODY or settings.reconcile.proof != "balance":
        return None
    client = (event.site_id, event.client_id)
    proof = judge(connection, [client]).proved.get(client)
    # A client may be proved by what was posted before this event, or after it.
    is_of_event = proof is not None and event.event_id in proof.event_ids
    return proof if is_of_event else None
