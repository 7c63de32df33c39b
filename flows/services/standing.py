"""How a destination has behaved in this run so far: shared by all steps of the run, kept in memory alone.

What one step learned the next one obeys: the quiet that a service asked for, reads that fail one after the other,
answers that come from anything but the service, and what was sent in vain.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from flows.runtime.errors import ServiceUnreachable, TieoutError
from flows.services.pace import LONGEST_PAUSE_SECONDS, Pacer
from flows.settings.sections import Settings
from transforms.destinations import Destination
from transforms.vocabulary import Target

# One client may have a history that the service always fails at; when it fails at so many in a row it is not theirs.
_MOST_SUBJECTS_FAILED = 3
_LOOKS_AT_QUIET = 3  # while one waits for a turn
_MOST_READS_FAILED = 5  # requests in a row, repeats included; many leave at once before the first one has failed


@dataclass
class Standing:
    """One destination in one run."""

    pacer: Pacer
    tries: Counter[str] = field(default_factory=Counter)  # by event: requests that did not end it
    failed: dict[str, str] = field(default_factory=dict)  # by event: how its last request ended in vain
    calls_made: int = 0  # requests that left, or were about to
    calls_kept: int = 0  # of the day's, that posting leaves to reading back
    foreign_in_a_row: int = 0  # answers that are none of the service's own, since one that was
    _failed_reads: int = 0  # in a row
    _failed_subjects: set[str] = field(default_factory=set)
    _stopped_reading: str = ""
    _trouble: TieoutError | None = None

    @property
    def why_reading_stopped(self) -> str:
        """Why nothing more is read there in this run; empty where reading goes on."""
        return self._stopped_reading

    def close(self, trouble: TieoutError) -> None:
        """Let nothing at all be asked there in this run: it could not be reached as that began."""
        self._trouble = self._trouble or trouble

    def refuse_where_closed(self) -> None:
        """Raise what was wrong with the place as this run began, if anything was."""
        if self._trouble is not None:
            raise self._trouble

    async def wait_for_turn(self) -> None:
        """Wait for a turn to ask; `ServiceUnreachable` where the service wants quiet for longer than a run waits."""
        for _ in range(_LOOKS_AT_QUIET):
            seconds = self.pacer.paused_seconds
            # Whoever was asked for it: the service's quiet is everybody's.
            if seconds > LONGEST_PAUSE_SECONDS:
                raise ServiceUnreachable(f"The service asks for {seconds:.0f} seconds of quiet. Run again after that.")
            # Others may be asked for quiet while this one waits: then it is looked at again, and not waited for.
            if await self.pacer.wait(LONGEST_PAUSE_SECONDS):
                return

    async def wait_to_read(self) -> None:
        """Wait for a turn to read; `ServiceUnreachable` also where nothing more is read there in this run."""
        self._refuse_where_stopped()
        await self.wait_for_turn()
        # Others may have failed meanwhile.
        self._refuse_where_stopped()

    def _refuse_where_stopped(self) -> None:
        if self._stopped_reading:
            raise ServiceUnreachable(self._stopped_reading)

    def stop_reading(self, why: str) -> None:
        """Let nothing more be read there in this run: every other read would be answered alike."""
        self._stopped_reading = self._stopped_reading or why

    def note_read(self, name: str, subject: str, failure: str) -> None:
        """Note how one read of ``subject`` ended; ``failure`` is empty where an answer of the service came.

        Each read is a metered call, and a service that is down answers none: after a few in a row it is left alone.
        """
        if not failure:
            self._failed_reads = 0
            self._failed_subjects.clear()
            return
        self._failed_reads += 1
        self._failed_subjects.add(subject)
        if self._failed_reads >= _MOST_READS_FAILED and len(self._failed_subjects) >= _MOST_SUBJECTS_FAILED:
            self.stop_reading(
                f"{name} failed {self._failed_reads} reads in a row ({failure}): reading there has stopped for this "
                "run. Run again later."
            )


@dataclass
class _Shared:
    """What the steps of a run share: how each place stands, and the pace of a key that several sites have in common."""

    standings: dict[Destination, Standing] = field(default_factory=dict)
    paces: dict[Target, Pacer] = field(default_factory=dict)


_of_run: ContextVar[_Shared | None] = ContextVar("standings_of_run", default=None)


@contextmanager
def sharing_standings() -> Iterator[None]:
    """Within the block, every step knows what the others met at a destination."""
    before = _of_run.set(_Shared())
    try:
        yield
    finally:
        _of_run.reset(before)


def standings_of_run() -> dict[Destination, Standing]:
    """Return how each destination that was met stands; none outside of a run."""
    shared = _of_run.get()
    return {} if shared is None else dict(shared.standings)


def calls_of_run(target: Target) -> int:
    """Return how many requests of this run went to a service, reads, repeats and tokens included."""
    return sum(one.calls_made for destination, one in standings_of_run().items() if destination.target is target)


def standing_of(destination: Destination, settings: Settings) -> Standing:
    """Return how a destination stands in this run; outside of one, a new one each time.

    Each has the pace of `loader.requests_per_second`; all sites of Mindbody, whose key is one, also that of the key.
    """
    shared = _of_run.get() or _Shared()
    of_key = None
    if destination.target is Target.MINDBODY:
        per_key = Pacer(settings.mindbody.requests_per_second_per_key)
        of_key = shared.paces.setdefault(Target.MINDBODY, per_key)
    own_pace = Pacer(settings.loader.requests_per_second, of_key)
    return shared.standings.setdefault(destination, Standing(own_pace))
