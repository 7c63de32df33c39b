"""The posting loop: claim, commit, send, record, until nothing is left that may be sent.

One transaction both records the answers that came in and claims what goes out next, so an event costs one durable
write where several are in flight. Events of one client or reward go one at a time, in order of event time; the
ledger's heads of lanes see to that, not this loop.

The order is what makes ``kill -9`` harmless. Killed before the commit: nothing was claimed, and nothing has left.
Killed after it: the claim is in the ledger, whether its request left or not, and the next run reads it back before
anything else of that client goes out. There is no moment at which a request may have left and the ledger does not know.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.runtime.errors import (
    CouldNotRun,
    CredentialsRefused,
    Interrupted,
    LedgerUnavailable,
    ServiceUnreachable,
    WrongLedger,
)
from flows.runtime.garbage import collecting_less_often
from flows.runtime.interrupt import sleep_unless_stopped, stop_requested
from flows.services.gateway import BATCH_REFUSED, NOT_YET, Ended, Gateway
from flows.services.http import LONGEST_PAUSE_SECONDS, backoff_seconds
from flows.services.standing import Standing
from flows.services.verdict import FOREIGN_ANSWER
from flows.settings.sections import LoaderSettings
from sql.budget import take_calls
from sql.claims import Answer, Claim, ClaimConflict, claim, next_time, ready_heads, record_answers
from transforms.vocabulary import Verdict

# This process held the claim and knows that it sent nothing, so the event may be claimed again: a proof as good as a
# connection that was never made. It is given only by code that runs before the request is handed to the gateway.
_NEVER_SENT = Answer(Verdict.RETRY, "released before it was sent")
_SETTLED = {Verdict.POSTED, Verdict.REFUSED, Verdict.UNKNOWN}  # this loop has done what it can
_ACCEPTED = {Verdict.POSTED, Verdict.REFUSED}  # the service itself looked at the event
_IN_VAIN = {Verdict.RETRY, Verdict.UNKNOWN}
_MOST_FOREIGN = 3  # answers in a row that are not the service's own
# Of turns in which another process was faster each time; what is not claimed now comes up in a later one.
_CLAIM_TRIES = 5
_AHEAD_SECONDS = 0.1  # how long a commit may take
# Where a service takes thousands a second: a thousand or more in a turn, an event's share of whose work is a quarter of
# what it is with 16, and enough left to send while it commits. At the pace of real services it is one or two.
_MOST_EVENTS_AHEAD = 2048
_LOW_WATER = 0.3  # of what was claimed after the last turn: with less left it is time for the next
_GATHER_SECONDS = 0.15  # no answer waits longer to be recorded
_SAVE_TRIES = 3
# An event whose time is seconds ahead of the service's clock is waited for; one further off is left to the next run.
_LONGEST_WAIT_FOR_A_TIME = timedelta(seconds=60)
_A_MOMENT = 1.0
OnProgress = Callable[[int], None]
OnClaimed = Callable[[], None]  # called when claims are committed, and before anything of them is sent
Batch = Sequence[Claim]


class Posting:
    """Posts what is ready for one gateway, in the name of one run."""

    def __init__(
        self,
        ledger: Ledger,
        gateway: Gateway,
        standing: Standing,
        loader: LoaderSettings,
        run_id: str,
        on_progress: OnProgress,
        on_claimed: OnClaimed = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._standing = standing
        self._pacer = standing.pacer
        self._loader = loader
        self._run_id = run_id
        self._on_progress = on_progress
        self._on_claimed = on_claimed
        # The way of a request: claimed and not sent yet; how many are claimed and not ended; ended and not recorded.
        self._claimed: asyncio.Queue[Batch] = asyncio.Queue()
        self._busy = 0
        self._ended: Ended = []
        self._has_ended = asyncio.Event()
        self._low_water = 0
        self._runs_low = asyncio.Event()
        # What the answers said so far: requests of each event that did not end it, in all rounds of this run.
        self._tries = standing.tries
        self._failures_in_a_row = 0
        # Credentials: how often they were renewed, and the last claim that may have gone out with those of before.
        self._renewals = 0
        self._last_claim = 0
        self._claim_at_renewal: int | None = None
        # Why nothing more is claimed. What is in flight still ends, and is recorded.
        self._error: CouldNotRun | None = None
        self._is_budget_spent = False
        # Not even what is claimed may leave any more: what it would be recorded in is not what the next run opens.
        self._is_halted = False

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
            # They are idle by now, but after an error of ours: what is then canceled in flight stays claimed in the
            # ledger, and is read back once its lease is over.
            for worker in workers:
                worker.cancel()
        if self._error is not None:
            raise self._error

    async def _take_turns(self) -> None:
        ended: Ended = []
        while True:
            free_requests = self._free_requests(self._busy)
            if ended or free_requests:
                await self._take_turn(ended, free_requests)
                ended = []
            if self._busy or self._ended:
                ended = await self._gather()
                await self._learn(ended)
            elif not await self._rest():
                return

    async def _take_turn(self, ended: Ended, free_requests: int) -> None:
        """Record what ended and hand what is claimed to the workers, which see it only once it is committed."""
        try:
            batches = await asyncio.to_thread(self._record_and_claim, ended, free_requests)
        except LedgerUnavailable:
            await self._save_answers(ended)
            raise
        self._busy += len(batches)
        for batch in batches:
            self._claimed.put_nowait(batch)
        self._low_water = int(self._claimed.qsize() * _LOW_WATER)

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
        most_at_once = self._loader.concurrency + self._most_ahead()
        leave_in_time = self._pacer.turns_within(self._loader.timeout_seconds)
        # What was claimed ahead may be more than the pace lets out now: then nothing is free, never less than nothing.
        return max(0, min(most_at_once - busy, leave_in_time))

    def _most_ahead(self) -> int:
        """How many requests may be claimed ahead, to leave while the ledger commits.

        Few where the pace is slow: each of them is one to read back should this process die.
        """
        most_requests = _MOST_EVENTS_AHEAD // self._gateway.events_per_request
        return min(most_requests, self._pacer.turns_within(_AHEAD_SECONDS))

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
        """Wait for the service's pause, a turn, or an event's time to come; False where there is none to come."""
        has_turn = self._free_requests(0) > 0
        if self._error is not None or self._is_budget_spent:
            return False
        # A turn that nothing was claimed for has nothing to do, unless something waits for its time.
        if has_turn or not await asyncio.to_thread(self._has_work):
            return await self._wait_for_next_time()
        await sleep_unless_stopped(self._pacer.seconds_until_turn)
        return True

    async def _wait_for_next_time(self) -> bool:
        """Wait for the next event whose time the service's clock has not reached; False where that takes too long."""
        latest_at = self._gateway.latest_at()
        next_at = await asyncio.to_thread(self._next_time, latest_at)
        if next_at is None or next_at - latest_at > _LONGEST_WAIT_FOR_A_TIME:
            return False
        seconds = (next_at - latest_at).total_seconds()
        return await sleep_unless_stopped(seconds + _A_MOMENT)

    def _next_time(self, latest_at: datetime) -> datetime | None:
        with self._ledger.begin() as connection:
            return next_time(connection, self._gateway.target, self._gateway.site_id, latest_at)

    def _has_work(self) -> bool:
        with self._ledger.begin() as connection:
            return bool(self._ready_heads(connection, 1))

    def _record_and_claim(self, ended: Ended, free_requests: int) -> list[Batch]:
        """Record what ended and return what is claimed and committed; empty where other processes were faster."""
        for _ in range(_CLAIM_TRIES):
            try:
                batches = self._record_then_claim(ended, free_requests)
                self._tell_claimed(batches)
                return batches
            except ClaimConflict:
                # The calls that were taken for these claims were rolled back as well, and with them what they said of
                # the day's budget.
                self._is_budget_spent = False
                # The answers were rolled back with the claims. They are what happened, so they go in by themselves.
                self._record_then_claim(ended, free_requests=0)
                ended = []
        return []

    def _tell_claimed(self, batches: list[Batch]) -> None:
        """Let whoever keeps count outside of the ledger know what it holds by now; where that fails, send nothing."""
        try:
            if batches:
                self._on_claimed()
        except CouldNotRun as error:
            self._halt(error)

    def _halt(self, error: CouldNotRun) -> None:
        self._error = self._error or error
        self._is_halted = True

    def _record_then_claim(self, ended: Ended, free_requests: int) -> list[Batch]:
        with self._ledger.begin() as connection:
            # Taken once the ledger is ours: what waits for it is not recorded as of before.
            now = self._ledger.now()
            settle_at = now + timedelta(seconds=self._loader.settle_after_seconds)
            record_answers(connection, ended, run_id=self._run_id, now=now, settle_at=settle_at)
            return self._claim(connection, free_requests) if free_requests else []

    def _claim(self, connection: Connection, free_requests: int) -> list[Batch]:
        # Before anything else, so that the lease is never longer than it says.
        now = self._ledger.now()
        batches = self._next_batches(connection, free_requests)
        heads = [(event, self._gateway.body(event)) for batch in batches for event in batch]
        # Two time-outs: one to wait for a turn in this process, one for the request itself. After both no request of
        # this claim can still be under way from here.
        lease_until = now + timedelta(seconds=2 * self._loader.timeout_seconds)
        # The service may still be at work on it then, or not show it yet: reading back too early would find nothing,
        # and an event that did land would be sent twice.
        settle_at = lease_until + timedelta(seconds=self._loader.settle_after_seconds)
        claims = claim(connection, heads, run_id=self._run_id, now=now, lease_until=lease_until, settle_at=settle_at)
        self._last_claim = max([self._last_claim, *(one.attempt_id for one in claims)])
        left = iter(claims)
        return [list(islice(left, len(batch))) for batch in batches]

    def _next_batches(self, connection: Connection, free_requests: int) -> list[list[Row[Any]]]:
        """Return the events that go out next, a list a request, as far as the day's calls reach."""
        heads = self._ready_heads(connection, free_requests * self._gateway.events_per_request)
        batches = self._gateway.batches(heads)[:free_requests]
        granted_count = self._take_calls(connection, len(batches))
        return batches[:granted_count]

    def _ready_heads(self, connection: Connection, wanted: int) -> Sequence[Row[Any]]:
        """Return the heads of lanes but for those that were tried often enough in this run."""
        max_tries = self._loader.max_tries
        exhausted = {event_id for event_id, tries in self._tries.items() if tries >= max_tries}
        # They stay ready and may come first: without as many more they would leave nothing of the answer to the others.
        most = wanted + len(exhausted)
        heads = ready_heads(
            connection,
            target=self._gateway.target,
            site_id=self._gateway.site_id,
            limit=most,
            run_id=self._run_id,
            latest_at=self._gateway.latest_at(),
        )
        heads_left = [head for head in heads if head.event_id not in exhausted]
        return heads_left[:wanted]

    def _take_calls(self, connection: Connection, wanted: int) -> int:
        """Return how many of the requests the day's calls are enough for."""
        calls_per_day = self._gateway.calls_per_day
        if not wanted:
            return 0
        # Counted with the claim, before the request leaves: a crash may waste a call, and never makes one too many.
        granted = take_calls(connection, self._gateway.target, utc_now().date(), wanted, calls_per_day)
        self._is_budget_spent = granted < wanted
        return granted

    async def _send(self, claims: Batch) -> Ended:
        """Send within the lease, or not at all: past it another process may already be reading back."""
        last_at = claims[0].lease_until - timedelta(seconds=self._loader.timeout_seconds)
        seconds_left = (last_at - self._ledger.now()).total_seconds()
        has_turn = await self._pacer.wait(at_most_seconds=seconds_left)
        # The clock is read once more, since a machine may have slept for hours between the two lines above.
        is_over = self._ledger.now() > last_at
        if not has_turn or stop_requested.is_set() or is_over or not self._may_leave():
            return [(claim_, _NEVER_SENT) for claim_ in claims]
        # From here on the request may have left. Only the gateway can still prove that it did not; an error that comes
        # past it proves nothing, and the event is not sent again before reading back has decided.
        try:
            return await self._gateway.send(claims)
        except Exception as error:  # noqa: BLE001 - also a bug of ours must not make an event be sent twice
            broken = Answer(Verdict.UNKNOWN, f"the answer could not be understood ({type(error).__name__})")
            return [(claim_, broken) for claim_ in claims]

    def _may_leave(self) -> bool:
        """Look once more, just before a request leaves, that its claim stands where the next run will look."""
        try:
            self._ledger.check_file()
        except WrongLedger as error:
            self._halt(error)
        return not self._is_halted

    async def _learn(self, ended: Ended) -> None:
        """Count what the answers say about the service, and wait or give up accordingly."""
        # A batch that is to go again in halves is no failed try: it gets smaller each time, so it comes to an end.
        told = [(claim_, answer) for claim_, answer in ended if answer.code != BATCH_REFUSED]
        # What was released unsent counts as a try too: where that goes on, a claim and a call would be spent for ever.
        # So does what is in doubt: where reading back sets it back each time, it would be sent in every round.
        self._tries.update(claim_.event.event_id for claim_, answer in told if answer.verdict in _IN_VAIN)
        sent = [(claim_, answer) for claim_, answer in told if answer is not _NEVER_SENT]
        await self._mind_credentials(sent)
        answers = [answer for _, answer in sent]
        self._on_progress(sum(answer.verdict in _SETTLED for answer in answers))
        self._mind_foreign(answers)
        self._mind_failures(answers)

    async def _mind_credentials(self, sent: Ended) -> None:
        """Renew the credentials after a 401, once for all that were told so; a word about access ends the posting."""
        accepted = [claim_ for claim_, answer in sent if answer.verdict in _ACCEPTED]
        if any(self._is_claimed_since_renewal(claim_) for claim_ in accepted):
            self._claim_at_renewal = None
        unauthorized = [(claim_, answer) for claim_, answer in sent if answer.verdict is Verdict.UNAUTHORIZED]
        if not unauthorized or self._error is not None:
            return
        try:
            self._refuse_to_renew(unauthorized)
            # What was claimed before the renewal was refused with the old ones, and goes again with the new ones.
            if self._claim_at_renewal is None:
                self._claim_at_renewal = self._last_claim
                self._renewals += 1
                await self._gateway.reconnect()
        except CouldNotRun as error:
            # Raised by `run` when everything in flight is recorded: other requests are still under way.
            self._error = error

    def _is_claimed_since_renewal(self, claim_: Claim) -> bool:
        return self._claim_at_renewal is not None and claim_.attempt_id > self._claim_at_renewal

    def _refuse_to_renew(self, unauthorized: Ended) -> None:
        """Raise `CredentialsRefused` where other credentials of the same kind would not help."""
        target = self._gateway.target
        for claim_, answer in unauthorized:
            if answer.http_status != 401:
                raise CredentialsRefused(
                    f"{target} denies access ({answer.code or answer.http_status}: {answer.message}): check keys, "
                    "permissions and site, and run again. What was sent before is recorded."
                )
            # A renewal is a metered call, and this service takes none for long.
            if self._is_claimed_since_renewal(claim_) or self._renewals >= self._loader.max_tries:
                raise CredentialsRefused(
                    f"{target} refused the credentials twice ({answer.message}): check them and run again. What was "
                    "sent before is recorded."
                )

    def _mind_foreign(self, answers: Sequence[Answer]) -> None:
        """Stop where one answer after the other comes from something on the way, and not from the service.

        A firewall or a gateway that answers in its place would put every event of the night in doubt.
        """
        for answer in answers:
            if answer.code == FOREIGN_ANSWER:
                self._standing.foreign_in_a_row += 1
            elif answer.verdict in _ACCEPTED or answer.code is not None:
                self._standing.foreign_in_a_row = 0
            if self._standing.foreign_in_a_row >= _MOST_FOREIGN and self._error is None:
                self._error = ServiceUnreachable(
                    f"{self._gateway.target} gave {_MOST_FOREIGN} answers in a row that are not its own "
                    f"({answer.message}): something on the way answers in its place. What is in doubt is read back; "
                    "see the network, and run again."
                )

    def _mind_failures(self, answers: Sequence[Answer]) -> None:
        """Slow down while nothing but failures comes back, and stop where that goes on."""
        # A time that the service's clock has not reached is no failure of the service; there is nothing to do but wait.
        if any(answer.code == NOT_YET for answer in answers):
            self._pacer.pause(_A_MOMENT)
        answers = [answer for answer in answers if answer.code != NOT_YET]
        if not answers:
            return
        failures = [answer for answer in answers if answer.verdict in {Verdict.RETRY, Verdict.UNKNOWN}]
        # One answer that makes sense shows that the service is there, whatever became of the others.
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
        # A database that restarts is back within seconds: worth a few tries, since each answer that is kept spares its
        # event the wait and the call of reading back.
        for tries in range(1, _SAVE_TRIES + 1):
            await sleep_unless_stopped(backoff_seconds(tries))
            try:
                await asyncio.to_thread(self._record_then_claim, ended, free_requests=0)
            except LedgerUnavailable:
                continue
            return
