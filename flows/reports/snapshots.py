"""Keep everything that a run's report was made of, so that it can be made again without asking anybody.

One file per run below the workspace, compressed JSON, whose hash stands in the ledger: the ledger stays small, and a
file that was changed shows. Frames are written column by column with their types, so that they are read as they were.
"""

import gzip
import json
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row

from flows.ledger.removed import read_removed
from flows.reports.report import COLUMNS, Report, rows
from flows.reports.unread import unread_frame, unread_in
from flows.runtime.errors import CouldNotRun
from flows.runtime.whole_file import written_whole
from flows.settings.sections import Settings
from sql.snapshots import find_snapshot, last_snapshot, last_told_decision_id, record_snapshot
from transforms.totals.client_balances import balances_of_run
from transforms.vocabulary import RunKind

_FOLDER = "snapshots"
_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 3  # of compression: a third of the time of the usual one for a tenth more bytes


def keep_snapshot(
    settings: Settings, connection: Connection, report: Report, read_back: Mapping[str, pd.DataFrame]
) -> None:
    """Write the snapshot of a finished run, and its hash into the ledger; with what was read back, record by record.

    ``read_back`` are frames by name that no report is made of: what was read back, and what a recovery needs.
    """
    path = snapshot_path(settings, report.run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = _packed(_lines(report, read_back))
    # Renamed when it is whole: a process that is killed here leaves no half of a snapshot under its name.
    # The ledger keeps its hash: after a power cut it must be there, too.
    with written_whole(path, durably=True) as part:
        part.write_bytes(content)
    record_snapshot(
        connection,
        report.run_id,
        taken_at=report.finished_at,
        name=path.name,
        sha256=sha256(content).hexdigest(),
        size_bytes=len(content),
        last_decision_id=_last_told(connection, report),
    )


def _packed(lines: Iterator[str]) -> bytes:
    """Return the lines as gzip has them, line by line: at once, those of a long night would all be there as text."""
    # Without the time of writing, so that the same report has the same hash.
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    packed = [packer.compress(line.encode()) for line in lines]
    return b"".join([*packed, packer.flush()])


def _last_told(connection: Connection, report: Report) -> int:
    """Return the last decision that this report tells, or one before it did: the next report begins after it."""
    told = rows(report, "decisions")["decision_id"]
    return int(told.max()) if len(told) else last_told_decision_id(connection)


def read_snapshot(settings: Settings, connection: Connection, run_id: str) -> Report:
    """Return what a run's report was made of; ``latest`` is the last run. `CouldNotRun` says why it is not there."""
    row = _find(connection, run_id)
    path = settings.root / _FOLDER / row.name
    try:
        content = path.read_bytes()
    except OSError:
        why = _when_removed(settings, path) or f"{path} cannot be read"
        raise CouldNotRun(f"The snapshot of run {row.run_id} is gone: {why}.") from None
    # A report that is made again must be the one that was signed off: from changed figures none is made at all.
    if sha256(content).hexdigest() != row.sha256:
        raise CouldNotRun(
            f"The snapshot of run {row.run_id} is not the one that was kept: {path} was changed or is damaged."
        )
    return _read(gzip.decompress(content).decode())


def _when_removed(settings: Settings, path: Path) -> str:
    named = str(path.relative_to(settings.root))
    removed = [one for one in read_removed(settings) if one.path == named]
    if not removed:
        return ""
    day = removed[-1].at[:10]
    return f"keeping house removed it on {day} (keep.snapshots_days)"


def _find(connection: Connection, run_id: str) -> Row[Any]:
    last = last_snapshot(connection)
    found = last if run_id == "latest" else find_snapshot(connection, run_id)
    if found is not None:
        return found
    hint = f"the last one is {last.run_id}." if last else "none was kept so far."
    raise CouldNotRun(f"There is no report of run {run_id}: {hint}")


def _lines(report: Report, read_back: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """Yield one line with all that is no frame; then per frame one line about it, and one per column."""
    head = {part.name: getattr(report, part.name) for part in fields(report) if part.name not in COLUMNS}
    yield _dumped(head)
    for name in COLUMNS:
        yield from _frame_lines(name, rows(report, name))
    # What was read back is kept as evidence: the report is made again without it.
    for name, frame in read_back.items():
        yield from _frame_lines(name, frame)


def _frame_lines(name: str, frame: pd.DataFrame) -> Iterator[str]:
    types = {str(column): str(dtype) for column, dtype in frame.dtypes.items()}
    yield _dumped({"frame": name, "rows": len(frame), "types": types})
    for column in frame.columns:
        # Most of a night's frames are empty.
        values = _plain(frame[column]) if len(frame) else []
        yield _dumped(values)


def _plain(column: "pd.Series[Any]") -> list[Any]:
    # Times as whole numbers of their own unit: text would cost more, and a missing one has its number too.
    if str(column.dtype).startswith("datetime64"):
        return column.astype("int64").tolist()
    pairs = zip(column.tolist(), column.isna().tolist(), strict=True)
    return [None if is_missing else value for value, is_missing in pairs]


def _dumped(value: object) -> str:
    return json.dumps(value, default=_tagged) + "\n"


def _tagged(value: object) -> object:
    match value:
        case Decimal():
            return {"decimal": str(value)}
        case datetime():
            return {"at": value.astimezone(UTC).isoformat()}
        case date():
            return {"on": value.isoformat()}
        case _ if hasattr(value, "item"):  # a number of numpy in a column of objects
            return value.item()
        case _ if hasattr(value, "keys"):  # the totals, which are any mapping
            return dict(value)  # type: ignore[call-overload]
        case _:
            return list(value)  # type: ignore[call-overload]


def _untagged(value: dict[str, Any]) -> Any:
    match value:
        case {"decimal": text, **rest} if not rest:
            return Decimal(text)
        case {"at": text, **rest} if not rest:
            return datetime.fromisoformat(text)
        case {"on": text, **rest} if not rest:
            return date.fromisoformat(text)
        case _:
            return value


def _read(text: str) -> Report:
    # At line feeds alone: splitlines would also break at separators that stand inside a text.
    written = (line for line in text.split("\n") if line)
    parsed = (json.loads(line, object_hook=_untagged) for line in written)
    parts: dict[str, Any] = next(parsed)
    for about in parsed:
        parts[about["frame"]] = _read_frame(about, parsed)
    # JSON has lists and no tuples.
    if parts["period"]:
        parts["period"] = tuple(parts["period"])
    parts["zones"] = tuple((site_id, zone) for site_id, zone in parts.get("zones", []))
    _fill_in(parts)
    known = {part.name for part in fields(Report)} & parts.keys()
    return Report(**{name: parts[name] for name in known})


def _fill_in(parts: dict[str, Any]) -> None:
    """Give a snapshot of before what came since; frames that it lacks altogether the report shows empty."""
    for name in COLUMNS:
        if name != "balances":
            parts.setdefault(name, pd.DataFrame())
    totals = parts["totals"]
    totals.setdefault("withheld", 0)
    # Nobody asked then whether the services agree: what was open then tells.
    totals.setdefault("agrees", not totals["breaks_open"])
    parts["by_client"] = _with_proof(parts["by_client"], parts["finished_at"])
    parts.setdefault("balances", _balances_of_before(parts))
    if "not_read" in parts:
        parts["not_read"] = unread_frame(unread_in(parts["not_read"]))
    for name in ("posted", "refused", "breaks"):
        parts[name] = _with_columns(parts[name], COLUMNS[name])


def _with_columns(frame: pd.DataFrame, columns: Collection[str]) -> pd.DataFrame:
    """Return the frame with the columns that came since it was kept, empty."""
    if not len(frame):
        return frame
    missing = [column for column in columns if column not in frame]
    return frame.assign(**dict.fromkeys(missing))


def _with_proof(by_client: pd.DataFrame, read_at: datetime) -> pd.DataFrame:
    """Return the balances with how they were proved: before that was told, every one was read."""
    if by_client.empty or "proof" in by_client:
        return by_client
    return by_client.assign(proof="read", proved_since_at=pd.Timestamp(read_at))


def _balances_of_before(parts: Mapping[str, Any]) -> pd.DataFrame:
    """Return the balances from one end to the other, as far as a snapshot of before tells them."""
    by_client: pd.DataFrame = parts["by_client"]
    if by_client.empty:
        return by_client
    is_of_run = parts["kind"] != RunKind.RECONCILE
    return balances_of_run(by_client, parts["posted"], read_clients=(), is_of_run=is_of_run)


def _read_frame(about: Mapping[str, Any], parsed: Iterator[Any]) -> pd.DataFrame:
    """Take a frame's columns off the lines that follow: `_frame_lines` writes them in the order of the types."""
    columns = {name: _typed(next(parsed), dtype) for name, dtype in about["types"].items()}
    # The index is given, since a frame of no columns has rows all the same.
    return pd.DataFrame(columns, index=range(about["rows"]))


def read_head(path: Path) -> dict[str, Any]:
    """Return all that a snapshot says of its run and that is no frame; `CouldNotRun` where it cannot be read."""
    with _lines_of(path) as lines:
        head: dict[str, Any] = _loaded(next(lines))
        return head


def read_frames(path: Path, names: Collection[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give the frames of these names, one in memory at a time; `CouldNotRun` where the snapshot cannot be read.

    A snapshot that an older version took may have fewer frames.
    """
    with _lines_of(path) as lines:
        next(lines)
        for line in lines:
            about = _loaded(line)
            columns = [next(lines) for _ in about["types"]]
            # What nobody asked for is passed over as text.
            if about["frame"] in names:
                yield about["frame"], _read_frame(about, map(_loaded, columns))


@contextmanager
def _lines_of(path: Path) -> Iterator[Iterator[str]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
            yield (line for line in file if line.strip())
    except (OSError, EOFError, zlib.error, ValueError, KeyError, StopIteration) as error:
        raise CouldNotRun(f"The snapshot {path} cannot be read ({type(error).__name__}): it is damaged.") from None


def _loaded(line: str) -> Any:
    return json.loads(line, object_hook=_untagged)


def snapshot_files(settings: Settings) -> list[Path]:
    """Return every snapshot of the workspace, by name."""
    return sorted((settings.root / _FOLDER).glob("*.json.gz"))


def _typed(values: list[Any], dtype: Any) -> "pd.Series[Any]":
    if dtype.startswith("datetime64"):
        numbers = pd.Series(values, dtype="int64")
        return pd.Series(numbers.astype(dtype))
    typed: pd.Series[Any] = pd.Series(values, dtype=dtype)
    return typed


def snapshot_path(settings: Settings, run_id: str) -> Path:
    """Return where the snapshot of a run lies."""
    return settings.root / _FOLDER / f"{run_id}.json.gz"
