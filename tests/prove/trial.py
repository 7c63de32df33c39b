"""One trial: a night meets its trouble, is started again until it is quiet, and is compared with the service."""

import shutil
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from flows.sandbox import start_sandbox
from tests.prove.command import Trouble, run_to_end, steps_of
from tests.prove.compare import Found, compare, log_length, read_log
from tests.prove.ledgers import NewLedger, read_rows, sqlite_ledgers
from tests.prove.night import CLIENTS_PER_NIGHT, REWARDS_PER_NIGHT, Night, plan_night, write_night

TIMEOUT_SECONDS = 1.0
SETTLE_AFTER_SECONDS = 1.0  # longer than any fault of the sweep holds a request back after the client gave up
_MOST_RUNS = 12  # until quiet; each run sends only what reading back proved not to have landed
_OPEN = "SELECT event_id FROM events WHERE state IN ('ready', 'sending', 'unknown')"
_SEEDED_CLIENTS, _SEEDED_REWARDS = 14, 8


@dataclass
class Bench:
    """A sandbox and the clients that no trial has used yet."""

    ready: dict[str, Any]
    folder: Path
    new_ledger: NewLedger
    sites_count: int = 1
    numbers: Iterator[int] = field(default_factory=lambda: count(1))


@dataclass(frozen=True)
class Ended:
    """How a trial ended."""

    found: Found
    events_count: int
    runs: int  # after the first one, until quiet
    was_hit: bool  # the trouble came about
    steps: int  # of the first run, 0 where it was killed
    folder: Path  # kept where something is wrong
    tracebacks: int  # that a person would have seen

    @property
    def is_proven(self) -> bool:
        """Whether nothing was lost, paid twice, left untold, or told as a traceback."""
        return not (self.found.lost or self.found.twice or self.found.untold or self.tracebacks)


@contextmanager
def open_bench(
    folder: Path,
    nights: int,
    faults: str | None = None,
    new_ledger: NewLedger | None = None,
    sites_count: int = 1,
) -> Iterator[Bench]:
    """Start a sandbox that has clients for so many nights; their ledgers are SQLite files unless told otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    sizes = ("--extra-clients", str(nights * CLIENTS_PER_NIGHT), "--extra-rewards", str(REWARDS_PER_NIGHT))
    sizes += ("--more-sites", str(sites_count - 1))
    with start_sandbox(state=folder / "sandbox.json", faults=faults, options=sizes) as ready:
        yield Bench(ready, folder, new_ledger or sqlite_ledgers(folder), sites_count)


PlanNight = Callable[[int, Sequence[str], Sequence[str]], Night]


def begin_night(bench: Bench, plan: PlanNight = plan_night) -> tuple[Night, Path, str]:
    """Lay out the folder of a new night; return it with its settings file and its ledger's address."""
    number = next(bench.numbers)
    start = _SEEDED_CLIENTS + (number - 1) * CLIENTS_PER_NIGHT
    clients = bench.ready["mindbody"]["client_ids"][start : start + CLIENTS_PER_NIGHT]
    rewards = bench.ready["referral_rock"]["reward_ids"][_SEEDED_REWARDS:]
    night = plan(number, clients, rewards)
    folder = bench.folder / f"night{number}"
    database_url = bench.new_ledger(folder, number)
    waits = (TIMEOUT_SECONDS, SETTLE_AFTER_SECONDS)
    return night, write_night(folder, night, bench.ready, database_url, waits, bench.sites_count), database_url


def try_night(bench: Bench, trouble: Trouble) -> Ended:
    """Run a new night into this trouble, and then without until quiet."""
    return prove_night(bench, lambda config: run_to_end(config, trouble) not in {0, 1})


def prove_night(
    bench: Bench,
    first: Callable[[Path], bool],
    plan: PlanNight = plan_night,
    last: Callable[[Path], object] = lambda _: None,
) -> Ended:
    """Let `first` do its worst to a new night and say whether it came about; then run until quiet and compare.

    ``last`` is done between the quiet and the comparison.
    """
    night, config, database_url = begin_night(bench, plan)
    since = log_length(bench.ready)
    was_hit = first(config)
    steps = 0 if was_hit else steps_of(config)
    runs = _run_until_quiet(config, database_url)
    last(config)
    found = compare(night, read_log(bench.ready, since), database_url)
    tracebacks = (config.parent / "run.err").read_text(encoding="utf-8").count("Traceback")
    ended = Ended(found, night.events_count, runs, was_hit, steps, config.parent, tracebacks)
    if ended.is_proven and found.is_quiet:
        shutil.rmtree(config.parent)
    return ended


def prove_lie(bench: Bench, late_seconds: float, settings: str = "") -> Ended:
    """Meet a night in which the service does otherwise than it says, and look again in one that has no work.

    What comes `late_seconds` after its request is there by then, and nothing but that night looks for it.
    """

    def run_and_wait(config: Path) -> bool:
        if settings:
            config.write_text(config.read_text("utf-8") + settings, "utf-8")
        run_to_end(config)
        _run_until_quiet(config, database_url_of(config))
        time.sleep(late_seconds)
        return True

    return prove_night(bench, run_and_wait)


def database_url_of(config: Path) -> str:
    """Return where the ledger of these settings is."""
    return str(tomllib.loads(config.read_text("utf-8"))["database_url"])


def _run_until_quiet(config: Path, database_url: str) -> int:
    """Start the command until it leaves nothing that another run could move; return how often."""
    for runs in range(1, _MOST_RUNS + 1):
        code = run_to_end(config)
        if code in {0, 1} and not read_rows(database_url, _OPEN):
            return runs
    return _MOST_RUNS
