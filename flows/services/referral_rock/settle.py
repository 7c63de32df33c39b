"""Read back what is in doubt at Referral Rock: an update sets values, so the reward itself answers."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from flows.runtime.errors import ServiceUnreachable
from flows.services.gateway import RecordSettlements
from flows.services.referral_rock.client import ReferralRockClient
from flows.services.referral_rock.values import differing_fields, is_kept_as, unreadable_value
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
    unreadable = unreadable_value(reward)
    if unreadable is not None:
        # Nobody can tell what it has, so nothing is decided.
        return Settlement(event, State.UNKNOWN, f"could not be read back: {unreadable}", {"failure": unreadable})
    differing = differing_fields(reward, event)
    evidence = {"differing": differing, "updateDate": reward.get("updateDate")}
    # The service took the update, answered with the reward as it keeps it, and shows it so ever since: it took effect,
    # and would come out the same however often it is sent. Without this it would be sent again every night.
    told = _told_by_answer(event)
    if differing and told is not None and is_kept_as(reward, told, event):
        reason = f"read back: the service took it, and keeps another {', '.join(differing)}"
        return Settlement(event, State.POSTED, reason, evidence)
    if differing:
        reason = f"read back: another {', '.join(differing)}, so it did not land"
        return Settlement(event, State.READY, reason, evidence)
    return Settlement(event, State.POSTED, "read back: the reward has these values", evidence)


def _told_by_answer(event: Row[Any]) -> Mapping[str, Any] | None:
    """Return the reward as the answer to the attempt in doubt showed it; None where no whole answer came."""
    if not event.was_answered or event.returned is None:
        return None
    told = json.loads(event.returned)
    return told if isinstance(told, dict) else None
