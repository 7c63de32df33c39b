"""Read all rewards once, and keep what their values prove of the updates that are to be made out."""

import asyncio
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from flows.ledger.run import Run
from flows.recovery.clients import said_of
from flows.runtime.clock import utc_now
from flows.services.referral_rock.connect import open_referral_rock
from flows.services.referral_rock.values import differing_fields
from sql.recovery import record_proofs, recovering_events, recovering_rewards
from transforms.recover.rewards import LostUpdate, prove_reward
from transforms.vocabulary import How

_AT_ONCE = 500

_Reward = Mapping[str, Any]


def read_rewards(run: Run) -> None:
    """Hold every reward with something to make out against what it is now; raises as `open_referral_rock` does."""
    rewards = asyncio.run(_fetch(run))
    after_lane = ""
    while lanes := _next_lanes(run, after_lane):
        for lane in lanes:
            _keep(run, lane, rewards)
        after_lane = lanes[-1]


async def _fetch(run: Run) -> Mapping[str, _Reward]:
    async with open_referral_rock(run.settings, run.ledger) as client:
        return await client.fetch_rewards()


def _next_lanes(run: Run, after_lane: str) -> list[str]:
    with run.ledger.begin() as connection:
        return recovering_rewards(connection, after_lane, _AT_ONCE)


def _keep(run: Run, lane: str, rewards: Mapping[str, _Reward]) -> None:
    now = utc_now()
    with run.ledger.begin() as connection:
        events = recovering_events(connection, lane)
        reward = rewards.get(events[0].reward_id.lower())
        updates = [_update(event, reward) for event in events]
        evidence = {"read_at": now.isoformat(), "updateDate": reward and reward.get("updateDate")}
        # The one in force takes the last place in the reward's history, also where a snapshot knows others as posted.
        proofs = sorted(prove_reward(updates, evidence), key=lambda proof: proof.how is How.SERVICE)
        record_proofs(connection, events, proofs, run_id=run.run_id, now=now)


def _update(event: Row[Any], reward: _Reward | None) -> LostUpdate:
    differing = None if reward is None else differing_fields(reward, event)
    return LostUpdate(event.event_id, differing, said_of(event))
