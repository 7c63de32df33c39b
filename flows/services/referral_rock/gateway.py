"""Post to Referral Rock: many updates a request, and what its answer proves about each of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from flows.services.calls import WITHOUT_LIMIT
from flows.services.gateway import BATCH_REFUSED, Ended, obey_retry_after
from flows.services.http import Exchange
from flows.services.pace import Pacer
from flows.services.referral_rock.answers import Result, own_error, read_results
from flows.services.referral_rock.client import ReferralRockClient
from flows.services.referral_rock.values import differing_fields
from flows.services.verdict import (
    FOREIGN_ANSWER,
    access_denied,
    answered,
    foreign,
    looks_like_a_page,
    verdict_of_transport,
)
from sql.claims import ANY_TIME, Answer, Claim
from transforms.identity.reward_ids import without_case
from transforms.vocabulary import Target, Verdict

# These speak of how or where a request was sent, and of no reward: every other one would be turned away as well.
_ABOUT_THE_REQUEST = {405, 406, 411, 414, 415, 426, 431}


class ReferralRockGateway:
    """Posts many updates a request; one that is refused as a whole is halved until the bad row stands alone."""

    target = Target.REFERRAL_ROCK
    site_id = ""
    calls_per_day = WITHOUT_LIMIT  # counted all the same

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

    def latest_at(self) -> datetime:
        """Return that updates have no time that could lie in the future."""
        return ANY_TIME

    async def send(self, claims: Sequence[Claim]) -> Ended:
        """Send the batch; where the service refuses it as a whole, its events are to go in halves."""
        exchange = await self._client.update([claim.event for claim in claims])
        obey_retry_after(self._pacer, exchange)
        # From what proves least to what proves most: nothing is concluded about a reward from an answer that may be
        # another program's, or of which a part is missing.
        from_transport = verdict_of_transport(exchange)
        if from_transport is not None:
            return [(claim, from_transport) for claim in claims]
        proves_nothing = _without_a_word_about_rewards(exchange, is_xml=self._client.is_xml)
        if proves_nothing is not None:
            return [(claim, proves_nothing) for claim in claims]
        results = read_results(exchange.body, is_xml=self._client.is_xml)
        if exchange.status >= 400:
            return self._refuse(claims, exchange, results or [])
        if results is None:
            return [(claim, _broken(exchange)) for claim in claims]
        if len(claims) > 1 and _refused_as_a_whole(results):
            return self._halve(claims, exchange, _reason_of(results))
        return [(claim, _answer_of(claim, results, exchange, is_alone=len(claims) == 1)) for claim in claims]

    def _refuse(self, claims: Sequence[Claim], exchange: Exchange, results: Sequence[Result]) -> Ended:
        """Take the service's no to a request as a whole: of several updates it says it again, of smaller batches."""
        error = own_error(exchange.body, is_xml=self._client.is_xml)
        reason = _reason_of(results) or (error.message if error else "")
        if len(claims) > 1:
            return self._halve(claims, exchange, reason)
        returned = results[0].as_json if len(results) == 1 else None
        refused = answered(Verdict.REFUSED, exchange, reason or "refused without a reason", returned=returned)
        return [(claim, refused) for claim in claims]

    def _halve(self, claims: Sequence[Claim], exchange: Exchange, reason: str) -> Ended:
        """Give the events back, to go in batches half as large: every request has a claim and a turn of its own."""
        # One bad row makes the service refuse all that came with it. After seven rounds it stands alone among a hundred
        # and is refused by itself, while the others go through.
        half = (len(claims) + 1) // 2
        self._size_limits |= {claim.event.event_id: half for claim in claims}
        message = f"refused with the whole batch of {len(claims)} ({reason or 'without a reason'}): goes in halves"
        # The service said that it did nothing, so going again is safe.
        refused = answered(Verdict.RETRY, exchange, message, code=BATCH_REFUSED)
        return [(claim, refused) for claim in claims]

    async def reconnect(self) -> None:
        """Check the keys again; `CredentialsRefused` where they are not taken."""
        await self._client.connect()


# An answer with a status of 400 and more, as far as no reward's own values decide:
#
#     whose body                                      so it is
#     not the service's own (a page, a gateway's)     unknown
#     its own, 403                                    ready, and nothing more is sent there: it denies access
#     its own, about how or where it was sent         unknown: it is no word about a reward
#     its own, "An error has occurred."               unknown: before the work was done, or after it
#     its own, any other                              refused; a batch goes in halves until the bad one stands alone
def _without_a_word_about_rewards(exchange: Exchange, *, is_xml: bool) -> Answer | None:
    """Return what follows from an answer that says nothing of any reward; None where it does."""
    if exchange.status < 400:
        return None
    error = own_error(exchange.body, is_xml=is_xml)
    # A list of results is the service's as well; it has a reward or a status in every item.
    if error is None:
        return None if read_results(exchange.body, is_xml=is_xml) and _is_list(exchange.body) else foreign(exchange)
    if exchange.status == 403:
        return access_denied(exchange, error.message)
    if exchange.status in _ABOUT_THE_REQUEST or error.is_about_address:
        message = f"the service does not take the request as it was sent ({exchange.status}): {error.message}"
        return answered(Verdict.UNKNOWN, exchange, message, code=FOREIGN_ANSWER)
    if error.is_silent:
        return answered(Verdict.UNKNOWN, exchange, error.message or "the service names no reason")
    return None


def _is_list(body: bytes) -> bool:
    start = body.lstrip()
    return start.startswith((b"[", b"<ArrayOf")) or b"<ArrayOf" in start[:200]


def _broken(exchange: Exchange) -> Answer:
    if looks_like_a_page(exchange.body):
        return foreign(exchange)
    return answered(Verdict.UNKNOWN, exchange, "the answer is broken or of an unknown shape")


def _reason_of(results: Sequence[Result]) -> str:
    return next((result.message for result in results if result.message), "")


def _refused_as_a_whole(results: Sequence[Result]) -> bool:
    return len(results) == 1 and results[0].is_refusal and results[0].reward_id is None


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
    if result.is_refusal:
        return answered(Verdict.REFUSED, exchange, result.message or "refused without a reason", returned=returned)
    if result.reward is None or result.reward_id != without_case(claim.event.reward_id):
        return answered(Verdict.UNKNOWN, exchange, "the answer does not hold the reward", returned=returned)
    # The values are the proof, not the words: the documentation does not say what a success reads like.
    differing = differing_fields(result.reward, claim.event)
    if not differing:
        return answered(Verdict.POSTED, exchange, "confirmed by the service", returned=returned)
    if result.says_no:
        return answered(Verdict.REFUSED, exchange, result.message, returned=returned)
    named = ", ".join(differing)
    # It says that it was done, and keeps a value otherwise: rounded, trimmed, moved to another day. It took effect, and
    # sending it again would change nothing, so it is not in doubt; matching opens a break that shows both values.
    if result.sounds_done:
        return answered(
            Verdict.POSTED, exchange, f"confirmed by the service, which keeps another {named}", returned=returned
        )
    # It says nothing: what it keeps is read back, once it had its time.
    message = f"the reward came back with another {named}"
    return answered(Verdict.UNKNOWN, exchange, message, returned=returned)
