"""The posting loop: claim, commit, send, record, until nothing is left that may be sent.

One transaction both records the answers that came in and claims what goes out next, so an event costs one durable
write where several are in flight. Events of one client or reward go one at a time, in order of event time; the
ledger's heads of lanes see to that, not this loop.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, CredentialsRefused, Interrupted, LedgerUnavailable, ServiceUnreachable
from flows.runtime.garbage import collecting_less_often
from flows.runtime.interrupt import sleep_unless_stopped, stop_requested
from flows.services.gateway import BATCH_REFUSED, Ended, Gateway
from flows.services.http import LONGEST_PAUSE_SECONDS, Pacer, backoff_seconds
from flows.settings.sections import LoaderSettings
from sql.budget import take_calls
from sql.claims import Answer, Claim, ClaimConflict, claim, ready_heads, record_answers
from transforms.vocabulary import Verdict

_NEVER_SENT = Answer(Verdict.RETRY, "released before it was sent")
_SETTLED = {Verdict.POSTED, Verdict.REFUSED, Verdict.UNKNOWN}  # this loop has done what it can
_CLAIM_TRIES = 5
_AHEAD_SECONDS = 0.1  # how long a commit may take
# Where a service takes thousands a second: a thousand or more in a turn, an event's share of whose work is a quarter of
# what it is with 16, and enough left to send while it commits. At the pace of real services it is one or two.
_MOST_EVENTS_AHEAD = 2048
_LOW_WATER = 0.3  # of what was claimed after the last turn: with less left it is time for the next
_GATHER_SECONDS = 0.15  # no answer waits longer to be recorded
_SAVE_TRIES = 3
OnProgress = Callable[[int], None]
Batch = Sequence[Claim]


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
        self._claimed: asyncio.Queue[Batch] = asyncio.Queue()  # and not sent yet
        self._low_water = 0
        self._runs_low = asyncio.Event()
        self._busy = 0  # requests that are claimed and have not ended
        self._ended: Ended = []  # and not recorded yet
        self._has_ended = asyncio.Event()
        self._tries: Counter[str] = Counter()  # per event, of tries that did not take effect
        self._unauthorized: set[str] = set()
        self._failures_in_a_row = 0
        self._error: CouldNotRun | None = None
        self._is_budget_spent = False

    async def run(self) -> None:
        """Post until nothing is left; what may not be sent now stays ready.

        Raises `CredentialsRefused`, `ServiceUnreachable`, `BudgetSpent` or `Interrupted` after everything in flight is
        recorded, and `LedgerUnavailable` after trying to.
        """
        workers = [asyncio.create_task(self._work()) for _ in range(self._loader.concurrency)]
        try:
            with collecting_less_often():
                await self._take_turns()
        finally:
            for worker in workers:  # idle by now
                worker.cancel()
        if self._error is not None:
            raise self._error

    async def _take_turns(self) -> None:
        ended: Ended = []
        while True:
            free = self._free_requests(self._busy)
            if ended or free:
                try:
                    batches = await asyncio.to_thread(self._record_and_claim, ended, free)
                except LedgerUnavailable:
                    await self._save_answers(ended)
                    raise
                self._busy += len(batches)
                for batch in batches:
                    self._claimed.put_nowait(batch)
                self._low_water = int(self._claimed.qsize() * _LOW_WATER)
                ended = []
            if self._busy or self._ended:
                ended = await self._gather()
                await self._learn(ended)
            elif not await self._rest():
                return

    async def _work(self) -> None:
        """Send what is claimed, one request after the other."""
        while True:
            batch = await self._claimed.get()
            if self._claimed.qsize() <= self._low_water:
                self._runs_low.set()
            ended = await self._send(batch)
            self._ended.extend(ended)
            self._busy -= 1
            self._has_ended.set()

    async def _gather(self) -> Ended:
        """Return the answers that came in; while there is enough left to send, wait a little for more of them.

        A turn costs one durable commit and writes the pages that it touches once, however many events it moves.
        """
        await self._has_ended.wait()
        if self._claimed.qsize() > self._low_water:
            self._runs_low.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._runs_low.wait(), _GATHER_SECONDS)
        self._has_ended.clear()
        ended, self._ended = self._ended, []
        return ended

    def _free_requests(self, busy: int) -> int:
        """How many requests may be claimed now: no more than leave within a time-out, so that no lease ends in wait."""
        self._note_reasons_to_stop()
        if self._error is not None or self._is_budget_spent:
            return 0
        # What was claimed ahead may be more than the pace lets out now: then nothing is free, never less than nothing.
        most = self._loader.concurrency + self._most_ahead()
        return max(0, min(most - busy, self._pacer.turns_within(self._loader.timeout_seconds)))

    def _most_ahead(self) -> int:
        """How many requests may be claimed ahead, to leave while the ledger commits.

        Few where the pace is slow: each of them is one to read back should this process die.
        """
        return min(_MOST_EVENTS_AHEAD // self._gateway.events_per_request, self._pacer.turns_within(_AHEAD_SECONDS))

    def _note_reasons_to_stop(self) -> None:
        if self._error is not None:
            return
        if stop_requested.is_set():
            self._error = Interrupted("Stopped as asked: what was in flight is recorded, the rest waits. Run again.")
        elif self._pacer.paused_seconds > LONGEST_PAUSE_SECONDS:
            self._error = ServiceUnreachable(
                f"{self._gateway.target} asks for {self._pacer.paused_seconds:.0f} seconds of quiet. Nothing was lost; "
                "run again after that."
            )

    async def _rest(self) -> bool:
        """Wait for the service's pause, or the next turn, to come; False where nothing is left to wait for."""
        if self._free_requests(0) or self._error is not None or self._is_budget_spent:
            return False
        if not await asyncio.to_thread(self._has_work):
            return False
        await sleep_unless_stopped(self._pacer.seconds_until_turn)
        return True

    def _has_work(self) -> bool:
        with self._ledger.begin() as connection:
            return bool(self._ready_heads(connection, 1))

    def _record_and_claim(self, ended: Ended, free_requests: int) -> list[Batch]:
        for _ in range(_CLAIM_TRIES):
            try:
                return self._turn(ended, free_requests)
            except ClaimConflict:  # another process took one of them: the answers are kept all the same
                self._turn(ended, 0)
                ended = []
        return []

    def _turn(self, ended: Ended, free_requests: int) -> list[Batch]:
        with self._ledger.begin() as connection:
            now = utc_now()  # once the ledger is ours: what waits for it is not recorded as of before
            settle_at = now + timedelta(seconds=self._loader.settle_after_seconds)
            record_answers(connection, ended, run_id=self._run_id, now=now, settle_at=settle_at)
            return self._claim(connection, free_requests) if free_requests else []

    def _claim(self, connection: Connection, free_requests: int) -> list[Batch]:
        now = utc_now()
        heads = self._ready_heads(connection, free_requests * self._gateway.events_per_request)
        batches = self._gateway.batches(heads)[:free_requests]
        batches = batches[: self._take_calls(connection, len(batches))]
        bodies = [(event, self._gateway.body(event)) for batch in batches for event in batch]
        lease_until = now + timedelta(seconds=2 * self._loader.timeout_seconds)
        settle_at = lease_until + timedelta(seconds=self._loader.settle_after_seconds)
        claims = claim(connection, bodies, run_id=self._run_id, now=now, lease_until=lease_until, settle_at=settle_at)
        left = iter(claims)
        return [list(islice(left, len(batch))) for batch in batches]

    def _ready_heads(self, connection: Connection, wanted: int) -> Sequence[Row[Any]]:
        """Return the heads of lanes but for those that were tried often enough in this run."""
        exhausted = {event_id for event_id, tries in self._tries.items() if tries >= self._loader.max_tries}
        heads = ready_heads(connection, self._gateway.target, self._gateway.site_id, wanted + len(exhausted))
        return [head for head in heads if head.event_id not in exhausted][:wanted]

    def _take_calls(self, connection: Connection, wanted: int) -> int:
        """Return how many of the requests the day's calls are enough for."""
        calls_per_day = self._gateway.calls_per_day
        if calls_per_day is None or not wanted:
            return wanted
        granted = take_calls(connection, self._gateway.target, utc_now().date(), wanted, calls_per_day)
        self._is_budget_spent = granted < wanted
        return granted

    async def _send(self, claims: Batch) -> Ended:
        """Send within the lease, or not at all: past it another process may already be reading back."""
        last_at = claims[0].lease_until - timedelta(seconds=self._loader.timeout_seconds)
        has_turn = await self._pacer.wait(at_most_seconds=(last_at - utc_now()).total_seconds())
        if not has_turn or stop_requested.is_set() or utc_now() > last_at:
            return [(claim_, _NEVER_SENT) for claim_ in claims]
        try:
            return await self._gateway.send(claims)
        except Exception as error:  # noqa: BLE001 - whatever broke, the request may have left: reading back decides
            broken = Answer(Verdict.UNKNOWN, f"the answer could not be understood ({type(error).__name__})")
            return [(claim_, broken) for claim_ in claims]

    async def _learn(self, ended: Ended) -> None:
        """Count what the answers say about the service, and wait or give up accordingly."""
        ended = [(claim_, answer) for claim_, answer in ended if answer.code != BATCH_REFUSED]
        # What was released unsent counts as a try too: where that goes on, a claim and a call would be spent for ever.
        self._tries.update(claim_.event.event_id for claim_, answer in ended if answer.verdict is Verdict.RETRY)
        sent = [(claim_, answer) for claim_, answer in ended if answer is not _NEVER_SENT]
        refused = [(claim_, answer) for claim_, answer in sent if answer.verdict is Verdict.UNAUTHORIZED]
        if refused:
            await self._renew({claim_.event.event_id for claim_, _ in refused}, refused[0][1])
        self._on_progress(sum(answer.verdict in _SETTLED for _, answer in sent))
        self._mind_failures([answer for _, answer in sent])

    async def _renew(self, event_ids: set[str], answer: Answer) -> None:
        """Get new credentials once per event; a second refusal ends the posting."""
        try:
            if event_ids & self._unauthorized:
                raise CredentialsRefused(
                    f"{self._gateway.target} refused the credentials twice ({answer.message}): check them and run "
                    "again. What was sent before is recorded."
                )
            self._unauthorized |= event_ids
            await self._gateway.reconnect()
        except CouldNotRun as error:  # told when everything in flight is recorded
            self._error = self._error or error

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

    async def _save_answers(self, ended: Ended) -> None:
        """Let what is in flight end and try to record it, in case the ledger is back by then.

        Where it is not, nothing is lost: the events are read back by a later run.
        """
        while self._busy or self._ended:
            ended = ended + await self._gather()
        for tries in range(1, _SAVE_TRIES + 1):
            await sleep_unless_stopped(backoff_seconds(tries))
            try:
                await asyncio.to_thread(self._turn, ended, 0)
            except LedgerUnavailable:
                continue
            return
