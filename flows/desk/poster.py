"""Post what people at the desk want posted, in a process of its own, which no page and no end of the desk stops.

The ledger holds what is to be done and how far it has come. So whoever kills this, the next one begins where it was:
a sheet that is registered is not registered again, what was approved is not approved again, and what may have been sent
is read back before anything else.
"""

import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

from flows.desk.as_read import read_sheet
from flows.desk.looking import look
from flows.desk.sheets import DeskSheet, sheet_from
from flows.desk.visit import Desk
from flows.ledger.connection import open_ledger
from flows.ledger.summary import Summary
from flows.review.decide import approve
from flows.review.plan import keep_plan
from flows.runs.turn import only_one
from flows.runs.upload import upload
from flows.runtime.clock import utc_now
from flows.runtime.errors import Interrupted, InUse, TieoutError, WrongUsage, as_one_of_ours
from flows.runtime.interrupt import stop_requested, stopping_in_order
from flows.runtime.terminal import guarded_streams, write_line
from flows.settings.load import load_settings
from flows.settings.sections import Settings
from sql import desk_rows as brought
from sql import desk_sheets as kept
from sql.plans import count_to_let_go
from transforms.vocabulary import Stage, State

_MOST_TRIES = 5
# A process takes seconds to begin, and whoever has had one sheet posted often has another, or gives an OK.
_STAY_SECONDS = 60.0
_LOOK_SECONDS = 0.3
_CHANGED = "What it would post is not what you saw: rows of it came another way meanwhile, or the settings changed."


def lock_of(settings: Settings) -> Path:
    """Return the lock that the one poster of a workspace holds."""
    return settings.desk_folder / "posting.lock"


def post_all(desk: Desk) -> int:
    """Post one sheet after the other until none is left, or a stop is asked for; return how many were begun."""
    begun_count = 0
    while not stop_requested.is_set():
        with desk.ledger.read() as connection:
            waiting = kept.sheets_to_post(connection)
        if not waiting:
            break
        begun_count += 1
        with desk.ledger.begin() as connection:
            kept.note_begun(connection, waiting[0].sheet_id)
        sheet = sheet_from(desk, waiting[0])
        try:
            _post(desk, sheet)
        except Interrupted:
            break
        except Exception as error:  # noqa: BLE001 - one odd sheet must not keep all the others waiting
            _move(desk, sheet, Stage.STUCK, str(as_one_of_ours(error)))
    return begun_count


def keep_posting(desk: Desk, stay_seconds: float = _STAY_SECONDS) -> None:
    """Post what waits, and what comes within a while of it; no longer than the desk lives that began this."""
    began_by = os.getppid()
    until = time.monotonic() + stay_seconds
    while not stop_requested.is_set():
        if post_all(desk):
            until = time.monotonic() + stay_seconds
        # The desk that comes after one that was killed begins a poster of its own, with the settings as they are then.
        if os.getppid() != began_by or time.monotonic() > until:
            return
        stop_requested.wait(_LOOK_SECONDS)


class _Planned(NamedTuple):
    """The plan of a sheet, None where nothing waits, and whether it was registered just now."""

    plan_id: str | None
    is_new: bool


def _post(desk: Desk, sheet: DeskSheet) -> None:
    """Go on with a sheet where it was left; every step may be cut off, and is begun again."""
    # What kills its process each time would be begun for ever, and keep all other sheets waiting.
    if sheet.row.tries_count >= _MOST_TRIES:
        told = f"It was begun {_MOST_TRIES} times, and something ended it each time."
        _move(desk, sheet, Stage.STUCK, told)
        return
    plan_id = sheet.row.plan_id
    if plan_id is None:
        plan_id, is_new = _plan(desk, sheet)
        if plan_id is None:
            return
        # Registered before we were here: nobody can tell whether as it was shown, so a person says it once more.
        if sheet.row.needs_another or not is_new:
            _move(desk, sheet, Stage.WAITING)
            return
    # What needs another person was let go by that one: that it has a plan and is to be posted says so.
    if not sheet.row.needs_another and not _approve(desk, plan_id, sheet.row.wanted_by):
        _move(desk, sheet, Stage.WAITING)
        return
    # The file is known by now: this posts what was let go, and each row of it once, however often it is begun.
    summary = upload(desk.settings, sheet.path, sheet.default_site_id)
    with desk.ledger.begin() as connection:
        kept.note_run(connection, sheet.sheet_id, summary.run_id)
    _end(desk, sheet, summary)


def _plan(desk: Desk, sheet: DeskSheet) -> _Planned:
    """Register the sheet as a plan, where it still is what its person saw."""
    as_read = read_sheet(desk, sheet)
    with desk.ledger.read() as connection:
        is_new = brought.file_of(connection, sheet.row.sha256, sheet.row.default_site_id) is None
    # Once it is registered a look finds nothing new in it: only before that a look can tell whether it is as it was.
    is_another = is_new and as_read.checked is not None and look(desk, as_read).code != sheet.row.wanted_seen
    if as_read.checked is None or is_another:
        _move(desk, sheet, Stage.OPEN, _CHANGED)
        return _Planned(None, is_new)
    plan = keep_plan(desk.settings, desk.ledger, as_read.checked, sheet.row.wanted_by)
    if plan.plan_id is None:
        _move(desk, sheet, Stage.DONE)
        return _Planned(None, is_new)
    with desk.ledger.begin() as connection:
        kept.note_plan(connection, sheet.sheet_id, plan.plan_id)
    return _Planned(plan.plan_id, is_new)


def _approve(desk: Desk, plan_id: str, by: str) -> bool:
    """Let go what the plan holds; False where it is not what was shown any more, and waits for a person.

    Rows to look at again wait, each for its own decision: nobody was told that they would be posted.
    """
    with desk.ledger.read() as connection:
        count = count_to_let_go(connection, plan_id, spares_own=True)
    if not count:
        return True
    try:
        approve(desk.settings, desk.ledger, plan_id, by, spares_own=True)
    except WrongUsage as error:
        write_line(f"tieout: the desk: {error}", error=True)
        return False
    return True


def _end(desk: Desk, sheet: DeskSheet, summary: Summary) -> None:
    """Say how it ended: stuck where something of it could not be sent, though nobody said no."""
    left_count = _still_to_send(desk, sheet)
    if stop_requested.is_set():
        return
    if left_count:
        _move(desk, sheet, Stage.STUCK, _why_stopped(summary))
    else:
        _move(desk, sheet, Stage.DONE)


def _still_to_send(desk: Desk, sheet: DeskSheet) -> int:
    with desk.ledger.read() as connection:
        file = brought.file_of(connection, sheet.row.sha256, sheet.row.default_site_id)
        if file is None:
            return 0
        states = brought.states_of(connection, file.file_id)
        # What follows one that is in doubt has not stopped: nobody could make it go on, before that is known.
        follows_count = brought.behind_doubt(connection, file.file_id)
    return states.get(State.READY, 0) + states.get(State.SENDING, 0) - follows_count


def _why_stopped(summary: Summary) -> str:
    whys = [*summary.failures, *summary.why_left]
    return whys[0] if whys else "Not all of it could be sent."


def _move(desk: Desk, sheet: DeskSheet, stage: Stage, trouble: str | None = None) -> None:
    with desk.ledger.begin() as connection:
        kept.move_sheet(connection, sheet.sheet_id, Stage.POSTING, stage, now=utc_now(), trouble=trouble)


def main(config: str) -> None:
    """Post what waits, as the only one in this workspace; the first signal stops in order."""
    with guarded_streams(), stopping_in_order():
        try:
            settings = load_settings(Path(config) if config else None)
            with only_one(lock_of(settings), "another one posts"), open_ledger(settings) as ledger:
                keep_posting(Desk(settings, ledger))
        except InUse as error:
            # The other one posts what was to be posted here: there is nothing to tell.
            sys.exit(error.exit_code)
        except TieoutError as error:
            write_line(f"tieout: the desk: {error}", error=True)
            sys.exit(error.exit_code)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
