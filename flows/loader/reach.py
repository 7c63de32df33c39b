"""Reach every place that a run needs before anything is kept: one in trouble is named, and stops no other.

What is found here holds for the whole run. A place that refuses a password would refuse it again at every step, and a
few wrong ones in a row may lock the account; so what could not be reached is not asked again before the next run.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from flows.ledger.run import Run
from flows.loader.places import places_at_once
from flows.runtime.errors import BudgetSpent, NoAnswer, TieoutError, of_one_place
from flows.services.clocks import skew_line
from flows.services.connect import connected
from flows.services.standing import standing_of
from transforms.destinations import Destination
from transforms.vocabulary import SERVICE_NAMES, Target

# Sites of a service share its address. Where nothing answers there, each would cost all tries of all time-outs.
_MOST_SILENT = 3


@dataclass
class Reached:
    """What was found: lines for a person, and what is wrong with each place that could not be reached."""

    notes: dict[str, None] = field(default_factory=dict)  # each once, though a service has several sites
    troubles: dict[Destination, TieoutError] = field(default_factory=dict)


def reach(run: Run, destinations: Iterable[Destination]) -> Reached:
    """Connect to each place and change nothing there.

    Raises only what concerns all of them: `OtherService`, `LedgerUnavailable`, `Interrupted`.
    """
    return asyncio.run(_reach_all(run, destinations))


async def _reach_all(run: Run, destinations: Iterable[Destination]) -> Reached:
    reached = Reached()
    silent: Counter[Target] = Counter()  # places in a row at which nothing answered
    last_silence: dict[Target, TieoutError] = {}
    slots = asyncio.Semaphore(places_at_once(run.settings))

    async def look(destination: Destination) -> None:
        target = destination.target
        async with slots:
            if silent[target] >= _MOST_SILENT:
                reached.troubles[destination] = last_silence[target]
                return
            trouble = await _reach_one(run, destination, reached.notes)
        if trouble is not None:
            reached.troubles[destination] = trouble
        silent[target] = silent[target] + 1 if isinstance(trouble, NoAnswer) else 0
        if isinstance(trouble, NoAnswer):
            last_silence[target] = trouble

    # The first one alone: a service that is not there is not waited for at as many sites as are looked at at once.
    first, *others = list(destinations)
    await look(first)
    await asyncio.gather(*(look(destination) for destination in others))
    _close(run, reached.troubles)
    return reached


async def _reach_one(run: Run, destination: Destination, notes: dict[str, None]) -> TieoutError | None:
    try:
        # What cannot be sent today is registered all the same, and stays pending.
        with suppress(BudgetSpent):
            async with connected(run.settings, run.ledger, destination) as service:
                line = skew_line(SERVICE_NAMES[destination.target], service.clock)
                notes.update({line: None} if line else {})
    except Exception as error:  # noqa: BLE001 - an answer that nobody foresaw is that place's trouble alone
        return of_one_place(error)
    return None


def _close(run: Run, troubles: Mapping[Destination, TieoutError]) -> None:
    for destination, trouble in troubles.items():
        standing_of(destination, run.settings).close(trouble)
