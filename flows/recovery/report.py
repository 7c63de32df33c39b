"""Say what a recovery made out, and how: a line for a person, every event in a file, and the same as JSON.

The events are read from the ledger and written one by one: a recovery may go over all that was ever sent.
"""

import csv
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.ledger.not_read import not_read_json
from flows.ledger.run import Run
from flows.recovery.archive import ArchiveRead
from flows.runtime.clock import utc_now
from flows.runtime.errors import ExitCode, said_of
from flows.runtime.visible import plain_cell
from flows.runtime.whole_file import written_whole
from sql.budget import calls_made
from sql.recovery import proofs_by_how, proofs_of_run, recovering_calls, recovering_left
from sql.runs import finish_run, waiting_counts
from transforms.destinations import NotRead
from transforms.vocabulary import How, State, Target

_COLUMNS = (
    *("event_id", "decided", "how", "reason", "kind", "site_id", "client_id", "reward_id", "points", "amount"),
    *("action_at", "file", "sheet", "row", "evidence"),
)
_HOW = {
    (State.POSTED, How.SERVICE): "was sent: the service shows it",
    (State.POSTED, How.SNAPSHOT): "was sent: a snapshot has it as posted, and the service does not show it now",
    (State.DISCARDED, How.SNAPSHOT): "stays discarded, as a snapshot says",
    (State.DISCARDED, How.NOT_SHOWN): "stays discarded with its plan",
    (State.DISCARDED, How.AMBIGUOUS): "stays discarded with its plan",
    (State.DISCARDED, How.NO_TIME): "stays discarded with its plan",
    (State.HELD, How.NOT_SHOWN): "held: nothing shows that it was sent",
    (State.HELD, How.AMBIGUOUS): "held: what the service shows may be it, or something else",
    (State.HELD, How.NO_TIME): "held: its row has no time, and no snapshot knows the one it was given",
}


@dataclass(frozen=True)
class Recovery:
    """How a recovery ended; ``run_id`` is None where there was nothing to make out."""

    run_id: str | None
    registered: int  # files of the archive
    known: int
    decided: dict[str, dict[str, int]]  # posted, held, discarded: by what it is known
    left: int  # events that are still to be looked at
    days_left: int | None  # None: nothing is left, or not for want of calls
    held: int  # events of any run that wait for a person
    lost: Sequence[NotRead]  # files of the archive that are damaged or missing: no night runs without them
    not_read: Sequence[NotRead]  # clients, sites and services that nobody could look at
    report: Path | None
    notes: Sequence[str]
    failures: Sequence[str]

    @property
    def exit_code(self) -> ExitCode:
        """Return what the end means for the caller: what could not be looked at yet asks for another run."""
        if self.failures or self.lost or self.not_read or self.left:
            return ExitCode.COULD_NOT_RUN
        return ExitCode.NEEDS_A_PERSON if self.held else ExitCode.TIES_OUT

    def to_json(self) -> dict[str, Any]:
        """Return the documented object but for its last key, ``events``: see `event_records`."""
        return {
            "run_id": self.run_id,
            "files_registered": self.registered,
            "files_known": self.known,
            **{state.value: self.decided.get(state.value, {}) for state in (State.POSTED, State.HELD, State.DISCARDED)},
            "left": self.left,
            "days_left": self.days_left,
            "waiting": self.held,
            "not_read": not_read_json([*self.lost, *self.not_read]),
            "notes": list(self.notes),
            "report": None if self.report is None else str(self.report),
        }


def report_recovery(run: Run, archive: ArchiveRead) -> Recovery:
    """Write the report of a recovery and close its run."""
    path = None
    try:
        path = _write(run)
    except OSError as error:
        # What was made out stands in the ledger; the run is closed all the same.
        run.failures.append(f"The report cannot be written: {said_of(error)} What was made out stands in the ledger.")
    with run.ledger.begin() as connection:
        left = recovering_left(connection)
        recovery = Recovery(
            run_id=run.run_id,
            registered=archive.registered,
            known=archive.known,
            decided=_decided(proofs_by_how(connection, run.run_id)),
            left=int(left.events),
            days_left=_days_left(run, connection),
            held=int(waiting_counts(connection).held),
            lost=tuple(NotRead(one.what, one.why) for one in archive.lost),
            not_read=tuple(run.not_read.values()),
            report=path,
            notes=tuple(run.notes),
            failures=tuple(run.failures),
        )
        failure = " ".join(run.failures) or None
        finish_run(connection, run.run_id, utc_now(), recovery.to_json(), failure)
    return recovery


def _decided(rows: Sequence[Row[Any]]) -> dict[str, dict[str, int]]:
    decided: dict[str, dict[str, int]] = {}
    for row in rows:
        decided.setdefault(row.decided, {})[row.how] = int(row.events)
    return decided


def _days_left(run: Run, connection: Connection) -> int | None:
    """Return how many more days the calls take that are left to make; None where today's are not spent."""
    calls_per_day = run.settings.mindbody.calls_per_day
    left = recovering_calls(connection)
    if not left.clients or calls_made(connection, Target.MINDBODY, utc_now().date()) < calls_per_day:
        return None
    per_day = max(1, calls_per_day - int(left.sites))
    return math.ceil(int(left.clients) / per_day)


def _write(run: Run) -> Path:
    folder = run.settings.reports_folder / run.run_id
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.run_id}.csv"
    with written_whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for record in event_records(run.ledger, run.run_id):
            writer.writerow([_cell(record[name]) for name in _COLUMNS])
    return path


def event_records(ledger: Ledger, run_id: str) -> Iterator[dict[str, Any]]:
    """Give each event that the run made out, in the order in which it did, as plain values."""
    with ledger.begin() as connection:
        for row in proofs_of_run(connection, run_id):
            yield {
                "event_id": row.event_id,
                "decided": row.decided,
                "how": row.how,
                "reason": row.reason,
                "kind": row.kind,
                "site_id": row.site_id or None,
                "client_id": row.client_id,
                "reward_id": row.reward_id,
                "points": row.points,
                "amount": row.amount,
                "action_at": row.action_at and f"{row.action_at:%Y-%m-%dT%H:%M:%SZ}",
                "file": row.file,
                "sheet": row.sheet,
                "row": row.row_number,
                "evidence": json.loads(row.evidence),
            }


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return json.dumps(value)
    return plain_cell(value) if isinstance(value, str) else value


def recovery_lines(recovery: Recovery) -> Iterator[str]:
    """Tell a recovery to a person: what was made out and how, what is left, and what to do."""
    if recovery.run_id is None:
        yield "Nothing to recover: the ledger is the one that this workspace knows, and has every file of the archive."
        yield "Where a whole machine was put back to an earlier day nothing shows that: `tieout recover --older` looks."
    else:
        yield f"files of the archive: {recovery.registered:,} registered now, not to be sent; {recovery.known:,} known."
    for decided, by_how in recovery.decided.items():
        for how, count in by_how.items():
            yield f"  {count:>8,}  {_HOW[State(decided), How(how)]}"
    for one in (*recovery.lost, *recovery.not_read):
        yield f"not read: {one.what}: {one.why}"
    yield from recovery.notes
    yield from _what_is_left(recovery)
    if recovery.held:
        yield f"{recovery.held:,} held: `tieout plan` lists them with what is known. Only a person lets them be sent."
    if recovery.report is not None:
        yield f"report: {recovery.report}"


def _what_is_left(recovery: Recovery) -> Iterator[str]:
    if recovery.lost:
        yield (
            "No night runs before every file is there: put it back, or give it by `tieout recover FILE`. Where it is "
            "gone for good, `tieout recover --without NAME` goes on; its rows are then new, and paid if they come."
        )
    if not recovery.left:
        return
    when = "run `tieout recover` again"
    if recovery.days_left is not None:
        days = "1 more day" if recovery.days_left == 1 else f"{recovery.days_left:,} more days"
        when = f"the calls of today are spent: run `tieout recover` again tomorrow, for {days}"
    yield f"{recovery.left:,} events are still to be looked at: {when}. Until then nothing of their clients is sent."
