"""One trial: a night meets its trouble, is started again until it is quiet, and is compared with the service."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from flows.sandbox import start_sandbox
from tests.prove.command import Trouble, run_to_end, steps_of
from tests.prove.compare import Found, compare, log_length, read_log
from tests.prove.night import CLIENTS_PER_NIGHT, REWARDS_PER_NIGHT, Night, plan_night, write_night

TIMEOUT_SECONDS = 1.0
SETTLE_AFTER_SECONDS = 1.0  # longer than any fault of the sweep holds a request back after the client gave up
_MOST_RUNS = 12  # until quiet; each run sends only what reading back proved not to have landed
_SEEDED_CLIENTS, _SEEDED_REWARDS = 14, 8


@dataclass
class Bench:
    """A sandbox and the clients that no trial has used yet."""

    ready: dict[str, Any]
    folder: Path
    template: Path  # a ledger with its tables and nothing in them
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
def open_bench(folder: Path, nights: int, faults: str | None = None) -> Iterator[Bench]:
    """Start a sandbox that has clients for so many nights."""
    folder.mkdir(parents=True, exist_ok=True)
    sizes = ("--extra-clients", str(nights * CLIENTS_PER_NIGHT), "--extra-rewards", str(REWARDS_PER_NIGHT))
    with start_sandbox(state=folder / "sandbox.json", faults=faults, options=sizes) as ready:
        yield Bench(ready, folder, make_template(folder))


def make_template(folder: Path) -> Path:
    """Make an empty ledger to start from: its tables take longer to make than a night takes to post."""
    from flows.ledger import open_ledger
    from flows.settings import Settings

    with open_ledger(Settings(database_url=f"sqlite:///{folder / 'template.db'}")):
        pass
    return folder / "template.db"


def begin_night(bench: Bench) -> tuple[Night, Path]:
    """Lay out the folder of a new night; return it with its settings file."""
    number = next(bench.numbers)
    start = _SEEDED_CLIENTS + (number - 1) * CLIENTS_PER_NIGHT
    clients = bench.ready["mindbody"]["client_ids"][start : start + CLIENTS_PER_NIGHT]
    rewards = bench.ready["referral_rock"]["reward_ids"][_SEEDED_REWARDS:]
    night = plan_night(number, clients, rewards)
    config = write_night(bench.folder / f"night{number}", night, bench.ready, TIMEOUT_SECONDS, SETTLE_AFTER_SECONDS)
    shutil.copy(bench.template, config.parent / "tieout.db")
    return night, config


def try_night(bench: Bench, trouble: Trouble) -> Ended:
    """Run a new night into this trouble, and then without until quiet."""
    return prove_night(bench, lambda config: run_to_end(config, trouble) not in {0, 1})


def prove_night(bench: Bench, first: Callable[[Path], bool]) -> Ended:
    """Let `first` do its worst to a new night and say whether it came about; then run until quiet and compare."""
    night, config = begin_night(bench)
    since = log_length(bench.ready)
    was_hit = first(config)
    steps = 0 if was_hit else steps_of(config)
    runs = _run_until_quiet(config)
    found = compare(night, read_log(bench.ready, since), config.parent / "tieout.db")
    tracebacks = (config.parent / "run.err").read_text(encoding="utf-8").count("Traceback")
    ended = Ended(found, night.events_count, runs, was_hit, steps, config.parent, tracebacks)
    if ended.is_proven and found.is_quiet:
        shutil.rmtree(config.parent)
    return ended


def _run_until_quiet(config: Path) -> int:
    """Start the command until it leaves nothing that another run could move; return how often."""
    for runs in range(1, _MOST_RUNS + 1):
        code = run_to_end(config)
        if code in {0, 1} and not _is_open(config.parent / "tieout.db"):
            return runs
    return _MOST_RUNS


def _is_open(ledger: Path) -> bool:
    with closing(sqlite3.connect(ledger)) as connection:
        open_states = "SELECT count(*) FROM events WHERE state IN ('ready', 'sending', 'unknown')"
        return bool(connection.execute(open_states).fetchone()[0])
