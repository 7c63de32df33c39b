"""The commands of a person who reviews: what waits, what it came from, what does not match and what was decided.

What they do stands in the modules that they call, imported when it is needed.
"""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import By, ByUser, Config, Json, Site

HeldId = Annotated[str, typer.Argument(metavar="ID", help="Of a held event or a plan: `tieout plan` lists both.")]


def plan(
    file: Annotated[
        Path | None, typer.Argument(help="A workbook or an export; without one, what waits for a person is listed.")
    ] = None,
    config: Config = None,
    site: Site = None,
    by: ByUser = None,
    json: Json = False,
) -> None:
    """Check a file and keep it as a plan, to be approved or discarded; or list all that waits for a person.

    Nothing is sent: every new event of the file is held until `tieout approve`, by the plan's id or one by one.
    """
    from flows.cli.held import run_held, run_plan

    if file is None:
        raise typer.Exit(run_held(config, as_json=json))
    raise typer.Exit(run_plan(config, file, site, by, as_json=json))


def approve(held_id: HeldId, by: ByUser = None, config: Config = None) -> None:
    """Say that a held event, or all that a plan still holds, is to be posted: the next run does it."""
    from flows.cli.held import run_approve

    raise typer.Exit(run_approve(config, held_id, by))


def discard(held_id: HeldId, by: ByUser = None, config: Config = None) -> None:
    """Say that a held event is never posted, or drop all that a plan still holds.

    An event that was dropped with its plan comes back to a person when another file brings it.
    """
    from flows.cli.held import run_discard

    raise typer.Exit(run_discard(config, held_id, by))


def reverse(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Its path, or the name or sha256 that the ledger knows.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is taken back.")],
    by: ByUser = None,
    site: Annotated[str | None, typer.Option("--site", help="Of several files, the one sent for this site.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Plan to take back all that a file posted: a Redeemed for each Earned, an Earned for each Redeemed.

    Nothing is sent before `tieout approve`. What has no opposite, such as an update of a reward, is named.
    """
    from flows.cli.reverse import run_reverse

    raise typer.Exit(run_reverse(config, file, reason, by, site, as_json=json))


def trace(
    row: Annotated[str, typer.Argument(metavar="EVENT_ID|FILE:SHEET:ROW", help='Such as "march.xlsx:Sheet1:14".')],
    config: Config = None,
) -> None:
    """Tell the whole life of one row: cell, checks, key, attempts, answers, match."""
    from flows.cli.trace import run_trace

    raise typer.Exit(run_trace(row, config))


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
        from flows.cli.breaks import run_breaks

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
    from flows.cli.breaks import run_history

    raise typer.Exit(run_history(config, break_id, as_json=json))


@breaks.command("acknowledge")
def acknowledge_break(break_id: BreakId, by: By, reason: Reason, config: Config = None) -> None:
    """Say that it was seen and somebody works on it."""
    _decide("acknowledge", break_id, by, reason, config)


@breaks.command("resolve")
def resolve_break(break_id: BreakId, by: By, reason: Reason, config: Config = None) -> None:
    """Say that it is explained and nothing is left to do."""
    _decide("resolve", break_id, by, reason, config)


@breaks.command("reopen")
def reopen_break(break_id: BreakId, by: By, reason: Reason, config: Config = None) -> None:
    """Take a decision back."""
    _decide("reopen", break_id, by, reason, config)


def _decide(verb: str, break_id: str, actor: str, reason: str, config: Path | None) -> None:
    from flows.cli.breaks import run_decision
    from sql.break_decisions import Verb

    raise typer.Exit(run_decision(config, Verb(verb), break_id, actor, reason))
