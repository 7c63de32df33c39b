"""Settle what is in doubt by reading back; nothing is ever sent from here.

Mindbody has no transaction ids, so equal transactions are counted: more than the ledger has confirmed means that the
doubtful one landed, as many means that it did not. That holds because a client has at most one event in doubt and
none in flight beside it. The client's balance is the second witness, where it was known before and nobody else moved
it since: it decides where the count cannot (an entry that is equal in all but its time or its source is nobody's, more
than one is new, or the service took the request and its answer could not be read), and where the two contradict each
other the event stays unknown for a person. A Referral Rock update sets values, so the reward itself answers.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from flows.ledger.connection import Ledger
from flows.reconciliation.windows import Window
from flows.runtime.clock import utc_now
from flows.runtime.errors import ServiceUnreachable
from flows.services.mindbody.client import History, MindbodyClient
from flows.services.mindbody.messages import is_equal, is_kin
from flows.services.referral_rock.client import ReferralRockClient
from flows.services.referral_rock.messages import differing_fields
from sql.settlements import (
    Settlement,
    balance_before,
    confirmed_kin_count,
    confirmed_times,
    doubtful_events,
    settle,
)
from transforms.vocabulary import Action, State, Target

_LANDED, _DID_NOT = "it landed", "it did not land"  # what a balance can say


@dataclass(frozen=True)
class Expected:
    """What the ledger knows about a client before the doubtful event is counted in."""

    confirmed_times: tuple[datetime, ...]  # of transactions equal in all but the time, around the days that were read
    balance_before: int | None
    confirmed_kin: int = 0  # at the event's very time, with another source


@dataclass(frozen=True)
class Count:
    """Transactions that are equal to the doubtful event, against what the ledger has confirmed."""

    counted: int  # the service shows at the event's time
    confirmed: int  # of them the ledger knew before
    unaccounted: int  # the service shows almost the same (another time, or another source), unknown to the ledger


async def settle_mindbody(ledger: Ledger, client: MindbodyClient, run_id: str, concurrency: int) -> set[str]:
    """Read back every doubtful event of the site whose time has come; return the ids that stay unknown."""
    with ledger.begin() as connection:
        events = doubtful_events(connection, Target.MINDBODY, client.site_id, utc_now())
    slots = asyncio.Semaphore(concurrency)

    async def settle_one(event: Row[Any]) -> set[str]:
        async with slots:  # each is of a client of its own
            return _record(ledger, [await _read_client(ledger, client, event)], run_id)

    return set().union(*await asyncio.gather(*(settle_one(event) for event in events)))


async def _read_client(ledger: Ledger, client: MindbodyClient, event: Row[Any]) -> Settlement:
    day, margin = event.action_at.astimezone(client.zone).date(), timedelta(days=1)
    window = Window(client.site_id, event.client_id, day - margin, day + margin, client.zone)
    read_at = utc_now()
    try:
        history = await client.fetch_history(event.client_id, window.since, window.until)
    except ServiceUnreachable as error:
        return Settlement(event, State.UNKNOWN, f"could not be read back: {error}", {"failure": str(error)})
    since_at, until_at = window.bounds
    with ledger.begin() as connection:
        # A service whose days are not the site's shows a little more or less than was asked for.
        times = confirmed_times(connection, event, since_at - margin, until_at + margin)
        kin = confirmed_kin_count(connection, event)
        expected = Expected(tuple(times), balance_before(connection, event), kin)
    return decide(event, history, expected, read_at)


def decide(event: Row[Any], history: History, expected: Expected, read_at: datetime) -> Settlement:
    """Return what the counted history and the balance prove about one doubtful event, with the evidence."""
    count = count_equal(event, history, expected.confirmed_times, expected.confirmed_kin)
    witness = _ask_balance(event, expected.balance_before, history.balance)
    state = _weigh(count, witness)
    if state is State.READY and event.was_answered and witness != _DID_NOT:
        # The service took the request and its answer could not be read: more than a count must speak against it.
        state = State.UNKNOWN
    evidence = {
        "read_at": read_at.isoformat(),
        "counted": count.counted,
        "confirmed": count.confirmed,
        "almost_equal": count.unaccounted,
        "balance_before": expected.balance_before,
        "balance_now": history.balance,
        "balance_says": witness,
    }
    return Settlement(event, state, _word(state, count, witness), evidence, history.balance)


def count_equal(event: Row[Any], history: History, confirmed: Sequence[datetime], confirmed_kin: int = 0) -> Count:
    """Count what is equal to the event; where the clock went back an hour may be either of two, so both count."""
    equal = [transaction for transaction in history.transactions if is_equal(transaction, event)]
    same = [transaction for transaction in equal if event.action_at in transaction.action_at_candidates]
    moments = {event.action_at}.union(*(transaction.action_at_candidates for transaction in same))
    left = [time for time in confirmed if time not in moments]
    unaccounted = 0
    for transaction in equal:
        if event.action_at in transaction.action_at_candidates:
            continue
        known = next((time for time in left if time in transaction.action_at_candidates), None)
        if known is None:
            unaccounted += 1
        else:
            left.remove(known)
    # What lies at the very same time and is told a little differently may be the event: its source or its sign.
    kin = [line for line in history.transactions if is_kin(line, event) and not is_equal(line, event)]
    same_time = sum(event.action_at in line.action_at_candidates for line in kin)
    unaccounted += max(0, same_time - confirmed_kin)
    return Count(len(same), sum(time in moments for time in confirmed), unaccounted)


def _ask_balance(event: Row[Any], before: int | None, now: int | None) -> str | None:
    """Return what the balance says; None where it was not known, or somebody else moved it."""
    if before is None or now is None:
        return None
    change = event.points if event.action == Action.EARNED else -event.points
    return {before + change: _LANDED, before: _DID_NOT}.get(now)


def _weigh(count: Count, witness: str | None) -> State:
    """Return posted, ready, or unknown where the witnesses do not agree or cannot tell."""
    new = count.counted - count.confirmed
    if new < 0:  # something that had landed is gone: nothing follows from such a history
        return State.UNKNOWN
    if new == 1:
        return State.UNKNOWN if witness == _DID_NOT else State.POSTED
    if new == 0 and not count.unaccounted:
        return State.UNKNOWN if witness == _LANDED else State.READY
    if new == 0 and witness == _DID_NOT:
        return State.READY
    return State.POSTED if witness == _LANDED else State.UNKNOWN


def _word(state: State, count: Count, witness: str | None) -> str:
    entries = "1 equal entry" if count.counted == 1 else f"{count.counted} equal entries"
    seen = f"read back: {entries}, {count.confirmed} confirmed before"
    if count.unaccounted:
        seen += f", {count.unaccounted} almost equal and nobody's"
    balance = f"; by the balance {witness}" if witness else ""
    ending = {State.POSTED: ", so it landed", State.READY: ", so it did not land"}
    return seen + balance + ending.get(state, "; a person has to decide")


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
    with ledger.begin() as connection:
        now = utc_now()
        settle(connection, settlements, run_id=run_id, now=now, again_at=now)
    return {settlement.event.event_id for settlement in settlements if settlement.state is State.UNKNOWN}
