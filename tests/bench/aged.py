"""Time a night, and what people ask for, on a ledger of 1,000 events and on one that is old: what is old costs nothing.

    python -m tests.bench.aged
    TIEOUT_BENCH_AGED=10000000 python -m tests.bench.aged      some 14 GB, and half an hour to fill

Printed is processor time of the whole command, user and system, the least of three, beside the same on the young
ledger, which is the floor. The copy of a ledger in SQLite that is kept beside it costs by its size; it is made by the
clock past 64 MB, and is timed apart.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flows.ledger.backup import back_up
from flows.ledger.connection import open_ledger
from flows.sandbox import start_sandbox
from tests.aged import age
from tests.flows.workplace import Workplace, earned, open_workplace

_EVENTS = int(os.environ.get("TIEOUT_BENCH_AGED", "600000"))
_YOUNG = 1_000
_GOAL = 1.1
_OF_A_NIGHT = 42
_ROUNDS = 3
_NIGHT = ("run", "--plain")
_NIGHTS = ("a night without work", f"a night of {_OF_A_NIGHT} events")
_QUESTIONS = (("breaks", "--open"), ("plan",), ("status",), ("doctor",))


def main() -> int:
    """Print the table; 1 where a night misses the goal."""
    young, old = _measure(_YOUNG), _measure(_EVENTS)
    sys.stdout.write(f"{'processor seconds':<34}{_YOUNG:>12,}{_EVENTS:>14,}   ratio\n")
    for name, seconds in young.items():
        sys.stdout.write(f"{name:<34}{seconds:>12.2f}{old[name]:>14.2f}{old[name] / seconds:>8.2f}\n")
    return 0 if all(old[name] <= _GOAL * young[name] for name in _NIGHTS) else 1


def _measure(events: int) -> dict[str, float]:
    """Return the processor seconds of each command on a ledger of so many events."""
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as name:
        folder = Path(name)
        options = ("--extra-clients", str(_OF_A_NIGHT))
        with start_sandbox(state=folder / "sandbox.db", options=options) as ready:
            workplace = open_workplace(folder, ready, calls_per_day=1_000_000)
            _seconds_of(workplace, _NIGHT)
            begun = time.perf_counter()
            with open_ledger(workplace.settings) as ledger:
                age(ledger, events)
            sys.stdout.write(f"{events:,} events of before filled in {time.perf_counter() - begun:.0f} s\n")
            return _times(workplace, ready)


def _times(workplace: Workplace, ready: dict[str, Any]) -> dict[str, float]:
    _seconds_of(workplace, _NIGHT)  # a first one makes the copy that is due, and warms up what reads
    times = {_NIGHTS[0]: _least(lambda _: _seconds_of(workplace, _NIGHT))}
    clients = ready["mindbody"]["client_ids"][-_OF_A_NIGHT:]

    def post(number: int) -> float:
        workplace.put(f"night{number}.csv", *(earned(client_id, 10 + number) for client_id in clients))
        return _seconds_of(workplace, _NIGHT)

    times[_NIGHTS[1]] = _least(post)
    (event,) = workplace.rows("SELECT event_id FROM events ORDER BY attempt_id DESC LIMIT 1")
    for words in (*_QUESTIONS, ("trace", event["event_id"])):
        times[f"tieout {words[0]}"] = _least(lambda _, words=words: _seconds_of(workplace, words))  # type: ignore[misc]
    copied = time.process_time()
    with open_ledger(workplace.settings) as ledger:
        back_up(workplace.settings, ledger, workplace.folder / "copy.db")
    return {**times, "the copy, where one is due": time.process_time() - copied}


def _least(measure: Callable[[int], float]) -> float:
    return min(measure(number) for number in range(_ROUNDS))


def _seconds_of(workplace: Workplace, words: Sequence[str]) -> float:
    """Return what the command took of the processor, itself and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "flows.cli", *words, "--config", str(workplace.config)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert ended.returncode in {0, 1}, ended.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
