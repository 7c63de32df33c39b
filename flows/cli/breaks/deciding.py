"""Record what a person decided about a difference, or about many at once."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from flows.cli.breaks.options import NewerThan, OfClient, OfSite, OlderThan, Overdue, Owner
from flows.cli.options import By, Config
from flows.runtime.errors import ExitCode, WrongUsage
from flows.runtime.terminal import write_line

if TYPE_CHECKING:
    from flows.review.break_list import Wanted

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

    @property
    def wanted(self) -> "Wanted":
        """What narrows the differences down."""
        from flows.review.break_list import Wanted

        return Wanted(
            classes=tuple(self.classes or ()),
            site_id=self.site_id,
            client_id=self.client_id,
            owner=self.owner,
            older_than=self.older_than,
            newer_than=self.newer_than,
            is_overdue=self.is_overdue,
        )


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
    from flows.review.break_list import FOR_MANY, list_breaks
    from flows.review.breaks import decide_breaks
    from flows.settings.load import load_settings
    from sql.break_decisions import Verb

    settings = load_settings(config)
    # A class that there is none of is told before anything is opened.
    wanted = many.wanted
    with open_ledger(settings) as ledger:
        with ledger.read() as connection:
            listed = list_breaks(connection, settings, wanted, only_open=verb != "reopen")
        found = [record for record in listed if record["state"] in FOR_MANY[Verb(verb)]]
        _show(verb, found)
        if not found:
            write_line("There are none, so nothing was changed.")
            return ExitCode.TIES_OUT
        nobody = "Nobody answered, so nothing was changed: add --yes to go on without asking."
        if not (is_approved or is_confirmed(f"{verb} {len(found):,} of them?", nobody)):
            write_line("Nothing was changed.")
            return ExitCode.TIES_OUT
        ids = [record["id"] for record in found]
        decide_breaks(ledger, ids, Verb(verb), actor=actor, reason=reason)
    write_line(f"Recorded: {verb} {len(ids):,} by {actor}.")
    return ExitCode.TIES_OUT


def _show(verb: str, found: Sequence[Mapping[str, Any]]) -> None:
    """Tell what a decision would be about, on standard error: what is asked, too, stands there."""
    from flows.review.break_list import meaning_lines

    points = sum(record["points"] or 0 for record in found)
    write_line(f"{verb} {len(found):,} differences, {points:,} points in all, oldest first:", error=True)
    for line in meaning_lines(found):
        write_line(f"  {line}", error=True)


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
