"""Tell a person how it stands, on the clock of the schedule."""

from collections.abc import Iterator
from datetime import datetime

from flows.status.collect import Status
from transforms.nights import Night, NightState
from transforms.spoken_times import spoken_hour, spoken_minute

_SHOWN = 3  # of the nights that were missed; the others are counted
_WAITING = {
    "held": "held for an OK (`tieout plan` lists them)",
    "unknown": "not sure yet (the next run reads them back)",
    "breaks_open": "open differences (`tieout breaks --open`)",
    "rejected": "rejected rows of the last night (its report shows the cells)",
    "not_read": "not read by the last night (its report says what and why)",
}


def status_lines(status: Status) -> Iterator[str]:
    """Yield one line per thing: last night, next night, what was missed, what waits, what is pending, the budget."""
    yield f"last night: {_last_night(status)}"
    yield f"next night: {_next_night(status)}"
    yield from _missed(status)
    yield f"waits for a person: {_waiting(status)}"
    if status.pending:
        yield f"pending: {status.pending:,}, sent by the next run{_as_far_as(status)}"
    if status.kept:
        yield f"kept: {status.kept:,} events of sites that are not in the settings, until they are back"
    if status.to_recover:
        yield f"still to be looked at by `tieout recover`: {status.to_recover:,} events; until then their clients wait"
    left = max(0, status.calls_per_day - status.calls_made)
    yield f"calls to Mindbody today: {status.calls_made:,} made, {left:,} left; the day is a UTC day"


def _as_far_as(status: Status) -> str:
    """Say that one run may not be enough; how many are, takes a look at each client."""
    if status.pending <= status.calls_per_day:
        return ""
    return f", as far as {status.calls_per_day:,} calls a day reach: `tieout doctor` says in how many nights"


def moment_text(status: Status, moment: datetime) -> str:
    """Write a moment on the schedule's clock: Thu 26 Nov 2026, 3:00 am PST."""
    return spoken_minute(status.local(moment))


def _last_night(status: Status) -> str:
    night = status.last_night
    if night is None:
        return "none yet"
    began = moment_text(status, night.started_at)
    match status.last_state:
        case NightState.RUNNING:
            return f"at work since {began}"
        case NightState.DIED:
            seen = spoken_hour(status.local(night.seen_at or night.started_at))
            return f"began {began}, died after {seen}; nothing is lost: the next run, or `tieout run`, goes on with it"
        case NightState.COULD_NOT_START:
            return f"could not start, {began}: {night.failure}"
        case _:
            return f"{began}, {_how_it_ended(night)}"


def _how_it_ended(night: Night) -> str:
    summary = night.summary or {}
    tied = "ties out" if summary.get("ties_out") else "does not tie out: look at its report"
    # Rows and events may all be accounted for, and nobody know whether the services show them.
    if summary.get("agrees") is False:
        tied += "; the services do not agree, or were not all read"
    # A night may tie and still not have done all: what it left undone is in neither side of an equation.
    if night.failure:
        return f"{tied}; not done: {night.failure}"
    return tied


def _next_night(status: Status) -> str:
    if status.next_night is None or status.schedule is None:
        return "none is planned: keep `tieout serve` running, or write [schedule] cron in the settings"
    at = moment_text(status, status.next_night)
    return f"{at} (cron {status.schedule.cron}, {status.schedule.timezone})"


def _waiting(status: Status) -> str:
    told = [f"{count:,} {_WAITING[name]}" for name, count in status.waits.items() if count]
    return "; ".join(told) or "nothing"


def _missed(status: Status) -> Iterator[str]:
    if status.due.late is not None:
        yield f"late: the night of {moment_text(status, status.due.late)} has not begun yet"
    missed = status.due.missed
    if not missed:
        return
    shown = ", ".join(moment_text(status, at) for at in missed[-_SHOWN:])
    not_shown = len(missed) - _SHOWN
    more = f", and {not_shown} before" if not_shown > 0 else ""
    yield f"did not run: {shown}{more}. `tieout run` makes up for all of them; see what starts your nights."
