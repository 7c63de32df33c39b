"""Read what earlier runs kept in their snapshots: which files they took in, and where each event stood.

They are read one after the other, oldest first and a frame at a time, so that years of them take no memory.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from flows.ledger.run import Run
from flows.reports.snapshots import read_frames, read_head, snapshot_files
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun
from sql.recovery import list_file, not_in_ledger, note_said, pin_times
from sql.reversals import bring_back_reversals
from sql.snapshots import known_snapshots
from transforms.vocabulary import State

_AT_ONCE = 5_000
# Frame by frame, what it says of the events in it where they do not say it themselves.
_STATES: Mapping[str, State | None] = {
    "posted": State.POSTED,
    "refused": State.REFUSED,
    "waiting": None,
    "kept_events": None,
    "kept_reversals": None,
}
_REASONS = {"refused": "message", "waiting": "reason", "kept_events": "reason"}
# Once accepted an undated event has its time for good; while it is held, it has none yet.
_HAS_TIME = {State.POSTED, State.UNKNOWN, State.READY, State.SENDING, State.REFUSED}


@dataclass(frozen=True)
class KeptFile:
    """A file as a snapshot tells of it."""

    sha256: str
    default_site_id: str
    name: str
    run_id: str
    registered_at: datetime


@dataclass(frozen=True)
class Snapshots:
    """The snapshots that the ledger does not have, oldest first, and what cannot be read."""

    paths: Sequence[Path]
    files: Sequence[KeptFile]
    unreadable: Sequence[str]


def find_snapshots(run: Run) -> Snapshots:
    """Find the snapshots of runs that the ledger does not know, and the files that those took in."""
    with run.ledger.begin() as connection:
        known = known_snapshots(connection)
    dated: list[tuple[datetime, Path]] = []
    files: dict[str, KeptFile] = {}
    unreadable = []
    for path in snapshot_files(run.settings):
        if path.name in known:
            continue
        try:
            taken_at = read_head(path)["finished_at"]
            files |= {f"{file.sha256}:{file.default_site_id}": file for file in _files_of(path)}
        except CouldNotRun as error:
            unreadable.append(str(error))
        else:
            dated.append((taken_at, path))
    return Snapshots([path for _, path in sorted(dated)], list(files.values()), unreadable)


def _files_of(path: Path) -> Iterator[KeptFile]:
    for _, frame in read_frames(path, {"kept_files"}):
        for row in frame.to_dict("records"):
            yield KeptFile(
                sha256=row["sha256"],
                default_site_id=row["default_site_id"],
                name=row["name"],
                run_id=row["run_id"],
                registered_at=_moment(row["registered_at"]),
            )


def bring_back_what_took_back(run: Run, snapshots: Snapshots) -> None:
    """Enter again what took entries back: it lies in no file of the archive."""
    last_tries = _last_tries(snapshots)
    with run.ledger.begin() as connection:
        unknown = not_in_ledger(connection, [row["event_id"] for row in last_tries])
        missing = [row for row in last_tries if row["event_id"] in unknown]
        if missing:
            now = utc_now()
            file_id = bring_back_reversals(connection, run.run_id, missing, now)
            list_file(connection, file_id, now)


def _last_tries(snapshots: Snapshots) -> list[dict[str, Any]]:
    """Return what the snapshots kept of each entry that was to be taken back: the last try of it."""
    last: dict[str, dict[str, Any]] = {}
    for path in snapshots.paths:
        for _, frame in read_frames(path, {"kept_reversals"}):
            for row in _records(frame):
                taken_back = row["reversed_event_id"] or row["break_id"]
                tried = last.get(taken_back)
                # Of several tries the last one counts: those before came to nothing, or there would be none after.
                if tried is None or tried["nth"] <= row["nth"]:
                    last[taken_back] = _timed(row)
    return list(last.values())


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    times = {key: _moment(row[key]) for key in ("action_at", "requested_at")}
    return {**row, **times}


def take_what_is_said(run: Run, snapshots: Snapshots) -> Counter[str]:
    """Note beside each listed event what the latest snapshot says of it, and give undated ones their times.

    Return how many rows were posted by snapshots and are in no file of the archive, by the name of their file: of an
    upload by a version that kept no copy, or of a file that somebody took out.
    """
    in_no_file: Counter[str] = Counter()
    for path in snapshots.paths:
        run.progress(f"reading {path.name}")
        run_id = read_head(path)["run_id"]
        for name, frame in read_frames(path, _STATES):
            for start in range(0, len(frame), _AT_ONCE):
                rows = _records(frame.iloc[start : start + _AT_ONCE])
                _take(run, run_id, name, rows)
                if name == "posted":
                    in_no_file.update(_in_no_file(run, rows))
    return in_no_file


def _in_no_file(run: Run, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    with run.ledger.begin() as connection:
        unknown = not_in_ledger(connection, [row["event_id"] for row in rows])
    return [row["file"] for row in rows if row["event_id"] in unknown]


def _take(run: Run, run_id: str, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    said: dict[str, dict[str, Any]] = {}
    times: dict[str, datetime] = {}
    for row in rows:
        state = _STATES[name] or State(row["state"])
        # What was dropped with its plan waits for a person again when it is brought again: nobody ruled against it.
        if state is State.DISCARDED and row.get("is_with_plan"):
            state = State.HELD
        said[row["event_id"]] = {"state": state, "reason": row.get(_REASONS.get(name, ""))}
        if state in _HAS_TIME and row.get("action_at") is not None:
            times[row["event_id"]] = _moment(row["action_at"])
    with run.ledger.begin() as connection:
        note_said(connection, run_id, said)
        pin_times(connection, times)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


def _moment(value: Any) -> datetime:
    moment: datetime = pd.Timestamp(value).to_pydatetime()
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def unreadable_lines(snapshots: Iterable[str]) -> list[str]:
    """Word what could not be read; what it told is unknown, so its events are judged by the services alone."""
    return [f"{line} What it knew is left to the services." for line in snapshots]
