"""Deliver what is registered: connect, post, and read back what is in doubt, until nothing is left to do."""

import asyncio
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection

from flows.ledger.alive import other_runs_alive
from flows.ledger.counted import mark
from flows.ledger.run import Run
from flows.loader.post import Posting
from flows.loader.settle import settle_destination
from flows.loader.try_again import read_destination_first
from flows.runtime.errors import BudgetSpent, CouldNotRun, Interrupted
from flows.runtime.interrupt import stop_requested
from flows.services.clocks import skew_line
from flows.services.connect import connected
from sql.claims import declare_lost, doubt_again, open_work
from sql.retries import sites_to_read_first
from sql.settlements import doubtful_sites, waiting_times
from transforms.vocabulary import SERVICE_NAMES, Destination, NotRead

_MAX_ROUNDS = 10  # of posting and settling; each round sends only what reading back proved not to have landed


def connect(run: Run, destinations: set[Destination]) -> None:
    """Make sure, before anything is kept, that every service that is needed is there and takes the credentials."""
    with run.ledger.begin() as connection:
        # First, so that what a dead process left counts among what there is to settle.
        _put_in_doubt(run, connection)
        left_to_post = set(open_work(connection))
        left_to_settle = set(doubtful_sites(connection, run.ledger.now()))
    needed = destinations | left_to_post | left_to_settle
    if needed:
        run.progress("connecting")
        for line in run.step("connect", check_services, run, sorted(needed)):
            # Said at once, since it may explain what follows, and kept for the report.
            run.progress(line)
            run.notes.append(line)


def post_and_settle(run: Run) -> None:
    """Post and settle until nothing is left to do; trouble at one destination never stops the others."""
    try:
        for _ in range(_MAX_ROUNDS):
            # What is in doubt comes before anything new: until it is decided, nothing else of its client may go out.
            settle_all(run)
            _read_before_another_try(run)
            _post_all(run)
            if not _wait_for_doubtful(run):
                break
    except Interrupted as error:
        run.failures.append(str(error))


def settle_all(run: Run) -> None:
    """Read back whatever is in doubt and has had its time."""
    with run.ledger.begin() as connection:
        _put_in_doubt(run, connection)
        destinations = doubtful_sites(connection, run.ledger.now())
    for destination in destinations:
        if destination in run.failed_destinations:
            continue
        run.progress(f"reading back what is in doubt at {destination.name}")
        with _trouble_at(run, destination):
            settled = run.step(f"settle {destination.name}", settle_destination, run, destination)
            run.undecided |= settled.undecided
            run.could_not_read(*settled.not_read)


def _read_before_another_try(run: Run) -> None:
    """Look at the clients and rewards of what a person lets be tried again; nothing of it is sent unseen."""
    with run.ledger.begin() as connection:
        destinations = sites_to_read_first(connection, run.run_id)
    for destination in destinations:
        if destination in run.failed_destinations:
            continue
        run.progress(f"reading before another try at {destination.name}")
        with _trouble_at(run, destination):
            read = run.step(f"read before another try {destination.name}", read_destination_first, run, destination)
            run.undecided |= read.unread
            run.could_not_read(*read.not_read)
            run.notes += read.notes


def _put_in_doubt(run: Run, connection: Connection) -> None:
    """Put in doubt what must be read back before anything of its client goes out."""
    now = run.ledger.now()
    # What is found claimed by a process that died may have left.
    declare_lost(connection, run_id=run.run_id, now=now, alive=other_runs_alive(run))
    # What a reading set back is sent right after it. Where it was not, for want of calls or because the run ended, the
    # reading is too old to go by.
    settle_after = timedelta(seconds=run.settings.loader.settle_after_seconds)
    doubt_again(connection, run_id=run.run_id, now=now, before=now - settle_after)


def _post_all(run: Run) -> None:
    with run.ledger.begin() as connection:
        destinations = open_work(connection)
    for destination in destinations:
        if destination in run.failed_destinations:
            continue
        run.progress(f"posting to {destination.name}")
        with _trouble_at(run, destination):
            run.step(f"post {destination.name}", post_destination, run, destination)


@contextmanager
def _trouble_at(run: Run, destination: Destination) -> Iterator[None]:
    """Note what went wrong at one destination and go on with the others; a stop that was asked for stops all."""
    try:
        yield
    except Interrupted:
        raise
    except BudgetSpent as error:
        # Not a failure: the night did all that a day's calls are enough for, and the next one goes on.
        run.failed_destinations.add(destination)
        run.notes.append(str(error))
    except CouldNotRun as error:
        run.failed_destinations.add(destination)
        run.failures.append(str(error))
        run.could_not_read(NotRead(destination.name, str(error)))


def _wait_for_doubtful(run: Run) -> bool:
    """Wait until the next doubtful event may be read back; False where there is none to wait for."""
    with run.ledger.begin() as connection:
        due_times = [row.settle_at for row in waiting_times(connection) if row.event_id not in run.undecided]
    if not due_times:
        return False
    seconds = max(0.0, (min(due_times) - run.ledger.now()).total_seconds())
    run.progress(f"{len(due_times)} in doubt: reading back in {math.ceil(seconds)} s")
    if stop_requested.wait(timeout=seconds + 0.01):
        raise Interrupted("Stopped as asked: what is in doubt is read back by the next run.")
    return True


def check_services(run: Run, destinations: Iterable[Destination]) -> list[str]:
    """Raise where a service that is needed is out of reach or refuses the credentials; nothing is changed there.

    Return a line for each service whose clock is notably another than this machine's.
    """
    lines: dict[str, None] = {}  # each once, though a service has several sites

    async def check() -> None:
        for destination in destinations:
            # What cannot be sent today is registered all the same, and stays pending.
            with suppress(BudgetSpent):
                async with connected(run.settings, run.ledger, destination) as service:
                    line = skew_line(SERVICE_NAMES[destination.target], service.clock)
                    lines.update({line: None} if line else {})

    asyncio.run(check())
    return list(lines)


def post_destination(run: Run, destination: Destination) -> None:
    """Post everything that is ready for one destination."""

    async def post() -> None:
        async with connected(run.settings, run.ledger, destination) as service:
            posting = Posting(
                run.ledger,
                service.gateway,
                service.standing,
                run.settings.loader,
                run.run_id,
                on_progress=run.progress.count,
                on_claimed=partial(mark, run.settings, run.ledger, durably=False),
            )
            await posting.run()

    asyncio.run(post())
