"""Move what is over for good out of the ledger into Parquet files, and read it there again; nothing is lost on the way.

The order makes a crash harmless: a file is written, synced, read back and compared, and takes its name; then one
transaction writes down its name and hash and deletes what it holds. Killed before that, the ledger has everything, and
a file that nobody refers to is written anew by the next try.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.readers.files import sha256_of
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, said_of
from flows.runtime.interrupt import stop_requested
from flows.runtime.whole_file import part_of, sync
from flows.settings.sections import Settings
from sql.old_attempts import KeptFile, archives_of_attempt, move_out, moves_of, old_attempts

if TYPE_CHECKING:
    import pyarrow as pa

# A part takes a second or two, and whoever else writes to the ledger waits for it.
_MOST_IN_A_FILE = 20_000
_ATTEMPT = (
    "attempt_id", "event_id", "run_id", "claimed_at", "lease_until", "fingerprint", "lane", "answered_at", "verdict",
    "http_status", "code", "message", "duration_ms", "balance", "returned", "is_echo",
)  # fmt: skip
_MOVE = ("transition_id", "from_state", "to_state", "at", "run_id", "reason", "attempt_id")


@dataclass(frozen=True)
class MovedOut:
    """What a file tells of one attempt: its answer, and the moves of its event, as rows of the ledger tell them."""

    answer: Any
    moves: Sequence[Any]


def move_old(settings: Settings, ledger: Ledger, before_at: datetime, by: str) -> Iterator[KeptFile]:
    """Move it out, a file and a transaction at a time; give each file once the ledger has let go of what it holds."""
    folder = settings.old_attempts_folder
    after_id = 0
    while not stop_requested.is_set():
        with ledger.begin() as connection:
            # Looked for in the transaction that deletes it: what has become of an event meanwhile is seen.
            rows = old_attempts(connection, before_at, after_id, _MOST_IN_A_FILE)
            if not rows:
                return
            file = _write(folder, _table_of(connection, rows), rows)
            move_out(connection, rows, file, before_at=before_at, by=by, now=utc_now())
        after_id = rows[-1].attempt_id
        yield file


def read_moved_out(settings: Settings, connection: Connection, attempt_id: int) -> MovedOut | None:
    """Return what was moved out of one attempt; None where no file has it.

    `CouldNotRun` where a file that may have it is not there, or not the one that was written.
    """
    for archive in archives_of_attempt(connection, attempt_id):
        path = settings.old_attempts_folder / archive.name
        if not path.exists() or sha256_of(path) != archive.sha256:
            state = "has changed since it was written" if path.exists() else "is not there"
            raise CouldNotRun(f"What was sent then was moved to {path}, which {state}: put it back from a backup.")
        found = _find_in(path, attempt_id)
        if found is not None:
            return found
    return None


def _find_in(path: Path, attempt_id: int) -> MovedOut | None:
    import pyarrow.parquet as pq

    rows = pq.read_table(path, filters=[("attempt_id", "=", attempt_id)]).to_pylist()
    if not rows:
        return None
    moves = [_Told({**move, "at": datetime.fromisoformat(move["at"])}) for move in json.loads(rows[0]["moves"])]
    return MovedOut(_Told(rows[0]), moves)


class _Told:
    """A row that was read from a file, with attributes as a row of the ledger has."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)


def _table_of(connection: Connection, rows: Sequence[Row[Any]]) -> "pa.Table":
    """Return a row per attempt, with the moves of its event as JSON."""
    import pyarrow as pa

    moves = _moves_by_event(connection, [row.event_id for row in rows])
    columns: dict[str, list[Any]] = {}
    for name in _ATTEMPT:
        columns[name] = [getattr(row, name) for row in rows]
    columns["moves"] = [json.dumps(moves[row.event_id]) for row in rows]
    return pa.table(columns, schema=_schema())


def _moves_by_event(connection: Connection, event_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    moves: dict[str, list[dict[str, Any]]] = {event_id: [] for event_id in event_ids}
    for move in moves_of(connection, list(moves)):
        told = {name: getattr(move, name) for name in _MOVE}
        told["at"] = move.at.isoformat()
        moves[move.event_id].append(told)
    return moves


def _schema() -> "pa.Schema":
    import pyarrow as pa

    moment, whole, text = pa.timestamp("us", tz="UTC"), pa.int64(), pa.string()
    types = {
        **dict.fromkeys((*_ATTEMPT, "moves"), text),
        **dict.fromkeys(("claimed_at", "lease_until", "answered_at"), moment),
        **dict.fromkeys(("attempt_id", "http_status", "balance"), whole),
        "duration_ms": pa.float64(),
        "is_echo": pa.bool_(),
    }
    return pa.schema(list(types.items()))


def _write(folder: Path, table: "pa.Table", rows: Sequence[Row[Any]]) -> KeptFile:
    """Write a file that outlasts a power cut, and read it back before anything relies on it."""
    import pyarrow.parquet as pq

    part = part_of(folder / "attempts.parquet")  # its own name tells its hash, which nobody knows yet
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, part, compression="zstd")
        sync(part)
        if not pq.read_table(part).equals(table):
            raise CouldNotRun(f"{part} reads otherwise than it was written: nothing was taken out of the ledger.")
        sha256 = sha256_of(part)
        name = f"attempts-{rows[0].attempt_id:09}-{rows[-1].attempt_id:09}.{sha256[:12]}.parquet"
        part.replace(folder / name)
        sync(folder)
    except OSError as error:
        raise CouldNotRun(f"{said_of(error)} Nothing more was taken out of the ledger.") from None
    finally:
        part.unlink(missing_ok=True)
    return KeptFile(name, sha256, (folder / name).stat().st_size)
