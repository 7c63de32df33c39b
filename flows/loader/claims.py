"""The ledger's side of posting: record what ended and claim what goes out next, both in one transaction.

One durable write for several events, where several are in flight. What is claimed here leaves only after the commit,
so there is no moment at which a request may have left and the ledger does not know.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.services.gateway import Ended, Gateway
from flows.services.standing import Standing
from flows.settings.of_nights import LoaderSettings
from sql.budget import take_calls
from sql.claims import Claim, ClaimConflict, Head, claim, next_time, ready_heads, record_answers

# Of turns in which another process was faster each time; what is not claimed now comes up in a later one.
_CLAIM_TRIES = 5
Batch = Sequence[Claim]


class Claims:
    """Records and claims for one gateway, in the name of one run."""

    def __init__(
        self, ledger: Ledger, gateway: Gateway, standing: Standing, loader: LoaderSettings, run_id: str
    ) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._standing = standing
        self._loader = loader
        self._run_id = run_id
        # The last attempt that was claimed: what was claimed up to here went out with the credentials of now at best.
        self.last_attempt_id = 0
        # The day's calls are spent: what is left stays ready.
        self.is_budget_spent = False

    def record_and_claim(self, ended: Ended, free_requests: int) -> list[Batch]:
        """Record what ended and return what is claimed and committed; empty where other processes were faster."""
        for _ in range(_CLAIM_TRIES):
            try:
                return self._record_then_claim(ended, free_requests)
            except ClaimConflict:
                # The calls that were taken for these claims were rolled back as well, and with them what they said of
                # the day's budget.
                self.is_budget_spent = False
                # The answers were rolled back with the claims. They are what happened, so they go in by themselves.
                self.record(ended)
                ended = []
        return []

    def record(self, ended: Ended) -> None:
        """Record what ended, and claim nothing."""
        self._record_then_claim(ended, free_requests=0)

    def has_work(self) -> bool:
        """Say whether something is ready to be claimed now."""
        with self._ledger.begin() as connection:
            return bool(self._ready_heads(connection, 1))

    def next_time(self, latest_at: datetime) -> datetime | None:
        """Return the time of the next event that is later than ``latest_at``; None where there is none."""
        with self._ledger.begin() as connection:
            return next_time(connection, self._gateway.target, self._gateway.site_id, latest_at)

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
        heads: list[Head] = []
        for batch in batches:
            heads += [(event, self._gateway.body(event)) for event in batch]
        # Two time-outs: one to wait for a turn in this process, one for the request itself. After both no request of
        # this claim can still be under way from here.
        lease_until = now + timedelta(seconds=2 * self._loader.timeout_seconds)
        # The service may still be at work on it then, or not show it yet: reading back too early would find nothing,
        # and an event that did land would be sent twice.
        settle_at = lease_until + timedelta(seconds=self._loader.settle_after_seconds)
        claims = claim(connection, heads, run_id=self._run_id, now=now, lease_until=lease_until, settle_at=settle_at)
        if claims:
            self.last_attempt_id = max(one.attempt_id for one in claims)
        return _in_batches(claims, batches)

    def _next_batches(self, connection: Connection, free_requests: int) -> list[list[Row[Any]]]:
        """Return the events that go out next, a list a request, as far as the day's calls reach."""
        most_events = free_requests * self._gateway.events_per_request
        heads = self._ready_heads(connection, most_events)
        batches = self._gateway.batches(heads)[:free_requests]
        granted_count = self._take_calls(connection, len(batches))
        return batches[:granted_count]

    def _ready_heads(self, connection: Connection, wanted: int) -> Sequence[Row[Any]]:
        """Return the heads of lanes but for those that were tried often enough in this run."""
        max_tries = self._loader.max_tries
        exhausted = {event_id for event_id, tries in self._standing.tries.items() if tries >= max_tries}
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
        # A part of the day's is for reading back what is doubtful, however much there is to post.
        calls_per_day = self._gateway.calls_per_day - self._standing.calls_kept
        if not wanted:
            return 0
        # Counted with the claim, before the request leaves: a crash may waste a call, and never makes one too many.
        granted = take_calls(connection, self._gateway.target, utc_now().date(), wanted, calls_per_day)
        self.is_budget_spent = granted < wanted
        return granted


def _in_batches(claims: Sequence[Claim], batches: Sequence[Sequence[Row[Any]]]) -> list[Batch]:
    """Return the claims request by request, as long as the batches of events that they were made for."""
    left = iter(claims)
    return [list(islice(left, len(batch))) for batch in batches]
