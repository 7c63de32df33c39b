"""Tell whether the ledger that is there is the one that the workspace knows.

What makes it another one: it is behind what the marker saw (a copy of before was put back), it has another identity,
or nothing was ever run in it while the workspace is full of what earlier runs left. Each of these would send again what
was sent before, and say that all is well.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection

from flows.ledger.marker import MarkedLedger, ledger_address, read_marker
from flows.settings.sections import Settings
from sql.identity import Position, knows_run, ledger_position, run_of_number

_RUN_FOLDER = re.compile(r"(?:nightly|upload|settle|reconcile|recover)-(\d{8}T\d{6})-[0-9a-f]{6}")
_WAY_ON = "Nothing was sent. Put the right ledger back, or let `tieout recover` make out what was sent."


class TroubleKind(StrEnum):
    """In what way the ledger is not the one that was there."""

    BEHIND = "behind"
    ANOTHER = "another"
    NEW = "new"
    RECOVERING = "recovering"


@dataclass(frozen=True)
class Trouble:
    """What is wrong with the ledger, and the line that says so with the way on."""

    kind: TroubleKind
    message: str


@dataclass(frozen=True)
class Traces:
    """What earlier runs left in the workspace; each None where there is nothing of the kind."""

    content: Path | None  # a folder of archive, reports or snapshots that is not empty
    run_id: str | None  # the newest run that has a folder of reports, where the ledger does not know it


def find_trouble(settings: Settings, connection: Connection, *, has_tables: bool) -> Trouble | None:
    """Return in what way the ledger is not the one that the workspace knows; None where it is. Changes nothing."""
    marked = read_marker(settings)
    address = ledger_address(settings)
    content = used_folder(settings)
    if not has_tables:
        return compare(None, marked, address, Traces(content, None), known_run_id=None)
    position = ledger_position(connection)
    known = _by_id(marked, position.ledger_id)
    known_run_id = run_of_number(connection, known.run_number) if known else None
    # Without a marker the folders of reports are what is left to tell by.
    newest = None if marked else _newest_run(settings)
    unknown = newest if newest and not knows_run(connection, newest) else None
    return compare(position, marked, address, Traces(content, unknown), known_run_id)


def compare(
    position: Position | None,
    marked: Sequence[MarkedLedger],
    address: str,
    traces: Traces,
    known_run_id: str | None,
) -> Trouble | None:
    """Hold a ledger against what its workspace remembers.

    ``position`` is None where the ledger has no tables; ``known_run_id`` is the run that the ledger itself has under
    the number that the marker saw.
    """
    if position is None or position.is_empty:
        return _compare_empty(position, marked, address, traces)
    known = _by_id(marked, position.ledger_id)
    at_address = next((one for one in marked if one.address == address), None)
    if at_address is not None and at_address.ledger_id != position.ledger_id:
        return _another(at_address)
    if known is not None:
        return _compare_known(position, known, known_run_id)
    # A ledger of a version that kept no marker: it goes on, and gets one with its next run.
    if position.is_from_before:
        return None
    if marked:
        return _another(marked[0])
    return _compare_without_marker(position, traces)


def _compare_empty(
    position: Position | None, marked: Sequence[MarkedLedger], address: str, traces: Traces
) -> Trouble | None:
    """Judge a ledger in which nothing was ever run: fine in a workspace that is as new as it is."""
    used = [one for one in marked if one.run_number]
    if used:
        at_address = [one for one in used if one.address == address]
        seen = (at_address or used)[-1]
        return Trouble(
            TroubleKind.NEW, f"The ledger {address} is empty, and this workspace knows one: {_seen(seen)}. {_WAY_ON}"
        )
    # Its first run may have been killed before it was counted: it is known then, and there is nothing else yet.
    is_known = position is not None and _by_id(marked, position.ledger_id) is not None
    if traces.content is None or is_known:
        return None
    return Trouble(
        TroubleKind.NEW,
        f"The ledger {address} is empty, and this workspace is not: {traces.content} holds what earlier runs left. "
        f"{_WAY_ON}",
    )


def _compare_known(position: Position, known: MarkedLedger, known_run_id: str | None) -> Trouble | None:
    if known.is_recovering:
        return Trouble(
            TroubleKind.RECOVERING,
            "`tieout recover` has begun on this ledger and is not done: run it again. Nothing was sent.",
        )
    is_behind = (
        position.run_number < known.run_number
        or position.file_id < known.file_id
        or position.attempt_id < known.attempt_id
    )
    # A copy that was run again has as many runs, or more, and others.
    is_other_branch = known.run_number > 0 and known_run_id != known.run_id
    if not is_behind and not is_other_branch:
        return None
    has = f"its last run is number {position.run_number}, {position.run_id}"
    missing = "" if position.run_number < known.run_number else ", and what that run did later is missing"
    return Trouble(
        TroubleKind.BEHIND,
        f"The ledger is older than this workspace: {has}{missing}; seen here was {_seen(known)}. {_WAY_ON}",
    )


def _compare_without_marker(position: Position, traces: Traces) -> Trouble | None:
    """Judge by the folders of reports where the marker is lost, or another machine's."""
    newest = _RUN_FOLDER.fullmatch(traces.run_id or "")
    if newest is None or position.started_at is None:
        return None
    # An older one may be of a run that was recorded elsewhere, before this ledger was begun.
    if newest[1] <= f"{position.started_at:%Y%m%dT%H%M%S}":
        return None
    return Trouble(
        TroubleKind.BEHIND,
        f"The ledger is older than this workspace: its last run is {position.run_id}, and the reports here are of "
        f"{traces.run_id} too. {_WAY_ON}",
    )


def _another(known: MarkedLedger) -> Trouble:
    return Trouble(
        TroubleKind.ANOTHER,
        f"The ledger is another one than this workspace knows, {known.ledger_id[:8]} with {_seen(known)}. {_WAY_ON}",
    )


def _seen(known: MarkedLedger) -> str:
    if not known.run_number:
        return "no run yet"
    return f"run number {known.run_number}, {known.run_id} of {known.started_at}"


def _by_id(marked: Sequence[MarkedLedger], ledger_id: str) -> MarkedLedger | None:
    return next((one for one in marked if one.ledger_id == ledger_id), None)


def used_folder(settings: Settings) -> Path | None:
    """Return a folder that shows that runs were made in this workspace; None where it is new."""
    folders = (settings.archive_folder, settings.root / "snapshots", settings.reports_folder)
    return next((folder for folder in folders if _holds_a_file(folder)), None)


def _holds_a_file(folder: Path) -> bool:
    return folder.is_dir() and any(path.is_file() for path in folder.rglob("*"))


def _newest_run(settings: Settings) -> str | None:
    folder = settings.reports_folder
    if not folder.is_dir():
        return None
    matches = [_RUN_FOLDER.fullmatch(path.name) for path in folder.iterdir()]
    of_runs = [match for match in matches if match is not None]
    newest = max(of_runs, key=lambda match: match[1], default=None)
    return None if newest is None else newest[0]
