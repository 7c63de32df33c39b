"""Work at several places side by side: each at its own pace and with its own trouble, which stops no other.

Only what concerns all of them stops all: a ledger that is gone, a stop that was asked for. Then whatever is in flight
is finished, and recorded where the ledger still takes it.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from flows.ledger.run import Run
from flows.runtime.errors import BudgetSpent, Interrupted, TieoutError, of_one_place
from flows.runtime.side_by_side import side_by_side
from flows.settings.sections import Settings
from transforms.destinations import Destination, destination_not_read

R = TypeVar("R")


def at_each(
    run: Run, destinations: Iterable[Destination], saying: str, verb: str, work: Callable[[Run, Destination], R]
) -> Iterator[tuple[Destination, R]]:
    """Do the work at each place that the run goes on with, and give what came of it where there was no trouble.

    Trouble is noted, one place after the other and by this thread alone; what concerns all places is raised.
    """
    # A place that refused a password an hour ago would refuse it again, and a few wrong ones in a row lock the account.
    places = [destination for destination in destinations if destination not in run.failed_destinations]
    for place in places:
        run.progress(f"{saying} {place.name}")
    calls = [partial(run.step, f"{verb} {place.name}", work, run, place) for place in places]
    ended = side_by_side(calls, places_at_once(run.settings), _concerns_all)
    _raise_what_concerns_all(ended)
    for place, outcome in zip(places, ended, strict=True):
        with trouble_at(run, place):
            yield place, outcome.result()


def places_at_once(settings: Settings) -> int:
    """Return how many places may be worked at side by side.

    No more than may each send something within half a time-out at the pace that they share: what is claimed and has no
    turn in time is given back, and counts as a try.
    """
    loader = settings.loader
    half_a_time_out = loader.timeout_seconds / 2
    turns = int(settings.mindbody.requests_per_second_per_key * half_a_time_out)
    most = min(loader.sites_at_once, turns)
    return max(1, most)


def _concerns_all(error: BaseException) -> bool:
    """Return whether an error is nobody's trouble alone; so is one that is meant to end the process."""
    if not isinstance(error, Exception):
        return True
    try:
        of_one_place(error)
    except TieoutError:
        return True
    return False


def _raise_what_concerns_all(ended: Iterable[Future[R]]) -> None:
    troubles = [error for outcome in ended if (error := outcome.exception()) is not None and _concerns_all(error)]
    # The others were stopped by the first, and only say so.
    troubles.sort(key=lambda error: isinstance(error, Interrupted))
    if troubles:
        raise troubles[0]


@contextmanager
def trouble_at(run: Run, destination: Destination) -> Iterator[None]:
    """Note what went wrong at one destination and go on with the others; what concerns all of them is raised.

    A ledger that cannot be written keeps nothing of what the next place would answer: what was sent and is not recorded
    stays as it was claimed, and the next run reads it back.
    """
    try:
        yield
    except BudgetSpent as error:
        # Not a failure: the night did all that a day's calls are enough for, and the next one goes on.
        run.failed_destinations.add(destination)
        # Once, though every site says it.
        if str(error) not in run.notes:
            run.leave(str(error))
    except Exception as error:  # noqa: BLE001 - an answer that nobody foresaw is that place's trouble alone
        leave_out(run, destination, of_one_place(error))


def leave_out(run: Run, destination: Destination, trouble: TieoutError) -> None:
    """Go on without a place, and say so: what is in the ledger for it waits."""
    run.failed_destinations.add(destination)
    why = str(trouble)
    if why not in run.failures:
        run.failures.append(why)
    run.could_not_read(destination_not_read(destination, why))
