"""The posting loop: claim, commit, send, record, until nothing is left that may be sent.

One transaction both records the answers that came in and claims what goes out next, so an event costs one durable
write where several are in flight. Events of one client or reward go one at a time, in order of event time; the
ledger's heads of lanes see to that, not this loop.

The order is what makes ``kill -9`` harmless. Killed before the commit: nothing was claimed, and nothing has left.
Killed after it: the claim is in the ledger, whether its request left or not, and the next run reads it back before
anything else of that client goes out. There is no moment at which a request may have left and the ledger does not know.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from flows.ledger.connection import Ledger
from flows.loader.claims import Batch, Claims
from flows.loader.health import NEVER_SENT, Health
from flows.runtime.errors import CouldNotRun, LedgerUnavailable, WrongLedger
from flows.runtime.garbage import collecting_less_often
from flows.runtime.interrupt import is_stopping, sleep_unless_stopped
from flows.runtime.log import record
from flows.services.gateway import Ended, Gateway
from flows.services.pace import backoff_seconds
from flows.services.standing import Standing
from flows.settings.of_nights import LoaderSettings
from sql.claims import Answer
from transforms.vocabulary import Verdict

_SETTLED = {Verdict.POSTED, Verdict.REFUSED, Verdict.UNKNOWN}  # this loop has done what it can
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
        self._pacer = standing.pacer
        self._loader = loader
        self._claims = Claims(ledger, gateway, standing, loader, run_id)
        self._health = Health(gateway, standing, loader.max_tries)
        self._on_progress = on_progress
        self._on_claimed = on_claimed
        # The way of a request: claimed and not sent yet; how many are claimed and not ended; ended and not recorded.
        self._claimed: asyncio.Queue[Batch] = asyncio.Queue()
        self._busy = 0
        self._ended: Ended = []
        self._has_ended = asyncio.Event()
        self._low_water = 0
        self._runs_low = asyncio.Event()
        # Not even what is claimed may leave any more: what it would be recorded in is not what the next run opens.
        self._is_halted = False

    async def run(self) -> None:
        """Post until nothing is left; what may not be sent now stays ready.

        Raises `CredentialsRefused`, `ServiceUnreachable`, `BudgetSpent` or `Interrupted` after everything in flight is
        recorded, and `LedgerUnavailable` after trying to.
        """
        workers = [asyncio.create_task(self._work()) for _ in range(self._loader.concurrency)]
        try:
            # Those who share a pace claim no more than their part of it, or leases would end while they wait.
            with collecting_less_often(), self._pacer.sharing():
                await self._take_turns()
        finally:
            # They are idle by now, but after an error of ours: what is then canceled in flight stays claimed in the
            # ledger, and is read back once its lease is over.
            for worker in workers:
                worker.cancel()
        if self._health.error is not None:
            raise self._health.error

    async def _take_turns(self) -> None:
        ended: Ended = []
        while True:
            self._health.note_reasons_to_stop()
            free_requests = self._free_requests(self._busy)
            if ended or free_requests:
                await self._take_turn(ended, free_requests)
                ended = []
            if self._busy or self._ended:
                ended = await self._gather()
                await self._learn(ended)
            elif not await self._rest():
                return

    async def _learn(self, ended: Ended) -> None:
        """Tell what came back: to the log, to whoever watches, and to the judge of the service's health."""
        _record_odd(ended)
        settled_count = sum(answer.verdict in _SETTLED for _, answer in ended)
        self._on_progress(settled_count)
        await self._health.learn(ended, self._claims.last_attempt_id)

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
        if self._is_over:
            return 0
        most_at_once = self._loader.concurrency + self._most_ahead()
        leave_in_time = self._pacer.turns_within(self._loader.timeout_seconds)
        # What was claimed ahead may be more than the pace lets out now: then nothing is free, never less than nothing.
        return max(0, min(most_at_once - busy, leave_in_time))

    @property
    def _is_over(self) -> bool:
        """Whether nothing more is claimed, whatever is left: there is a reason to stop, or no call left for today."""
        return self._health.error is not None or self._claims.is_budget_spent

    def _most_ahead(self) -> int:
        """How many requests may be claimed ahead, to leave while the ledger commits.

        Few where the pace is slow: each of them is one to read back should this process die.
        """
        most_requests = _MOST_EVENTS_AHEAD // self._gateway.events_per_request
        return min(most_requests, self._pacer.turns_within(_AHEAD_SECONDS))

    async def _rest(self) -> bool:
        """Wait for the service's pause, a turn, or an event's time to come; False where there is none to come."""
        self._health.note_reasons_to_stop()
        if self._is_over:
            return False
        # Something could have been claimed just now, and was not. So nothing is ready but what waits for its time.
        could_claim = self._free_requests(0) > 0
        if could_claim or not await asyncio.to_thread(self._claims.has_work):
            return await self._wait_for_next_time()
        await sleep_unless_stopped(self._pacer.seconds_until_turn)
        return True

    async def _wait_for_next_time(self) -> bool:
        """Wait for the next event whose time the service's clock has not reached; False where that takes too long."""
        latest_at = self._gateway.latest_at()
        next_at = await asyncio.to_thread(self._claims.next_time, latest_at)
        if next_at is None or next_at - latest_at > _LONGEST_WAIT_FOR_A_TIME:
            return False
        seconds = (next_at - latest_at).total_seconds()
        return await sleep_unless_stopped(seconds + _A_MOMENT)

    def _record_and_claim(self, ended: Ended, free_requests: int) -> list[Batch]:
        batches = self._claims.record_and_claim(ended, free_requests)
        if batches:
            self._tell_claimed()
        return batches

    def _tell_claimed(self) -> None:
        """Let whoever keeps count outside of the ledger know what it holds by now; where that fails, send nothing."""
        try:
            self._on_claimed()
        except CouldNotRun as error:
            self._halt(error)

    def _halt(self, error: CouldNotRun) -> None:
        self._health.stop(error)
        self._is_halted = True

    async def _send(self, claims: Batch) -> Ended:
        """Send within the lease, or not at all: past it another process may already be reading back."""
        last_at = claims[0].lease_until - timedelta(seconds=self._loader.timeout_seconds)
        seconds_left = (last_at - self._ledger.now()).total_seconds()
        has_turn = await self._pacer.wait(at_most_seconds=seconds_left)
        # The clock is read once more, since a machine may have slept for hours between the two lines above.
        is_over = self._ledger.now() > last_at
        if not has_turn or is_stopping() or is_over or not self._may_leave():
            return [(claim_, NEVER_SENT) for claim_ in claims]
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
                await asyncio.to_thread(self._claims.record, ended)
            except LedgerUnavailable:
                continue
            return


def _record_odd(ended: Ended) -> None:
    """Write down which events were not simply posted, by their ids; the others are counted."""
    for claim, answer in ended:
        if answer.verdict is not Verdict.POSTED:
            record(
                "answer",
                event=claim.event.event_id,
                attempt=claim.attempt_id,
                verdict=str(answer.verdict),
                status=answer.http_status,
                code=answer.code,
            )
