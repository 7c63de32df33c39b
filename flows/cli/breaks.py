"""``tieout breaks``: list what does not match, and record what a person decided about it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.options import By, Config, Json
from flows.runtime.errors import ExitCode
from flows.runtime.terminal import write_json, write_line

if TYPE_CHECKING:
    from sqlalchemy import Row

breaks = typer.Typer(help="What does not match, and what a person decided about it.", invoke_without_command=True)


@breaks.callback()
def list_breaks(
    context: typer.Context,
    only_open: Annotated[bool, typer.Option("--open", help="Only what is neither closed nor resolved.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """List the breaks, or record a decision about one."""
    if context.invoked_subcommand is None:
        raise typer.Exit(run_breaks(config, only_open=only_open, as_json=json))


BreakId = Annotated[str, typer.Argument(metavar="ID")]
Reason = Annotated[
    str,
    typer.Option(
        "--reason",
        metavar="TEXT",
        help='Why: words, or "code: words" with one of accepted_difference, corrected_at_service, duplicate_of_other, '
        "entered_by_hand, mistake, service_error, timing, other.",
    ),
]


@breaks.command("history")
def break_history(break_id: BreakId, config: Config = None, json: Json = False) -> None:
    """Tell what people decided about a break, and why; oldest first."""
    raise typer.Exit(run_history(config, break_id, as_json=json))


@breaks.command("acknowledge")
def acknowledge_break(break_id: BreakId, by: By, reason: Reason, config: Config = None) -> None:
    """Say that it was seen and somebody works on it."""
    raise typer.Exit(run_decision(config, "acknowledge", break_id, by, reason))


@breaks.command("resolve")
def resolve_break(break_id: BreakId, by: By, reason: Reason, config: Config = None) -> None:
    """Say that it is explained and nothing is left to do."""
    raise typer.Exit(run_decision(config, "resolve", break_id, by, reason))


@breaks.command("reopen")
def reopen_break(break_id: BreakId, by: By, reason: Reason, config: Config = None) -> None:
    """Take a decision back."""
    raise typer.Exit(run_decision(config, "reopen", break_id, by, reason))


def run_breaks(config: Path | None, *, only_open: bool, as_json: bool) -> ExitCode:
    """List the breaks, oldest first; 1 where one of them is open."""
    from flows.ledger.connection import open_ledger
    from flows.runtime.clock import utc_now
    from flows.settings.load import load_settings
    from sql.breaks import all_breaks, break_json, open_breaks
    from sql.reversals import breaks_with_reversals

    today = utc_now().date()
    with open_ledger(load_settings(config)) as ledger, ledger.begin() as connection:
        rows = open_breaks(connection) if only_open else all_breaks(connection)
        listed = [break_json(row, today) for row in rows]
        reversals = breaks_with_reversals(connection, [record["id"] for record in listed])
    if as_json:
        write_json(listed)
    else:
        for record in listed:
            write_line(_line(record) + _reversal(reversals.get(record["id"])))
        which = "open breaks" if only_open else "breaks"
        write_line(f"{len(listed)} {which}.")
    is_open = any(record["state"] in {"open", "acknowledged"} for record in listed)
    return ExitCode.NEEDS_A_PERSON if is_open else ExitCode.TIES_OUT


def _line(record: dict[str, Any]) -> str:
    parts = [f"{_whose(record)}, {_value(record)}, {record['state']} {record['age_days']} d"]
    if record["owner"]:
        parts.append(f"{record['owner']}: {record['reason']}")
    return f"{record['id']}  {record['class']:<18} {', '.join(parts)}"


def _whose(record: dict[str, Any]) -> str:
    whose = f"client {record['client_id']}"
    if record["reward_id"]:
        whose = f"reward {record['reward_id']}"
    if record["site_id"]:
        whose += f" of site {record['site_id']}"
    return whose


def _value(record: dict[str, Any]) -> str:
    if record["points"] is None:
        return f"amount {record['amount']}"
    return f"{record['points']} points"


def _reversal(proposed: "Row[Any] | None") -> str:
    """Say where the entry stands that takes the extra one back."""
    from transforms.vocabulary import State

    if proposed is None:
        return ""
    event_id = proposed.event_id
    match State(proposed.state):
        case State.HELD:
            words = f"proposed reversal: tieout approve {event_id}"
        case State.READY:
            words = f"reversal {event_id} approved: the next run posts it"
        case _ as state:
            words = f"reversal {event_id} {state}"
    return f"; {words}"


def run_history(config: Path | None, break_id: str, *, as_json: bool) -> ExitCode:
    """List the decisions about one break."""
    from flows.ledger.connection import open_ledger
    from flows.review.breaks import break_history as history_of
    from flows.settings.load import load_settings

    with open_ledger(load_settings(config)) as ledger:
        decisions = history_of(ledger, break_id)
    if as_json:
        records = [_decision_record(decision) for decision in decisions]
        write_json(records)
    else:
        for decision in decisions:
            write_line(_decision_line(decision))
        write_line(f"{len(decisions)} decisions about break {break_id}.")
    return ExitCode.TIES_OUT


def _decision_record(decision: "Row[Any]") -> dict[str, Any]:
    return {
        "decision_id": decision.decision_id,
        "at": decision.at.isoformat(),
        "actor": decision.actor,
        "verb": decision.verb,
        "reason_code": decision.reason_code,
        "reason": decision.reason,
    }


def _decision_line(decision: "Row[Any]") -> str:
    # Decisions of earlier versions have no code.
    code = f" ({decision.reason_code})" if decision.reason_code else ""
    return f"{decision.at:%Y-%m-%d %H:%M:%S}Z  {decision.verb} by {decision.actor}{code}: {decision.reason}"


def run_decision(config: Path | None, verb: str, break_id: str, actor: str, reason: str) -> ExitCode:
    """Record a decision."""
    from flows.ledger.connection import open_ledger
    from flows.review.breaks import decide_break
    from flows.settings.load import load_settings
    from sql.break_decisions import Verb

    with open_ledger(load_settings(config)) as ledger:
        decide_break(ledger, break_id, Verb(verb), actor=actor, reason=reason)
    write_line(f"Recorded: {verb} {break_id} by {actor}.")
    return ExitCode.TIES_OUT
