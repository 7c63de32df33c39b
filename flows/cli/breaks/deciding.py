"""Record what a person decided about a difference, or about many at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from flows.cli.breaks.options import NewerThan, OfClient, OfSite, OlderThan, Overdue, Owner
from flows.cli.options import By, Config
from flows.runtime.errors import ExitCode, WrongUsage
from flows.runtime.terminal import write_line

VERBS: Final[Mapping[str, str]] = {
    "acknowledge": "Say that it was seen and somebody works on it.",
    "resolve": "Say that it is explained and nothing is left to do.",
    "reopen": "Take a decision back.",
}

OneId = Annotated[str | None, typer.Argument(metavar="ID", help="One difference; or --all-of for many.")]
AllOf = Annotated[
    list[str] | None,
    typer.Option("--all-of", metavar="CLASS", help="All of this class that the other options leave."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Reason = Annotated[
    str,
    typer.Option(
        "--reason",
        metavar="TEXT",
        help='Why: words, or "code: words" with one of accepted_difference, corrected_at_service, duplicate_of_other, '
        "entered_by_hand, mistake, service_error, timing, other.",
    ),
]


def decide(
    context: typer.Context,
    by: By,
    reason: Reason,
    break_id: OneId = None,
    all_of: AllOf = None,
    site: OfSite = None,
    client: OfClient = None,
    owner: Owner = None,
    older_than: OlderThan = None,
    newer_than: NewerThan = None,
    overdue: Overdue = False,
    yes: Yes = False,
    config: Config = None,
) -> None:
    """Record a decision: the verb is the name of the command."""
    many = _Many(all_of, site, client, owner, older_than, newer_than, overdue)
    raise typer.Exit(_decide(config, str(context.info_name), break_id, many, by, reason, is_approved=yes))


class _Many(NamedTuple):
    """What a decision about many is about, as it was asked for."""

    classes: list[str] | None
    site_id: str | None
    client_id: str | None
    owner: str | None
    older_than: int | None
    newer_than: int | None
    is_overdue: bool


def _decide(
    config: Path | None, verb: str, break_id: str | None, many: _Many, actor: str, reason: str, *, is_approved: bool
) -> ExitCode:
    """Decide about one, or about all of a class that fit, which are shown and asked about first."""
    if (break_id is None) == (many.classes is None):
        raise WrongUsage(f"breaks {verb} takes either ID, or --all-of CLASS with what narrows it down.")
    if break_id is None:
        return run_decisions(config, verb, many, actor, reason, is_approved=is_approved)
    if many != _Many(None, None, None, None, None, None, is_overdue=False):
        raise WrongUsage(f"breaks {verb} ID is about one: --site, --client and the others go with --all-of CLASS.")
    return run_decision(config, verb, break_id, actor, reason)


def run_decisions(
    config: Path | None, verb: str, many: _Many, actor: str, reason: str, *, is_approved: bool
) -> ExitCode:
    """Show what a decision would be about, ask, and record it for each, all or none."""
    from flows.cli.ask import is_confirmed
    from flows.ledger.connection import open_ledger
    from flows.review.break_list import FOR_MANY, Wanted, list_breaks, meaning_lines
    from flows.review.breaks import decide_breaks
    from flows.settings.load import load_settings
    from sql.break_decisions import Verb

    settings = load_settings(config)
    wanted = Wanted(tuple(many.classes or ()), *many[1:4], None, *many[4:])
    states = FOR_MANY[Verb(verb)]
    with open_ledger(settings) as ledger:
        with ledger.read() as connection:
            found = list_breaks(connection, settings, wanted, only_open=verb != "reopen")
        ids = [record["id"] for record in found if record["state"] in states]
        points = sum(record["points"] or 0 for record in found if record["state"] in states)
        write_line(f"{verb} {len(ids):,} differences, {points:,} points in all, oldest first:", error=True)
        for line in meaning_lines(record for record in found if record["state"] in states):
            write_line(f"  {line}", error=True)
        nobody = "Nobody answered, so nothing was changed: add --yes to go on without asking."
        if not ids or not (is_approved or is_confirmed(f"{verb} {len(ids):,} of them?", nobody)):
            write_line("Nothing was changed." if ids else "There are none, so nothing was changed.")
            return ExitCode.TIES_OUT
        decide_breaks(ledger, ids, Verb(verb), actor=actor, reason=reason)
    write_line(f"Recorded: {verb} {len(ids):,} by {actor}.")
    return ExitCode.TIES_OUT


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
