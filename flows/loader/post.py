"""The posting loop: claim, commit, send, record, until nothing is left that may be sent.

One transaction both records the answers that came in and claims what goes out next, so an event costs one durable
write where several are in flight. Events of one client or reward go one at a time, in order of event time; the
ledger's heads of lanes see to that, not this loop.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from flows.clock import utc_now
from flows.errors import CredentialsRefused, Interrupted, ServiceUnreachable
from flows.interrupt import stop_requested
from flows.ledger import Ledger
from flows.loader.gateways import Ended, Gateway
from flows.loader.http import Pacer, backoff_seconds
from flows.settings import LoaderSettings
from sql.claims import Answer, Claim, claim, ready_heads, record_answers, take_calls
from transforms.vocabulary import Verdict

_STOP_POLL_SECONDS = 0.2
_NEVER_SENT = Answer(Verdict.RETRY, "released before it was sent")
_SETTLED = {Verdict.POSTED, Verdict.REFUSED}
OnProgress = Callable[[int], None]


class Posting:
    """Posts what is ready for one gateway, in the name of one run."""

    def __init__(
        self,
        ledger: Ledger,
        gateway: Gateway,
        pacer: Pacer,
        loader: LoaderSettings,
        run_id: str,
        on_progress: OnProgress,
    ) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._pacer = pacer
        self._loader = loader
        self._run_id = run_id
        self._on_progress = on_progress
        self._tries: Counter[str] = Counter()  # per event, of tries that did not take effect
        self._unauthorized: set[str] = set()
        self._failures_in_a_row = 0
        self._error: Exception | None = None
        self._is_budget_spent = False

    async def run(self) -> None:
        """Post until nothing is left; what may not be sent now stays ready.

        Raises `CredentialsRefused`, `ServiceUnreachable` or `Interrupted` after everything in flight is recorded.
        """
        in_flight: set[asyncio.Task[Ended]] = set()
        ended: Ended = []
        while True:
            claims = await asyncio.to_thread(self._record_and_claim, ended, self._free_requests(len(in_flight)))
            in_flight |= {asyncio.create_task(self._send(batch)) for batch in self._batches(claims)}
            if not in_flight and not self._has_quiet_time():
                break
            done, in_flight = await self._wait(in_flight)
            ended = [pair for task in done for pair in task.result()]
            await self._learn(ended)
        if self._error is not None:
            raise self._error

    def _has_quiet_time(self) -> bool:
        """Whether the loop only waits for the service's pause to end."""
        return self._error is None and not self._is_budget_spent and self._pacer.paused_seconds > 0

    async def _wait(
        self, in_flight: set[asyncio.Task[Ended]]
    ) -> tuple[set[asyncio.Task[Ended]], set[asyncio.Task[Ended]]]:
        if not in_flight:
            await asyncio.sleep(min(_STOP_POLL_SECONDS, self._pacer.paused_seconds))
            return set(), set()
        return await asyncio.wait(in_flight, return_when=asyncio.FIRST_COMPLETED)

    def _free_requests(self, busy: int) -> int:
        if stop_requested.is_set() and self._error is None:
            self._error = Interrupted("Stopped as asked: what was in flight is recorded, the rest waits. Run again.")
        if self._error is not None or self._is_budget_spent or self._pacer.paused_seconds > 0:
            return 0
        # No more claims than the pace lets out within one time-out, so that no claim outlives its lease in the queue.
        by_pace = math.ceil(self._loader.requests_per_second * self._loader.timeout_seconds)
        return max(0, min(self._loader.concurrency, by_pace) - busy)

    def _record_and_claim(self, ended: Ended, free_requests: int) -> list[Claim]:
        now = utc_now()
        settle_at = now + timedelta(seconds=self._loader.settle_after_seconds)
        with self._ledger.begin() as connection:
            record_answers(connection, ended, run_id=self._run_id, now=now, settle_at=settle_at)
            return self._claim(connection, free_requests * self._gateway.events_per_request, now)

    def _claim(self, connection: Connection, wanted: int, now: datetime) -> list[Claim]:
        if not wanted:
            return []
        exhausted = {event_id for event_id, tries in self._tries.items() if tries >= self._loader.max_tries}
        heads = ready_heads(connection, self._gateway.target, self._gateway.site_id, wanted + len(exhausted))
        heads = [head for head in heads if head.event_id not in exhausted][:wanted]
        heads = heads[: self._take_calls(connection, len(heads), now)]
        prints = [(head, self._gateway.fingerprint(head)) for head in heads]
        lease_until = now + timedelta(seconds=2 * self._loader.timeout_seconds)
        return claim(connection, prints, run_id=self._run_id, now=now, lease_until=lease_until)

    def _take_calls(self, connection: Connection, events_count: int, now: datetime) -> int:
        """Return how many of the events the day's calls are enough for."""
        calls_per_day = self._gateway.calls_per_day
        if calls_per_day is None or not events_count:
            return events_count
        size = self._gateway.events_per_request
        wanted = math.ceil(events_count / size)
        granted = take_calls(connection, self._gateway.target, now.date(), wanted, calls_per_day)
        self._is_budget_spent = granted < wanted
        return min(events_count, granted * size)

    def _batches(self, claims: Sequence[Claim]) -> list[Sequence[Claim]]:
        size = self._gateway.events_per_request
        together = [claim_ for claim_ in claims if not claim_.event.goes_alone]
        alone = [[claim_] for claim_ in claims if claim_.event.goes_alone]
        return [*alone, *(together[start : start + size] for start in range(0, len(together), size))]

    async def _send(self, claims: Sequence[Claim]) -> Ended:
        """Send within the lease, or not at all: past it another process may already be reading back."""
        left = (claims[0].lease_until - utc_now()).total_seconds() - self._loader.timeout_seconds
        if stop_requested.is_set() or not await self._pacer.wait(at_most_seconds=left):
            return [(claim_, _NEVER_SENT) for claim_ in claims]
        return await self._gateway.send(claims)

    async def _learn(self, ended: Ended) -> None:
        """Count what the answers say about the service, and wait or give up accordingly."""
        sent = [(claim_, answer) for claim_, answer in ended if answer is not _NEVER_SENT]
        for claim_, answer in sent:
            if answer.verdict is Verdict.RETRY:
                self._tries[claim_.event.event_id] += 1
            elif answer.verdict is Verdict.UNAUTHORIZED:
                await self._renew(claim_, answer)
        self._on_progress(sum(answer.verdict in {*_SETTLED, Verdict.UNKNOWN} for _, answer in sent))
        self._mind_failures([answer for _, answer in sent])

    async def _renew(self, claim_: Claim, answer: Answer) -> None:
        """Get new credentials once per event; a second refusal ends the posting."""
        try:
            if claim_.event.event_id in self._unauthorized:
                raise CredentialsRefused(
                    f"{self._gateway.target} refused the credentials twice ({answer.message}): check them and run "
                    "again. What was sent before is recorded."
                )
            self._unauthorized.add(claim_.event.event_id)
            await self._gateway.reconnect()
        except (CredentialsRefused, ServiceUnreachable) as error:
            self._error = error

    def _mind_failures(self, answers: Sequence[Answer]) -> None:
        """Slow down while nothing but failures comes back, and stop where that goes on."""
        failures = [answer for answer in answers if answer.verdict in {Verdict.RETRY, Verdict.UNKNOWN}]
        if not answers:
            return
        if len(failures) < len(answers):
            self._failures_in_a_row = 0
            return
        self._failures_in_a_row += 1
        self._pacer.pause(backoff_seconds(self._failures_in_a_row))
        if self._failures_in_a_row >= self._loader.max_tries and self._error is None:
            self._error = ServiceUnreachable(
                f"{self._gateway.target} failed {self._failures_in_a_row} times in a row ({failures[0].message}). "
                "Nothing was lost; run again later."
            )
