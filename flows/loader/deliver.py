"""Deliver what is registered: connect, post, and read back what is in doubt, until nothing is left to do."""

import asyncio
import math
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row

from flows.ledger.alive import other_runs_alive
from flows.ledger.counted import mark
from flows.ledger.run import Run
from flows.loader.kept_sites import look_for_kept_sites
from flows.loader.places import at_each, leave_out
from flows.loader.post import Posting
from flows.loader.reach import reach
from flows.loader.replacing import go_on
from flows.loader.settle import settle_destination
from flows.loader.try_again import read_destination_first
from flows.runtime.errors import (
    CouldNotRun,
    Interrupted,
    NotCounted,
    ServiceUnreachable,
    SettingsError,
    TieoutError,
)
from flows.runtime.interrupt import stop_requested
from flows.services.connect import connected
from flows.services.standing import Standing, standings_of_run
from sql.claims import declare_lost, doubt_again, open_work, ready_among
from sql.retries import sites_to_read_first
from sql.settlements import doubtful_sites, waiting_times
from sql.sites import SiteWork, site_work
from transforms.destinations import Destination, place_of
from transforms.vocabulary import Target

_MAX_ROUNDS = 10  # of posting and settling; each round sends only what reading back proved not to have landed


def connect(run: Run, destinations: set[Destination]) -> Mapping[Destination, TieoutError]:
    """Look, before anything is kept, whether each place that is needed is there and takes the credentials.

    Return what is wrong with those that are not; they are named, and the run goes on without them.
    """
    with run.ledger.begin() as connection:
        look_for_kept_sites(run, connection)
        # First, so that what a dead process left counts among what there is to settle.
        _put_in_doubt(run, connection)
        left_to_post = set(open_work(connection))
        left_to_settle = set(doubtful_sites(connection, run.ledger.now()))
        needed = destinations | left_to_post | left_to_settle
        troubles = _left_the_settings(run, connection, needed)
    there = sorted(needed - troubles.keys())
    if there:
        run.progress("connecting")
        reached = run.step("connect", reach, run, there)
        troubles |= reached.troubles
        for line in reached.notes:
            # Said at once, since it may explain what follows, and kept for the report.
            run.progress(line)
            run.notes.append(line)
    _refuse_settings_that_lead_nowhere(needed, troubles)
    for destination, trouble in sorted(troubles.items(), key=itemgetter(0)):
        leave_out(run, destination, trouble)
    return troubles


def _refuse_settings_that_lead_nowhere(needed: set[Destination], troubles: Mapping[Destination, TieoutError]) -> None:
    """Raise where the settings alone keep the run from all that it has to do: exit 2 says what to mend."""
    if needed and all(isinstance(troubles.get(destination), SettingsError) for destination in needed):
        raise troubles[min(needed)]


def _left_the_settings(
    run: Run, connection: Connection, destinations: set[Destination]
) -> dict[Destination, TieoutError]:
    """Return what to say of places that the ledger has work for and the settings do not name any more."""
    left: dict[Destination, TieoutError] = {}
    for destination in destinations:
        if destination.site_id in run.settings.site_ids:
            continue
        work = site_work(connection, destination.site_id)
        # Keys that were never there are asked for by name, where a first file brings rewards.
        if destination.target is Target.MINDBODY or work.event_ids or work.in_flight_count:
            left[destination] = CouldNotRun(_say_left(destination.site_id, work))
    return left


def _say_left(site_id: str, work: SiteWork) -> str:
    waiting = len(work.event_ids)
    waits = "1 event of it waits" if waiting == 1 else f"{waiting:,} events of it wait"
    in_doubt = ""
    if work.in_flight_count:
        in_doubt = f" {work.in_flight_count:,} more may have been sent: `tieout settle EVENT_ID --as` says so or not."
    points = f" ({work.points:,} points)" if site_id else ""
    option = f"--site {site_id}" if site_id else "--referral-rock"
    back = "the site" if site_id else "its keys"
    return (
        f"{place_of(site_id)} is not in the settings any more, and {waits}{points}. Put {back} back, and they go on; "
        f"`tieout keep {option} --reason TEXT` lets them wait for that, and no night asks again; `tieout discard "
        f"{option}` drops them.{in_doubt}"
    )


def post_and_settle(run: Run) -> None:
    """Post and settle until nothing is left to do; trouble at one destination never stops the others."""
    try:
        # Each round sends what reading back proved not to have landed. An end is needed where a service loses every
        # answer and shows nothing: it would go on until the calls are spent.
        for _ in range(_MAX_ROUNDS):
            # What is in doubt comes before anything new: until it is decided, nothing else of its client may go out.
            settle_all(run)
            go_on(run)
            _read_before_another_try(run)
            _post_all(run)
            # What took another's place may go out now that this one is taken back.
            if not go_on(run) and not _wait_for_doubtful(run):
                break
        _tell_given_up(run)
    # The ledger is there all the same: what was sent is read back and reported.
    except (Interrupted, NotCounted) as error:
        run.failures.append(str(error))


def _tell_given_up(run: Run) -> None:
    """Say where events were tried as often as a run may, and still wait: they are pending, and not forgotten."""
    for destination, standing in standings_of_run().items():
        # Of a place that was left everybody knows.
        if destination in run.failed_destinations:
            continue
        waiting = _given_up(run, standing)
        if waiting:
            events = "1 event" if len(waiting) == 1 else f"{len(waiting):,} events"
            reason = standing.failed[min(waiting)]
            why = f"took {events} in none of {run.settings.loader.max_tries} tries ({reason})"
            leave_out(run, destination, ServiceUnreachable(f"{destination.name} {why}: pending for the next run."))


def _given_up(run: Run, standing: Standing) -> set[str]:
    """Return the events that were tried in vain as often as a run may, and are still to be sent."""
    max_tries = run.settings.loader.max_tries
    tried = [event_id for event_id in standing.failed if standing.tries[event_id] >= max_tries]
    with run.ledger.begin() as connection:
        return ready_among(connection, tried)


def settle_all(run: Run) -> None:
    """Read back whatever is in doubt and has had its time."""
    with run.ledger.begin() as connection:
        _put_in_doubt(run, connection)
        destinations = doubtful_sites(connection, run.ledger.now())
    saying = "reading back what is in doubt at"
    for _, settled in at_each(run, destinations, saying, "settle", settle_destination):
        run.undecided |= settled.undecided
        run.could_not_read(*settled.not_read)


def _read_before_another_try(run: Run) -> None:
    """Look at the clients and rewards of what a person lets be tried again; nothing of it is sent unseen."""
    with run.ledger.begin() as connection:
        destinations = sites_to_read_first(connection, run.run_id)
    saying, verb = "reading before another try at", "read before another try"
    for _, read in at_each(run, destinations, saying, verb, read_destination_first):
        run.undecided |= read.unread
        run.could_not_read(*read.not_read)
        run.leave(*read.notes)


def _put_in_doubt(run: Run, connection: Connection) -> None:
    """Put in doubt what must be read back before anything of its client goes out."""
    now = run.ledger.now()
    # What is found claimed by a process that died may have left.
    # A run of this machine that is alive keeps its claims, even where the clock says that its lease is over: a laptop
    # that slept would have them read back while it is about to send.
    declare_lost(connection, run_id=run.run_id, now=now, alive=other_runs_alive(run))
    # What a reading set back is sent right after it. Where it was not, for want of calls or because the run ended, the
    # reading is too old to go by.
    settle_after = timedelta(seconds=run.settings.loader.settle_after_seconds)
    doubt_again(connection, run_id=run.run_id, now=now, before=now - settle_after)


def _post_all(run: Run) -> None:
    with run.ledger.begin() as connection:
        destinations = open_work(connection)
    for _ in at_each(run, destinations, "posting to", "post", post_destination):
        pass


def _wait_for_doubtful(run: Run) -> bool:
    """Wait until the next doubtful event may be read back; False where there is none to wait for."""
    with run.ledger.begin() as connection:
        waiting = waiting_times(connection)
    due_times = [row.settle_at for row in waiting if _may_be_read_back(run, row)]
    if not due_times:
        return False
    seconds = max(0.0, (min(due_times) - run.ledger.now()).total_seconds())
    run.progress(f"{len(due_times)} in doubt: reading back in {math.ceil(seconds)} s")
    if stop_requested.wait(timeout=seconds + 0.01):
        raise Interrupted("Stopped as asked: what is in doubt is read back by the next run.")
    return True


def _may_be_read_back(run: Run, event: Row[Any]) -> bool:
    """Return whether this run can still look at it: not where it has, or at a place that it goes on without."""
    place = Destination(Target(event.target), event.site_id)
    # One that was read back and could not be decided looks the same a minute later: asked again in each round, it would
    # spend the day's calls on nothing.
    return event.event_id not in run.undecided and place not in run.failed_destinations


def post_destination(run: Run, destination: Destination) -> None:
    """Post everything that is ready for one destination."""

    async def post() -> None:
        async with connected(run.settings, run.ledger, destination) as service:
            if destination.target is Target.MINDBODY:
                service.standing.calls_kept = run.calls_kept
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
