"""``tieout plan``, ``approve`` and ``discard``: what waits for a person, and the person's answer."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from getpass import getuser
from itertools import groupby
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import Row

from flows.ledger.connection import open_ledger
from flows.review.decide import approve, discard
from flows.review.trace import describe_event
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, ExitCode
from flows.runtime.progress import Stderr, count_rows
from flows.settings.load import load_settings
from sql import plans

_SHOWN = 20  # events of a plan in the list for a person; --json lists all


def run_plan(config: Path | None, file: Path, site_id: str | None, by: str | None, *, as_json: bool) -> ExitCode:
    """Check the file and keep it as a plan: every new event waits for a person."""
    from flows.intake.check import check_file
    from flows.intake.check_report import check_lines
    from flows.intake.source_ids import swept
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
    with open_ledger(load_settings(config)) as ledger:
        decided = approve(ledger, id_, by or getuser())
    what = f"event {id_}" if decided.plan_events_count is None else f"{decided.plan_events_count:,} events of {id_}"
    typer.echo(f"Approved: the next run posts {what}.")
    return ExitCode.TIES_OUT


def run_discard(config: Path | None, id_: str, by: str | None) -> ExitCode:
    """Rule that a held event is never posted, or drop all that a plan still holds."""
    with open_ledger(load_settings(config)) as ledger:
        decided = discard(ledger, id_, by or getuser())
    if decided.plan_events_count is None:
        typer.echo(f"Discarded: event {id_} is never posted.")
    else:
        typer.echo(f"Discarded: {decided.plan_events_count:,} events of {id_} are not posted.")
    return ExitCode.TIES_OUT
