"""Post to Referral Rock: many updates a request, and what its answer proves about each of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from flows.services.gateway import BATCH_REFUSED, Ended, obey_retry_after
from flows.services.http import Exchange, Pacer
from flows.services.referral_rock.client import ReferralRockClient
from flows.services.referral_rock.messages import Result, differing_fields, read_results
from flows.services.verdict import answered, verdict_of_transport
from sql.claims import Answer, Claim
from transforms.identity.reward_ids import without_case
from transforms.vocabulary import Target, Verdict


class ReferralRockGateway:
    """Posts many updates a request; one that is refused as a whole is halved until the bad row stands alone."""

    target = Target.REFERRAL_ROCK
    site_id = ""
    calls_per_day: int | None = None

    def __init__(self, client: ReferralRockClient, pacer: Pacer, batch_size: int) -> None:
        self.events_per_request = batch_size
        self._size_limits: dict[str, int] = {}  # by event id, of those whose batch was refused as a whole
        self._client = client
        self._pacer = pacer

    def body(self, event: Row[Any]) -> bytes:
        """Return the event as a batch of its own."""
        return self._client.body([event])

    def batches(self, events: Sequence[Row[Any]]) -> list[list[Row[Any]]]:
        """Return batches of the size that each event may still go in; what an answer did not mention goes alone."""
        by_size: dict[int, list[Row[Any]]] = {}
        for event in events:
            by_size.setdefault(self._size_limit(event), []).append(event)
        batches: list[list[Row[Any]]] = []
        for size, together in sorted(by_size.items()):
            batches += [together[start : start + size] for start in range(0, len(together), size)]
        return batches

    def _size_limit(self, event: Row[Any]) -> int:
        if event.goes_alone:
            return 1
        return self._size_limits.get(event.event_id, self.events_per_request)

    async def send(self, claims: Sequence[Claim]) -> Ended:
        """Send the batch; where the service refuses it as a whole, its events are to go in halves."""
        exchange = await self._client.update([claim.event for claim in claims])
        obey_retry_after(self._pacer, exchange)
        from_transport = verdict_of_transport(exchange)
        if from_transport is not None:
            return [(claim, from_transport) for claim in claims]
        results = read_results(exchange.body, is_xml=self._client.is_xml)
        if results is None:
            broken = answered(Verdict.UNKNOWN, exchange, "the answer is broken or of an unknown shape")
            return [(claim, broken) for claim in claims]
        if len(claims) > 1 and _refused_as_a_whole(exchange, results):
            return self._halve(claims, exchange, results)
        return [(claim, _answer_of(claim, results, exchange, is_alone=len(claims) == 1)) for claim in claims]

    def _halve(self, claims: Sequence[Claim], exchange: Exchange, results: Sequence[Result]) -> Ended:
        """Give the events back, to go in batches half as large: every request has a claim and a turn of its own."""
        # One bad row makes the service refuse all that came with it. After seven rounds it stands alone among a hundred
        # and is refused by itself, while the others go through.
        half = (len(claims) + 1) // 2
        self._size_limits |= {claim.event.event_id: half for claim in claims}
        reasons = [result.message for result in results if result.message]
        reason = reasons[0] if reasons else "without a reason"
        message = f"refused with the whole batch of {len(claims)} ({reason}): goes in halves"
        # The service said that it did nothing, so going again is safe.
        refused = answered(Verdict.RETRY, exchange, message, code=BATCH_REFUSED)
        return [(claim, refused) for claim in claims]

    async def reconnect(self) -> None:
        """Check the keys again; `CredentialsRefused` where they are not taken."""
        await self._client.connect()


def _refused_as_a_whole(exchange: Exchange, results: Sequence[Result]) -> bool:
    is_one_refusal = len(results) == 1 and results[0].is_refusal and results[0].reward_id is None
    return exchange.status >= 400 or is_one_refusal


def _answer_of(claim: Claim, results: Sequence[Result], exchange: Exchange, *, is_alone: bool) -> Answer:
    mine = [result for result in results if result.reward_id == without_case(claim.event.reward_id)]
    # One update was sent and one result came: nothing else can be meant, also where a refusal names no reward.
    if not mine and is_alone and len(results) == 1:
        mine = list(results)
    if not mine:
        return answered(Verdict.UNKNOWN, exchange, "the answer does not mention the reward")
    return _read_result(claim, mine[-1], exchange)


def _read_result(claim: Claim, result: Result, exchange: Exchange) -> Answer:
    returned = result.as_json
    if result.is_refusal or exchange.status >= 400:
        return answered(Verdict.REFUSED, exchange, result.message or "refused without a reason", returned=returned)
    if result.reward is None or result.reward_id != without_case(claim.event.reward_id):
        return answered(Verdict.UNKNOWN, exchange, "the answer does not hold the reward", returned=returned)
    # The values are the proof, not the words: the documentation does not say what a success reads like.
    differing = differing_fields(result.reward, claim.event)
    if not differing:
        return answered(Verdict.POSTED, exchange, "confirmed by the service", returned=returned)
    if result.message and not result.sounds_done:
        return answered(Verdict.REFUSED, exchange, result.message, returned=returned)
    message = f"the reward came back with another {', '.join(differing)}"
    return answered(Verdict.UNKNOWN, exchange, message, returned=returned)
