"""Read back what is in doubt at Referral Rock: an update sets values, so the reward itself answers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from flows.runtime.errors import ServiceUnreachable
from flows.services.gateway import RecordSettlements
from flows.services.referral_rock.client import ReferralRockClient
from flows.services.referral_rock.messages import differing_fields
from sql.settlements import Settlement
from transforms.identity.reward_ids import without_case
from transforms.vocabulary import State


async def read_doubtful(client: ReferralRockClient, events: Sequence[Row[Any]], record: RecordSettlements) -> None:
    """Read all rewards once and record what they prove about each update.

    `ServiceUnreachable` where they cannot be read, after that is recorded: nothing is decided then.
    """
    if not events:
        return
    try:
        rewards = await client.fetch_rewards()
    except ServiceUnreachable as error:
        reason, evidence = f"could not be read back: {error}", {"failure": str(error)}
        record([Settlement(event, State.UNKNOWN, reason, evidence) for event in events])
        # All rewards come in one sweep, so it is the service that could not be read, and no reward by itself.
        raise
    record([decide_update(event, rewards.get(without_case(event.reward_id))) for event in events])


def decide_update(event: Row[Any], reward: dict[str, Any] | None) -> Settlement:
    """Return what the reward as it stands proves about one doubtful update."""
    if reward is None:
        reason = "read back: there is no such reward, so it did not land"
        return Settlement(event, State.READY, reason, {"reward": None})
    differing = differing_fields(reward, event)
    evidence = {"differing": differing, "updateDate": reward.get("updateDate")}
    if differing:
        reason = f"read back: another {', '.join(differing)}, so it did not land"
        return Settlement(event, State.READY, reason, evidence)
    return Settlement(event, State.POSTED, "read back: the reward has these values", evidence)
