"""Deliver what is registered: connect, post, and read back what is in doubt, until nothing is left to do."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

from flows.ledger.run import Line
from flows.runtime.clock import utc_now
from flows.runtime.errors import BudgetSpent, CouldNotRun, Interrupted
from flows.runtime.interrupt import stop_requested
from flows.services.connect import Place, check_services, post_place, settle_place
from sql.claims import declare_lost, open_work
from sql.settlements import doubtful_sites, waiting_times
from transforms.vocabulary import Target

_MAX_ROUNDS = 10  # of posting and settling; each round sends only what reading back proved not to have landed


def connect(line: Line, places: set[Place]) -> None:
    """Make sure, before anything is kept, that every service that is needed is there and takes the credentials."""
    with line.ledger.begin() as connection:
        declare_lost(connection, run_id=line.run_id, now=utc_now())
        needed = places | set(open_work(connection)) | set(doubtful_sites(connection, utc_now()))
    if needed:
        line.progress("connecting")
        line.step("connect", check_services, line.settings, line.ledger, sorted(needed))


def post_and_settle(line: Line) -> None:
    """Post and settle until nothing is left to do; trouble at one service or site never stops the others."""
    try:
        for _ in range(_MAX_ROUNDS):
            settle_all(line)
            _post_all(line)
            if not _wait_for_doubtful(line):
                break
    except Interrupted as error:
        line.failures.append(str(error))


def settle_all(line: Line) -> None:
    """Read back whatever is in doubt and has had its time."""
    with line.ledger.begin() as connection:
        declare_lost(connection, run_id=line.run_id, now=utc_now())
        places = doubtful_sites(connection, utc_now())
    for place in places:
        if place not in line.failed_places:
            line.progress(f"reading back what is in doubt at {_name(place)}")
            with _trouble_at(line, place):
                run = (line.settings, line.ledger, line.run_id, place)
                line.undecided |= line.step(f"settle {_name(place)}", settle_place, *run)


def _post_all(line: Line) -> None:
    with line.ledger.begin() as connection:
        places = open_work(connection)
    for place in places:
        if place not in line.failed_places:
            line.progress(f"posting to {_name(place)}")
            with _trouble_at(line, place):
                run = (line.settings, line.ledger, line.run_id, place)
                line.step(f"post {_name(place)}", post_place, *run, line.progress.count)


@contextmanager
def _trouble_at(line: Line, place: Place) -> Iterator[None]:
    """Note what went wrong at one place and go on with the others; a stop that was asked for stops all."""
    try:
        yield
    except Interrupted:
        raise
    except BudgetSpent as error:
        line.failed_places.add(place)
        line.notes.append(str(error))
    except CouldNotRun as error:
        line.failed_places.add(place)
        line.failures.append(str(error))


def _wait_for_doubtful(line: Line) -> bool:
    """Wait until the next doubtful event may be read back; False where there is none to wait for."""
    with line.ledger.begin() as connection:
        due_times = [row.settle_at for row in waiting_times(connection) if row.event_id not in line.undecided]
    if not due_times:
        return False
    seconds = max(0.0, (min(due_times) - utc_now()).total_seconds())
    line.progress(f"{len(due_times)} in doubt: reading back in {math.ceil(seconds)} s")
    if stop_requested.wait(timeout=seconds + 0.01):
        raise Interrupted("Stopped as asked: what is in doubt is read back by the next run.")
    return True


def _name(place: Place) -> str:
    target, site_id = place
    return f"Mindbody site {site_id}" if target is Target.MINDBODY else "Referral Rock"
