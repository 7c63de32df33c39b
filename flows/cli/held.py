"""``tieout plan``, ``approve`` and ``discard``: what waits for a person, and the person's answer."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from getpass import getuser
from itertools import groupby
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import Connection, Row

from flows.ledger.connection import open_ledger
from flows.review.trace import describe_event
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, ExitCode, SettingsError
from flows.runtime.progress import Stderr, count_rows
from flows.settings.load import load_settings
from sql import approvals as decisions
from sql import plans
from sql.approvals import NotHeld
from sql.reversals import needless_reversals
from transforms.vocabulary import State

_SHOWN = 20  # events of a plan in the list for a person; --json lists all


def run_plan(config: Path | None, file: Path, site_id: str | None, by: str | None, *, as_json: bool) -> ExitCode:
    """Check the file and keep it as a plan: every new event waits for a person."""
    from flows.intake.check import check_file
    from flows.intake.check_report import check_lines
    from flows.reference.at_hand import swept
    from flows.review.plan import keep_plan, plan_lines

    settings = load_settings(config)
    if not file.is_file():
        raise CouldNotRun(f"{file}: there is no such file.")
    if site_id is not None:
        settings.mindbody.site(site_id)
    checked = check_file(settings, file, site_id, on_rows=count_rows(Stderr()))
    with open_ledger(settings) as ledger:
        checked, notes = swept(settings, ledger, checked)
        plan = keep_plan(settings, ledger, checked, by or getuser())
    if as_json:
        typer.echo(json.dumps(plan.to_json(), ensure_ascii=False))
    else:
        for line in (*check_lines(checked), *notes, *plan_lines(plan), *_how_to_decide(plan.plan_id)):
            typer.echo(line)
    return ExitCode.NEEDS_A_PERSON if plan.waits else ExitCode.TIES_OUT


def _how_to_decide(plan_id: str | None) -> list[str]:
    if plan_id is None:
        return ["Nothing of it waits for a person."]
    return [
        f"Nothing was sent. `tieout approve {plan_id}` lets the next run post it; `tieout discard {plan_id}` drops it."
    ]


def run_held(config: Path | None, *, as_json: bool) -> ExitCode:
    """List what waits for a person, by the run that brought it; 1 where something does."""
    today = utc_now().date()
    with open_ledger(load_settings(config)) as ledger, ledger.begin() as connection:
        events = plans.held_events(connection)
    if as_json:
        typer.echo(json.dumps([_record(event, today) for event in events], default=str, ensure_ascii=False))
    else:
        for line in _held_lines(events, today):
            typer.echo(line)
    return ExitCode.NEEDS_A_PERSON if events else ExitCode.TIES_OUT


def _record(event: Row[Any], today: date) -> dict[str, Any]:
    keys = ("event_id", "kind", "target", "site_id", "client_id", "reward_id", "points", "amount", "action_at")
    record = {"plan_id": event.run_id} | {key: getattr(event, key) for key in keys}
    record |= {"file": event.file, "sheet": event.sheet, "row": event.row_number, "reason": event.state_reason}
    return record | {"held_on": event.state_at.date(), "age_days": (today - event.state_at.date()).days}


def _held_lines(events: Sequence[Row[Any]], today: date) -> Iterator[str]:
    for plan_id, of_plan in groupby(events, key=lambda event: event.run_id):
        held = list(of_plan)
        files = ", ".join(dict.fromkeys(event.file for event in held))
        points = sum(event.points or 0 for event in held)
        yield f"{plan_id}: {len(held):,} held of {files}, {points:,} points"
        for event in held[:_SHOWN]:
            where = f"sheet {event.sheet}, row {event.row_number}" if event.sheet else f"row {event.row_number}"
            why = f"{event.state_reason}; {(today - event.state_at.date()).days} d"
            yield f"  {event.event_id}  {describe_event(event)}; {where}; {why}"
        if len(held) > _SHOWN:
            yield f"  and {len(held) - _SHOWN:,} more: `tieout plan --json` lists all."
    yield f"{len(events):,} held. Approve or discard one by its id, or all of a plan by the plan's."


def run_approve(config: Path | None, id_: str, by: str | None) -> ExitCode:
    """Let a held event, or all that a plan still holds, be posted by the next run."""
    count = _decide(config, id_, by or getuser(), _approve_event, _approve_plan)
    if count is None:
        typer.echo(f"Approved: the next run posts event {id_}.")
    else:
        typer.echo(f"Approved: the next run posts {count:,} events of {id_}.")
    return ExitCode.TIES_OUT


def _approve_event(connection: Connection, id_: str, *, by: str, now: datetime) -> None:
    _refuse_needless(connection, id_)
    decisions.approve(connection, id_, by=by, now=now)


def _approve_plan(connection: Connection, id_: str, *, by: str, now: datetime) -> int:
    _refuse_needless(connection, id_)
    return plans.approve_plan(connection, id_, by=by, now=now)


def _refuse_needless(connection: Connection, id_: str) -> None:
    """Refuse to take back an entry whose break is settled by now: it would be taken back from nothing."""
    for row in needless_reversals(connection, id_):
        raise SettingsError(
            f"Event {row.event_id} takes back the extra entry of break {row.break_id}, which is {row.state} by now: "
            f"`tieout discard {row.event_id}`, or reopen the break first."
        )


def run_discard(config: Path | None, id_: str, by: str | None) -> ExitCode:
    """Rule that a held event is never posted, or drop all that a plan still holds."""
    count = _decide(config, id_, by or getuser(), decisions.discard, plans.discard_plan)
    if count is None:
        typer.echo(f"Discarded: event {id_} is never posted.")
    else:
        typer.echo(f"Discarded: {count:,} events of {id_} are not posted.")
    return ExitCode.TIES_OUT


_Decision = Callable[..., Any]


def _decide(config: Path | None, id_: str, by: str, of_event: _Decision, of_plan: _Decision) -> int | None:
    """Decide about one event, and return None, or about all of a plan, and return how many."""
    with open_ledger(load_settings(config)) as ledger, ledger.begin() as connection:
        states = plans.states_of_plan(connection, id_)
        if states.get(State.HELD):
            count: int = of_plan(connection, id_, by=by, now=utc_now())
            return count
        if states:
            raise SettingsError(f"Nothing of {id_} waits any more: {_say_states(states)}.")
        try:
            of_event(connection, id_, by=by, now=utc_now())
        except NotHeld as error:
            raise SettingsError(str(error) if error.state else _say_unknown(connection, id_)) from None
    return None


def _say_states(states: dict[State, int]) -> str:
    words = {State.READY: "approved and to be posted", State.UNKNOWN: "in doubt"}
    return ", ".join(f"{count:,} {words.get(state, state)}" for state, count in states.items())


def _say_unknown(connection: Connection, id_: str) -> str:
    held = plans.held_events(connection)
    known = [*dict.fromkeys(event.run_id for event in held), *(event.event_id for event in held)]
    close = get_close_matches(id_, known, n=1, cutoff=0.8)
    hint = f"did you mean {close[0]}?" if close else "`tieout plan` lists what waits."
    return f"The ledger has no event and no plan {id_}: {hint}"
