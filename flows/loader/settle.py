"""Settle what is in doubt by reading back; nothing is ever sent from here.

Mindbody has no transaction ids, so equal transactions are counted: more than the ledger has confirmed means that the
doubtful one landed, as many means that it did not. That holds because a client has at most one event in doubt and
none in flight beside it. Where an entry that is equal in all but its time is not accounted for, the count cannot
decide and the event stays unknown for a person. A Referral Rock update sets values, so the reward itself answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from flows.clock import utc_now
from flows.errors import ServiceUnreachable
from flows.ledger import Ledger
from flows.loader.mindbody import History, MindbodyClient
from flows.loader.mindbody_messages import is_equal, is_same_time
from flows.loader.referral_rock import ReferralRockClient
from flows.loader.referral_rock_messages import differing_fields
from flows.windows import Window
from sql.settlements import (
    Settlement,
    confirmed_count,
    confirmed_other_times_count,
    doubtful_events,
    last_balance,
    settle,
)
from transforms.vocabulary import State, Target


@dataclass(frozen=True)
class Expected:
    """What the ledger knows about a client before the doubtful event is counted in."""

    confirmed_count: int  # equal to the event, time included
    confirmed_other_times_count: int  # equal in all but the time, within the days that were read
    last_balance: int | None


async def settle_mindbody(ledger: Ledger, client: MindbodyClient, run_id: str) -> set[str]:
    """Read back every doubtful event of the site whose time has come; return the ids that stay unknown."""
    with ledger.begin() as connection:
        events = doubtful_events(connection, Target.MINDBODY, client.site_id, utc_now())
    undecided: set[str] = set()
    for event in events:
        undecided |= _record(ledger, [await _read_client(ledger, client, event)], run_id)
    return undecided


async def _read_client(ledger: Ledger, client: MindbodyClient, event: Row[Any]) -> Settlement:
    day, margin = event.action_at.astimezone(client.zone).date(), timedelta(days=1)
    window = Window(client.site_id, event.client_id, day - margin, day + margin, client.zone)
    read_at = utc_now()
    try:
        history = await client.fetch_history(event.client_id, window.since, window.until)
    except ServiceUnreachable as error:
        return Settlement(event, State.UNKNOWN, f"could not be read back: {error}", {"failure": str(error)})
    with ledger.begin() as connection:
        expected = Expected(
            confirmed_count(connection, event),
            confirmed_other_times_count(connection, event, *window.bounds),
            last_balance(connection, event),
        )
    return decide(event, history, expected, read_at)


def decide(event: Row[Any], history: History, expected: Expected, read_at: datetime) -> Settlement:
    """Return what the counted history proves about one doubtful event, with the evidence."""
    equal = [transaction for transaction in history.transactions if is_equal(transaction, event)]
    counted = sum(is_same_time(transaction, event) for transaction in equal)
    unaccounted = len(equal) - counted - expected.confirmed_other_times_count
    evidence = {
        "read_at": read_at.isoformat(),
        "counted": counted,
        "confirmed": expected.confirmed_count,
        "equal_at_other_times": len(equal) - counted,
        "confirmed_at_other_times": expected.confirmed_other_times_count,
        "balance_before": expected.last_balance,
        "balance_now": history.balance,
    }
    if counted > expected.confirmed_count:
        reason = f"read back: {counted} equal entries, {expected.confirmed_count} confirmed before, so it landed"
        return Settlement(event, State.POSTED, reason, evidence)
    if counted < expected.confirmed_count or unaccounted > 0:
        reason = (
            f"read back: {counted} equal entries, {expected.confirmed_count} confirmed, {max(0, unaccounted)} equal "
            "but for the time and nobody's; a person has to decide"
        )
        return Settlement(event, State.UNKNOWN, reason, evidence)
    reason = f"read back: {counted} equal entries, all confirmed before, so it did not land"
    return Settlement(event, State.READY, reason, evidence)


async def settle_referral_rock(ledger: Ledger, client: ReferralRockClient, run_id: str) -> set[str]:
    """Read all rewards once and settle every doubtful update; return the ids that stay unknown."""
    with ledger.begin() as connection:
        events = doubtful_events(connection, Target.REFERRAL_ROCK, "", utc_now())
    if not events:
        return set()
    try:
        rewards = await client.fetch_rewards()
    except ServiceUnreachable as error:
        failure = {"failure": str(error)}
        reason = f"could not be read back: {error}"
        return _record(ledger, [Settlement(event, State.UNKNOWN, reason, failure) for event in events], run_id)
    return _record(ledger, [decide_update(event, rewards.get(event.reward_id.lower())) for event in events], run_id)


def decide_update(event: Row[Any], reward: dict[str, Any] | None) -> Settlement:
    """Return what the reward as it stands proves about one doubtful update."""
    if reward is None:
        return Settlement(
            event, State.READY, "read back: there is no such reward, so it did not land", {"reward": None}
        )
    differing = differing_fields(reward, event)
    evidence = {"differing": differing, "updateDate": reward.get("updateDate")}
    if differing:
        reason = f"read back: another {', '.join(differing)}, so it did not land"
        return Settlement(event, State.READY, reason, evidence)
    return Settlement(event, State.POSTED, "read back: the reward has these values", evidence)


def _record(ledger: Ledger, settlements: Sequence[Settlement], run_id: str) -> set[str]:
    now = utc_now()
    with ledger.begin() as connection:
        settle(connection, settlements, run_id=run_id, now=now, again_at=now)
    return {settlement.event.event_id for settlement in settlements if settlement.state is State.UNKNOWN}
