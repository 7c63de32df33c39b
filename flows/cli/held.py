"""What waits for a person, listed by the run that brought it."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.runtime.errors import ExitCode
from flows.runtime.terminal import write_json

if TYPE_CHECKING:
    from sqlalchemy import Row

_SHOWN = 20  # events of a plan in the list for a person; --json lists all


def run_held(config: Path | None, *, as_json: bool) -> ExitCode:
    """List what waits for a person, by the run that brought it; 1 where something does."""
    from flows.ledger.connection import open_ledger
    from flows.runtime.clock import utc_now
    from flows.runtime.terminal import write_lines
    from flows.settings.load import load_settings
    from sql.plans import held_events
    from sql.replacements import pending_replacements

    today = utc_now().date()
    with open_ledger(load_settings(config)) as ledger, ledger.read() as connection:
        events = held_events(connection)
        pending = pending_replacements(connection)
    if as_json:
        listed = [_record(event, pending, today) for event in events]
        write_json(listed)
    else:
        write_lines(_held_lines(events, pending, today))
    return ExitCode.NEEDS_A_PERSON if events else ExitCode.TIES_OUT


def _record(event: "Row[Any]", pending: "Sequence[Row[Any]]", today: date) -> dict[str, Any]:
    from transforms.identity.fractions import with_fraction

    held_on = event.state_at.date()
    return {
        "plan_id": event.run_id,
        "event_id": event.event_id,
        "kind": event.kind,
        "target": event.target,
        "site_id": event.site_id,
        "client_id": event.client_id,
        "reward_id": event.reward_id,
        "points": event.points,
        "amount": event.amount,
        "action_at": with_fraction(event.action_at, event.action_fraction),
        "file": event.file,
        "sheet": event.sheet,
        "row": event.row_number,
        "reason": event.state_reason,
        "looks_like": event.earlier_event_id,
        "replaces": [row.replaced_event_id for row in pending if row.event_id == event.event_id],
        "held_on": held_on,
        "age_days": (today - held_on).days,
    }


def _held_lines(events: "Sequence[Row[Any]]", pending: "Sequence[Row[Any]]", today: date) -> Iterator[str]:
    from flows.review.replace import pending_words

    decided = pending_words(pending)
    for plan_id, of_plan in groupby(events, key=lambda event: event.run_id):
        held = list(of_plan)
        files = ", ".join(dict.fromkeys(event.file for event in held))
        points = sum(event.points or 0 for event in held)
        yield f"{plan_id}: {len(held):,} held of {files}, {points:,} points"
        for event in held[:_SHOWN]:
            why = decided.get(event.event_id, event.state_reason)
            yield f"  {event.event_id}  {_held_line(event, why, today)}"
        if len(held) > _SHOWN:
            yield f"  and {len(held) - _SHOWN:,} more: `tieout plan --json` lists all."
    yield (
        f"{len(events):,} held. Approve or discard one by its id, or all of a plan by the plan's; `tieout plan ID` "
        "shows a plan with its totals."
    )


def _held_line(event: "Row[Any]", why: str | None, today: date) -> str:
    from flows.review.story.described import describe_event

    where = f"sheet {event.sheet}, row {event.row_number}" if event.sheet else f"row {event.row_number}"
    days = (today - event.state_at.date()).days
    return f"{describe_event(event)}; {where}; {why}; {days} d"
