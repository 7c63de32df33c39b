"""What a workspace remembers of its ledger, beside it: who it is, and how far it had come when last seen.

A ledger that was restored from a copy, or begun anew, says that nothing is wrong: what was sent since is simply not in
it. Only something outside can tell. So the order of every run is: its number is committed to the ledger, then the
marker is written, then something is sent. Killed in between, the ledger is ahead of its marker, never behind it.

The marker is one file of the workspace. It holds a line a ledger, since settings may name another one for the same
folder, and each of several machines on one PostgreSQL ledger has a marker of its own.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from flows.ledger.address import database_address
from flows.runtime.alone import alone
from flows.runtime.errors import NotCounted
from flows.runtime.whole_file import written_whole
from flows.settings.sections import Settings
from sql.identity import Position

_VERSION = 1


@dataclass(frozen=True)
class MarkedLedger:
    """One ledger as the workspace saw it last; the numbers are those of `sql.identity.Position`."""

    ledger_id: str
    address: str  # below the workspace where it lies there, so that both may be moved together
    run_number: int
    run_id: str | None
    started_at: str | None  # of that run
    file_id: int
    attempt_id: int
    is_recovering: bool = False  # `tieout recover` has begun on it and is not done
    came_with_run: int = 0  # the last run that it had when this workspace first saw it; 0: it began here


def marker_path(settings: Settings) -> Path:
    """Return where the workspace keeps its marker."""
    return settings.root / ".tieout" / "marker.json"


def ledger_address(settings: Settings) -> str:
    """Name the place of the ledger, without user, password or option."""
    url = database_address(settings.ledger_url)
    if url.get_backend_name() != "sqlite":
        host = url.host or url.query.get("host") or "the local socket"
        port = url.port or 5432
        return f"{host}:{port}/{url.database}"
    path = Path(url.database or "")
    # By its place in the workspace, which may be moved as a whole.
    if path.is_relative_to(settings.root):
        path = path.relative_to(settings.root)
    return str(path)


def read_marker(settings: Settings) -> tuple[MarkedLedger, ...]:
    """Return the ledgers that the workspace knows; none where there is no marker, or none that can be understood."""
    path = marker_path(settings)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise NotCounted(
            f"The ledger's marker {path} cannot be read: {error.strerror}. Nothing is sent without it: give this user "
            "the right to read it, and run again."
        ) from None
    try:
        kept = json.loads(content)
        return tuple(MarkedLedger(**one) for one in kept["ledgers"])
    except (ValueError, KeyError, TypeError):
        # Half of a file after a power cut, or somebody's edit: as good as lost, and judged as if it were.
        return ()


def came_with_run(settings: Settings, ledger_id: str) -> int:
    """Return the number of the last run that a ledger had when this workspace first saw it; 0: it began here."""
    return next((one.came_with_run for one in read_marker(settings) if one.ledger_id == ledger_id), 0)


def advance_marker(settings: Settings, position: Position, *, durably: bool = True) -> None:
    """Remember that the ledger has come this far; what was seen further on stays.

    Not ``durably``, a power cut may leave an older one behind, which is less strict and never wrong. Raises
    `NotCounted` where the workspace cannot be written to.
    """
    seen = _seen(settings, position)
    with _alone(settings):
        before: MarkedLedger | None = None
        others: list[MarkedLedger] = []
        for one in read_marker(settings):
            if one.ledger_id == position.ledger_id:
                before = before or one
            else:
                others.append(one)
        first = before or replace(seen, came_with_run=position.run_number)
        _write(settings, (*others, _further(first, seen)), durably=durably)


def replace_marker(settings: Settings, position: Position, *, is_recovering: bool) -> None:
    """Let this ledger, as it stands, take the place of whatever was known at its address or by its id."""
    seen = replace(_seen(settings, position), is_recovering=is_recovering)
    with _alone(settings):
        others = [one for one in read_marker(settings) if seen.ledger_id != one.ledger_id]
        elsewhere = [one for one in others if one.address != seen.address]
        _write(settings, (*elsewhere, seen), durably=True)


def _seen(settings: Settings, position: Position) -> MarkedLedger:
    return MarkedLedger(
        ledger_id=position.ledger_id,
        address=ledger_address(settings),
        run_number=position.run_number,
        run_id=position.run_id,
        started_at=f"{position.started_at:%Y-%m-%d %H:%M}Z" if position.started_at else None,
        file_id=position.file_id,
        attempt_id=position.attempt_id,
    )


def _further(before: MarkedLedger, seen: MarkedLedger) -> MarkedLedger:
    """Return the further of both, number by number: of two runs at once either may come here first."""
    latest = before if before.run_number > seen.run_number else seen
    return replace(
        latest,
        address=seen.address,
        file_id=max(before.file_id, seen.file_id),
        attempt_id=max(before.attempt_id, seen.attempt_id),
        is_recovering=before.is_recovering,
        came_with_run=before.came_with_run,
    )


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Let no other process of this machine change the marker meanwhile."""
    try:
        with alone(marker_path(settings).with_name("marker.lock")):
            yield
    except OSError as error:
        raise _unwritable(settings, error) from None


def _write(settings: Settings, marked: Sequence[MarkedLedger], *, durably: bool) -> None:
    path = marker_path(settings)
    text = json.dumps({"version": _VERSION, "ledgers": [asdict(one) for one in marked]}, indent=1)
    try:
        with written_whole(path, durably=durably) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(settings, error) from None


def _unwritable(settings: Settings, error: OSError) -> NotCounted:
    return NotCounted(
        f"The ledger's marker {marker_path(settings)} cannot be written: {error.strerror}. Nothing is sent without "
        "it: give this user the right to write there, or make room, and run again."
    )
