"""Post to one Mindbody site: one event a request."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from flows.runtime.clock import utc_now
from flows.services.gateway import Ended, obey_retry_after
from flows.services.mindbody.client import MindbodyClient
from flows.services.mindbody.messages import read_answer, request_body
from flows.services.pace import Pacer
from sql.claims import ANY_TIME, Claim
from transforms.vocabulary import Target, Verdict


class MindbodyGateway:
    """Posts one event a request, for one site."""

    target = Target.MINDBODY
    events_per_request = 1

    def __init__(self, client: MindbodyClient, pacer: Pacer, calls_per_day: int) -> None:
        self.site_id = client.site_id
        self.calls_per_day = calls_per_day
        self._client = client
        self._pacer = pacer
        self._refused_token: str | None = None

    def body(self, event: Row[Any]) -> bytes:
        """Return the request body."""
        return request_body(event)

    def batches(self, events: Sequence[Row[Any]]) -> list[list[Row[Any]]]:
        """Return each event alone."""
        return [[event] for event in events]

    def latest_at(self) -> datetime:
        """Return the earliest that the service's clock can show now."""
        return self._client.clock.earliest_now() or ANY_TIME

    async def send(self, claims: Sequence[Claim]) -> Ended:
        """Send the one event."""
        (claim,) = claims
        # The answer may come after another request has renewed the token: then it is the old one that was refused, and
        # the new one must not be thrown away for it.
        token = self._client.token
        exchange = await self._client.post(claim.body)
        answer = read_answer(exchange, claim.event, self._client.zone)
        if answer.verdict is Verdict.UNAUTHORIZED:
            self._refused_token = token
        obey_retry_after(self._pacer, exchange)
        return [(claim, answer)]

    async def reconnect(self) -> None:
        """Get a new token, unless another request already did."""
        self._client.forget_token(self._refused_token)
        await self._client.connect(utc_now())
