"""How long registering takes, against the bare ``executemany`` (SQLite) or COPY (PostgreSQL) of the same rows.

Registering is all that comes after the check: identity, fates, constraints, indexes, the durable commit. The bare
rows are those that the ledger then holds, ready as tuples, into a table without a key, check or index, committed as
durably. Both run side by side, each in a process of its own, whose memory tells what it needed.

    TIEOUT_BENCH_EVENTS   how many events; 200,000 without it
    TIEOUT_BENCH_CLIENTS  of how many clients; a twentieth of the events without it
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import SecretStr
from sqlalchemy import Connection

from flows.intake.check import PART_ROWS
from flows.intake.checked_events import CheckedEvents
from flows.intake.register import IDENTITY, staged_columns
from flows.intake.spool import Spool
from flows.ledger.connection import Ledger, open_ledger
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.register import NewFile, register_file
from sql.runs import start_run
from sql.tables.events import events
from tests.bench.goals import Goal, tell
from tests.postgresql import postgresql_server
from transforms.check.events import EVENTS
from transforms.identity.event_ids import add_content_keys, identify

_EVENTS = int(os.environ.get("TIEOUT_BENCH_EVENTS", "200000"))
_CLIENTS = int(os.environ.get("TIEOUT_BENCH_CLIENTS", str(max(1, _EVENTS // 20))))
_SHA256 = "0" * 64
_RUN_ID = "nightly-20260101T000000-000000"
_FIXED_SEED = 7
_GOAL = 1.5
_RIVALS = {"sqlite": "executemany", "postgresql": "COPY"}


def main() -> None:
    """Print one line per database: seconds, events a second, ratio, memory."""
    say(f"registering {_EVENTS:,} events of {_CLIENTS:,} clients")
    for home in ("sqlite", "postgresql"):
        with address(home) as url:
            bare = measure("bare", url)
        with address(home) as url:
            whole = measure("register", url)
        ratio = whole["seconds"] / bare["seconds"]
        say(
            f"{home:<11} bare {bare['seconds']:6.1f} s   registered {whole['seconds']:6.1f} s"
            f" ({_EVENTS / whole['seconds']:,.0f}/s)   ratio {ratio:.2f} (goal {_GOAL})"
            f"   memory {whole['start_mb']:,.0f} MB at the start, {whole['more_mb']:,.0f} MB more at the peak"
        )
        tell(Goal(f"registering {_EVENTS:,}, {home}", ratio, _GOAL, "times", _RIVALS[home]))


def say(line: str) -> None:
    """Print at once, since a line takes minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def address(home: str) -> Iterator[str]:
    """Give an empty database, durable as in production."""
    with tempfile.TemporaryDirectory() as folder, nullcontext() if home == "sqlite" else postgresql_server() as server:
        yield server.url() if server else f"sqlite:///{folder}/ledger.db"


def measure(what: str, url: str) -> dict[str, float]:
    """Run one measurement in a fresh process."""
    command = [sys.executable, "-m", "tests.bench.registering", what, url]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])  # noqa: S603
    return json.loads(done.stdout)


def run_one(what: str, url: str) -> dict[str, float]:
    """Measure here: seconds, and memory before and at the peak."""
    with open_ledger(Settings(database_url=SecretStr(url))) as ledger:
        with ledger.begin() as connection:
            start_run(connection, _RUN_ID, "nightly", utc_now())
        work = prepare_register() if what == "register" else prepare_bare(ledger)
        before = peak_mb()
        started = time.perf_counter()
        work(ledger)
        return {
            "seconds": time.perf_counter() - started,
            "start_mb": before,
            "more_mb": peak_mb() - before,
        }


def prepare_register() -> Callable[[Ledger], None]:
    """Lay the checked events ready, outside of memory."""
    parts: Spool[pd.DataFrame] = Spool()
    for part in synthetic_events():
        parts.append(part)
    return partial(register, parts=parts)


def register(ledger: Ledger, parts: Iterable[pd.DataFrame]) -> None:
    """Do what the check does to keep events, and `flows.intake.register.register` with a file that has no bad row."""
    kept = CheckedEvents()
    for part in parts:
        kept.add(add_content_keys(part))
    rows = (columns for events in kept.identified(_SHA256, "") for columns in staged_columns(events))
    new = NewFile(_SHA256, "bench.csv", "", rejected=[], rejected_count=0, skipped=[])
    with ledger.begin() as connection:
        registered = register_file(connection, new, rows, identity=IDENTITY, run_id=_RUN_ID, now=utc_now())
    assert registered is not None
    assert registered.accepted == _EVENTS


def prepare_bare(ledger: Ledger) -> Callable[[Ledger], None]:
    """Make the rows as the ledger holds them, and the table without anything that guards it."""
    now = utc_now()
    names = list(events.c.keys())
    with ledger.begin() as connection:
        types = {c.name: c.type.compile(connection.dialect) for c in events.c}
        columns = ", ".join(f"{name} {types[name]}" for name in names)
        connection.exec_driver_sql(f"CREATE TABLE bare ({columns})")
        identified = identify(pd.concat(list(synthetic_events()), ignore_index=True), _SHA256)
        rows = [row for chunk in staged_columns(identified) for row in as_held(connection, chunk, now)]

    def insert(ledger: Ledger) -> None:
        with ledger.begin() as connection:
            if connection.dialect.name == "sqlite":
                marks = ", ".join("?" * len(names))
                connection.exec_driver_sql(f"INSERT INTO bare VALUES ({marks})", rows)  # noqa: S608
                return
            with connection.connection.cursor().copy("COPY bare FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)

    return insert


def as_held(connection: Connection, chunk: Any, now: Any) -> Iterator[tuple[Any, ...]]:
    """Complete a chunk with what registering adds, bound as the driver takes it."""
    length = len(chunk["event_id"])
    fixed = {
        "file_id": 1,
        "run_id": _RUN_ID,
        "state_run_id": _RUN_ID,
        "registered_at": now,
        "state_at": now,
        "first_state": "ready",
        "state": "ready",
    }
    filled = {name: [value] * length for name, value in fixed.items()} | {"order_at": chunk["action_at"]} | dict(chunk)
    columns = []
    for column in events.c:
        bind = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        values = filled.get(column.name, [None] * length)
        columns.append([bind(value) for value in values] if bind else values)
    return zip(*columns, strict=True)


def synthetic_events() -> Iterator[pd.DataFrame]:
    """Make good rows of one site, in order of time, as `check` gives them, part by part."""
    random = np.random.default_rng(_FIXED_SEED)
    for first in range(0, _EVENTS, PART_ROWS):
        yield synthetic_part(random, np.arange(first, min(first + PART_ROWS, _EVENTS)))


def synthetic_part(random: np.random.Generator, numbers: np.ndarray) -> pd.DataFrame:
    """Make the rows of these numbers."""
    sources = np.array(["Sale", "Class Booking", "Appointment Booking", "Referral"], dtype=object)
    length = len(numbers)
    columns = {
        "sheet": None,
        "row": numbers + 2,
        "kind": "earned",
        "target": "mindbody",
        "site_id": "-99",
        "client_id": (100_000_000 + random.integers(0, _CLIENTS, length)).astype(str),
        "action": "Earned",
        "points": random.integers(1, 500, length),
        "source": sources[random.integers(0, len(sources), length)],
        "source_id": random.integers(1, 10_000_000, length),
        "action_at": pd.to_datetime(1_700_000_000 + numbers * 7, unit="s", utc=True),
        "fingerprint": random.integers(-(2**63), 2**63 - 1, length),
    }
    made = pd.DataFrame(columns, index=range(length)).reindex(columns=list(EVENTS.columns))
    dtypes = {name: str(column.dtype).replace("string[python]", "str") for name, column in EVENTS.columns.items()}
    return made.astype(dtypes).assign(amount=pd.Series([None] * length, dtype=object))


def peak_mb() -> float:
    """Return the most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if len(sys.argv) == 3:
        json.dump(run_one(*sys.argv[1:]), sys.stdout)
    else:
        main()
