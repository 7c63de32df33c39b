"""Read the rewards of Referral Rock before an update that was refused is sent again; nothing is ever sent from here.

What speaks against another try is decided in `transforms.settle.try_again`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from flows.runtime.errors import ServiceUnreachable
from flows.services.gateway import RecordSettlements
from flows.services.referral_rock.client import ReferralRockClient
from flows.services.referral_rock.values import differing_fields, settable_values, unreadable_value
from sql.settlements import Settlement
from transforms.settle.try_again import decide_another_try, edits_against
from transforms.vocabulary import State


async def read_before_another_try(
    client: ReferralRockClient, events: Sequence[Row[Any]], record: RecordSettlements
) -> None:
    """Read all rewards once and record whether each update may go; unknown where they could not be read."""
    if not events:
        return
    try:
        rewards = await client.fetch_rewards()
    except ServiceUnreachable as error:
        reason, evidence = f"could not be read: {error}", {"failure": str(error)}
        record([Settlement(event, State.UNKNOWN, reason, evidence) for event in events])
        return
    record([_decide(event, rewards.get(event.reward_id.lower())) for event in events])


def _decide(event: Row[Any], reward: Mapping[str, Any] | None) -> Settlement:
    """Return whether one update may go; a reward that is not there is for the service to refuse."""
    against = []
    unreadable = None if reward is None else unreadable_value(reward)
    if unreadable is not None:
        # Nobody can tell what it has, so it is not sent: it waits for a run that can look.
        return Settlement(event, State.UNKNOWN, f"could not be read: {unreadable}", {"failure": unreadable})
    if reward is not None:
        then = json.loads(event.refused_reward) if event.refused_reward else None
        against = edits_against(
            differing_fields(reward, event), settable_values(reward), None if then is None else settable_values(then)
        )
    shown_before = json.loads(event.shown_evidence) if event.shown_evidence else None
    another = decide_another_try(against, shown_before, {"updateDate": reward and reward.get("updateDate")})
    return Settlement(event, another.state, another.reason, another.evidence)
