"""An event, in one sentence."""

from datetime import UTC
from typing import Any

from sqlalchemy import Row

from flows.review.clocks import IN_UTC, Clock
from transforms.vocabulary import State

_NOT_ACCEPTED = {State.HELD, State.DISCARDED}


def describe_event(event: Row[Any], clock: Clock | None = None) -> str:
    """Return what the event does, in a few words."""
    if event.reward_id:
        return _update(event)
    text = f"client {event.client_id} of site {event.site_id}, {event.action} {event.points} points"
    if event.source:
        text += f" for {event.source}"
    if event.source_id:
        text += f" {event.source_id}"
    return f"{text} {_when(event, clock or IN_UTC.of(None))}"


def _update(event: Row[Any]) -> str:
    text = f"reward {event.reward_id} set"
    if event.amount is not None:
        text += f" to {event.amount}"
    text += f", payout {event.payout_id}"
    if event.eligibility_on is not None:
        text += f", eligible on {event.eligibility_on}"
    if event.description is not None:
        text += f", description {event.description!r}"
    return text


def _when(event: Row[Any], clock: Clock) -> str:
    is_utc = clock.zone is UTC
    told = _utc(event) if is_utc else clock.tell_with_utc(event.action_at, event.action_fraction)
    if event.is_dated:
        return f"at {told}"
    # The ledger has a time for it all the same, by which held rows are sorted; it means nothing to a person.
    if event.state in _NOT_ACCEPTED:
        return "without a time yet"
    return f"at {told} (given when it was accepted)"


def _utc(event: Row[Any]) -> str:
    second = event.action_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{second}.{event.action_fraction}Z" if event.action_fraction else f"{second}Z"
