"""A text file for Prometheus, as node_exporter's textfile collector reads it: how the last run of each kind ended.

All of it is read from the ledger, so that an upload does not wipe out what the night had said. Written whole or not at
all: the collector may look at any moment.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row

from flows.ledger.run import Run
from flows.runtime.clock import utc_now
from flows.runtime.errors import said_of
from flows.runtime.whole_file import written_whole
from flows.settings.sections import Settings
from sql.budget import calls_made
from sql.figures import last_ended_runs, oldest_open
from sql.runs import waiting_counts
from transforms.vocabulary import Target

Samples = list[tuple[Mapping[str, str], float]]

_FATES = ("accepted", "duplicate", "held", "rejected")
_STATES = ("posted", "refused", "unknown", "pending", "withheld")
_WAITING = ("held", "unknown", "pending", "kept")


def write_metrics(run: Run) -> None:
    """Write the file that the settings name; what is in the way is said, and stops nothing."""
    named = run.settings.logs.metrics_file
    if not named:
        return
    with run.ledger.begin() as connection:
        text = "".join(_text(run.settings, connection, utc_now()))
    try:
        _replace(run.settings.root / named, text)
    except OSError as error:
        run.progress(f"logs.metrics_file cannot be written: {said_of(error)}")


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # The collector reads *.prom alone.
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8")
        part.chmod(0o644)  # it is another user who reads it


def _text(settings: Settings, connection: Connection, now: datetime) -> Iterator[str]:
    runs = [(row, json.loads(row.summary or "{}")) for row in last_ended_runs(connection)]
    yield from _metric(
        "tieout_run_end_timestamp_seconds",
        "When the last run of the kind ended.",
        [(_kind(row), row.finished_at.timestamp()) for row, _ in runs],
    )
    yield from _metric(
        "tieout_run_duration_seconds",
        "How long it took.",
        [(_kind(row), (row.finished_at - row.started_at).total_seconds()) for row, _ in runs],
    )
    yield from _metric(
        "tieout_run_failed",
        "1 where something could not be done.",
        [(_kind(row), float(row.failure is not None)) for row, _ in runs],
    )
    yield from _metric(
        "tieout_run_ties_out",
        "1 where every row and event was accounted for.",
        [(_kind(row), float(summary["ties_out"])) for row, summary in runs if "ties_out" in summary],
    )
    yield from _metric(
        "tieout_run_agrees",
        "1 where the services show all that was posted, as far as the run had to look.",
        [(_kind(row), float(summary["agrees"])) for row, summary in runs if summary.get("agrees") is not None],
    )
    yield from _metric(
        "tieout_run_not_read",
        "Files, clients, rewards and places that could not be read.",
        [(_kind(row), float(len(summary["not_read"]))) for row, summary in runs if "not_read" in summary],
    )
    rows = [_of_run(row, summary, "fate", fate) for row, summary in runs for fate in _FATES if fate in summary]
    yield from _metric("tieout_run_rows", "Rows of its files, by what became of them.", rows)
    events = [_of_run(row, summary, "state", state) for row, summary in runs for state in _STATES if state in summary]
    yield from _metric("tieout_run_events", "Events that it answered for, by where they stood at its end.", events)
    yield from _of_ledger(settings, connection, now)


def _of_ledger(settings: Settings, connection: Connection, now: datetime) -> Iterator[str]:
    counts = waiting_counts(connection)
    waiting: Samples = [({"state": state}, float(getattr(counts, state))) for state in _WAITING]
    yield from _metric("tieout_waiting_events", "Events of any run that are not over.", waiting)
    yield from _metric("tieout_open_breaks", "Open differences.", [({}, float(counts.breaks_open))])
    made = {target: calls_made(connection, target, now.date()) for target in Target}
    calls: Samples = [({"service": str(target)}, float(count)) for target, count in made.items()]
    yield from _metric("tieout_calls_made_today", "Calls counted on this UTC day.", calls)
    calls_left = max(0, settings.mindbody.calls_per_day - made[Target.MINDBODY])
    left: Samples = [({"service": str(Target.MINDBODY)}, float(calls_left))]
    yield from _metric("tieout_calls_left_today", "Calls of the budget that are left.", left)
    oldest = oldest_open(connection)
    since = {"pending": oldest.pending_since_at, "unknown": oldest.unknown_since_at}
    ages: Samples = [({"state": state}, _age(at, now)) for state, at in since.items()]
    yield from _metric("tieout_oldest_event_age_seconds", "Age of the oldest one that waits; 0 where none does.", ages)


def _kind(row: Row[Any]) -> Mapping[str, str]:
    return {"kind": row.kind}


def _of_run(row: Row[Any], summary: Mapping[str, Any], label: str, key: str) -> tuple[Mapping[str, str], float]:
    return {"kind": row.kind, label: key}, float(summary[key])


def _age(at: datetime | None, now: datetime) -> float:
    return 0.0 if at is None else (now - at).total_seconds()


def _metric(name: str, help_: str, samples: Samples) -> Iterator[str]:
    """Give a metric in Prometheus' text format; labels here are words of ours, which need no escaping."""
    if not samples:
        return
    yield f"# HELP {name} {help_}\n# TYPE {name} gauge\n"
    for labels, value in samples:
        inner = ",".join(f'{key}="{text}"' for key, text in labels.items())
        yield f"{name}{{{inner}}} {value:.15g}\n" if inner else f"{name} {value:.15g}\n"
