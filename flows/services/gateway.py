"""What the posting loop needs of a service, and the two that there are."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Row

from flows.runtime.clock import utc_now
from flows.services.http import Exchange, Pacer
from flows.services.mindbody.client import MindbodyClient
from flows.services.mindbody.messages import read_answer, request_body
from flows.services.referral_rock.client import ReferralRockClient
from flows.services.referral_rock.messages import Result, differing_fields, read_results
from flows.services.verdict import answered, verdict_of_transport
from sql.claims import Answer, Claim
from transforms.vocabulary import Target, Verdict

Ended = list[tuple[Claim, Answer]]


# Not the service's: an answer with this code says that the batch goes again in halves, without delay.
BATCH_REFUSED = "batch_refused"


class Gateway(Protocol):
    """One service, and one site of it where it has sites."""

    target: Target
    site_id: str  # "" where the service has no sites
    events_per_request: int
    calls_per_day: int | None

    def body(self, event: Row[Any]) -> bytes:
        """Return the event's part of the request body."""

    def batches(self, events: Sequence[Row[Any]]) -> list[list[Row[Any]]]:
        """Return the events as they may go together, a request each."""

    async def send(self, claims: Sequence[Claim]) -> Ended:
        """Send one request for these claims, once, and return what it proved about each of them."""

    async def reconnect(self) -> None:
        """Renew the credentials after a 401."""


class MindbodyGateway:
    """Posts one event a request, for one site."""

    target = Target.MINDBODY
    events_per_request = 1

    def __init__(self, client: MindbodyClient, pacer: Pacer, calls_per_day: int) -> None:
        self.site_id = client.site_id
        self.calls_per_day: int | None = calls_per_day
        self._client = client
        self._pacer = pacer
        self._refused_token: str | None = None

    def body(self, event: Row[Any]) -> bytes:
        """Return the request body."""
        return request_body(event)

    def batches(self, events: Sequence[Row[Any]]) -> list[list[Row[Any]]]:
        """Return each event alone."""
        return [[event] for event in events]

    async def send(self, claims: Sequence[Claim]) -> Ended:
        """Send the one event."""
        (claim,) = claims
        token = self._client.token
        exchange = await self._client.post(claim.body)
        answer = read_answer(exchange, claim.event, self._client.zone)
        if answer.verdict is Verdict.UNAUTHORIZED:
            self._refused_token = token
        _obey_retry_after(self._pacer, exchange)
        return [(claim, answer)]

    async def reconnect(self) -> None:
        """Get a new token, unless another request already did."""
        self._client.forget_token(self._refused_token)
        await self._client.connect(utc_now())


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
            size = 1 if event.goes_alone else self._size_limits.get(event.event_id, self.events_per_request)
            by_size.setdefault(size, []).append(event)
        return [
            together[start : start + size]
            for size, together in sorted(by_size.items())
            for start in range(0, len(together), size)
        ]

    async def send(self, claims: Sequence[Claim]) -> Ended:
        """Send the batch; where the service refuses it as a whole, its events are to go in halves."""
        exchange = await self._client.update([claim.event for claim in claims])
        _obey_retry_after(self._pacer, exchange)
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
        half = (len(claims) + 1) // 2
        self._size_limits |= {claim.event.event_id: half for claim in claims}
        said = next((result.message for result in results if result.message), "without a reason")
        message = f"refused with the whole batch of {len(claims)} ({said}): goes in halves"
        return [(claim, answered(Verdict.RETRY, exchange, message, code=BATCH_REFUSED)) for claim in claims]

    async def reconnect(self) -> None:
        """Check the keys again; `CredentialsRefused` where they are not taken."""
        await self._client.connect()


def _refused_as_a_whole(exchange: Exchange, results: Sequence[Result]) -> bool:
    is_one_refusal = len(results) == 1 and results[0].is_refusal and results[0].reward_id is None
    return exchange.status >= 400 or is_one_refusal


def _answer_of(claim: Claim, results: Sequence[Result], exchange: Exchange, *, is_alone: bool) -> Answer:
    mine = [result for result in results if result.reward_id == claim.event.reward_id.lower()]
    if not mine and is_alone and len(results) == 1:
        mine = list(results)  # nothing else can be meant
    if not mine:
        return answered(Verdict.UNKNOWN, exchange, "the answer does not mention the reward")
    return _read_result(claim, mine[-1], exchange)


def _read_result(claim: Claim, result: Result, exchange: Exchange) -> Answer:
    returned = result.as_json
    if result.is_refusal or exchange.status >= 400:
        return answered(Verdict.REFUSED, exchange, result.message or "refused without a reason", returned=returned)
    if result.reward is None or result.reward_id != claim.event.reward_id.lower():
        return answered(Verdict.UNKNOWN, exchange, "the answer does not hold the reward", returned=returned)
    differing = differing_fields(result.reward, claim.event)
    if not differing:
        return answered(Verdict.POSTED, exchange, "confirmed by the service", returned=returned)
    if result.message and not result.sounds_done:
        return answered(Verdict.REFUSED, exchange, result.message, returned=returned)
    message = f"the reward came back with another {', '.join(differing)}"
    return answered(Verdict.UNKNOWN, exchange, message, returned=returned)


def _obey_retry_after(pacer: Pacer, exchange: Exchange) -> None:
    if exchange.status in {429, 503} and exchange.retry_after_seconds is not None:
        pacer.pause(exchange.retry_after_seconds)
