"""``tieout breaks``: list what does not match, and record what a person decided about it."""

from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from flows.cli.options import By, Config, Json
from flows.runtime.errors import ExitCode, WrongUsage
from flows.runtime.terminal import write_json, write_line

if TYPE_CHECKING:
    from sqlalchemy import Row

    from flows.review.break_list import Wanted
    from flows.settings.sections import Settings

breaks = typer.Typer(help="What does not match, and what a person decided about it.", invoke_without_command=True)


Classes = Annotated[
    list[str] | None, typer.Option("--class", metavar="CLASS", help="Of this class; may be given more than once.")
]
OfSite = Annotated[str | None, typer.Option("--site", help="Of this Mindbody site.")]
OfClient = Annotated[str | None, typer.Option("--client", metavar="ID", help="Of this client.")]
Owner = Annotated[str | None, typer.Option("--owner", metavar="NAME", help="Whose they are, by decision or by rule.")]
OlderThan = Annotated[int | None, typer.Option("--older-than", metavar="DAYS", min=0, help="First seen before that.")]
NewerThan = Annotated[int | None, typer.Option("--newer-than", metavar="DAYS", min=0, help="First seen since.")]
Overdue = Annotated[bool, typer.Option("--overdue", help="Past the day on which they are due, by the settings.")]


@breaks.callback()
def list_breaks(
    context: typer.Context,
    only_open: Annotated[bool, typer.Option("--open", help="Only what is neither closed nor resolved.")] = False,
    classes: Classes = None,
    site: OfSite = None,
    client: OfClient = None,
    owner: Owner = None,
    with_reason: Annotated[
        str | None, typer.Option("--with-reason", metavar="TEXT", help="Decided with this code, or these words.")
    ] = None,
    older_than: OlderThan = None,
    newer_than: NewerThan = None,
    overdue: Overdue = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="PATH", help="Write them as a file, too.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """List the differences, oldest first: what each means, and what to do; or record a decision about some."""
    from flows.review.break_list import Wanted

    if context.invoked_subcommand is not None:
        return
    wanted = Wanted(
        classes=tuple(classes or ()),
        site_id=site,
        client_id=client,
        owner=owner,
        reason=with_reason,
        older_than=older_than,
        newer_than=newer_than,
        is_overdue=overdue,
    )
    raise typer.Exit(run_breaks(config, wanted=wanted, only_open=only_open, as_json=json, csv=csv))


BreakId = Annotated[str, typer.Argument(metavar="ID")]
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


@breaks.command("history")
def break_history(break_id: BreakId, config: Config = None, json: Json = False) -> None:
    """Tell what people decided and said about a break, with the files they attached; oldest first."""
    raise typer.Exit(run_history(config, break_id, as_json=json))


@breaks.command("comment")
def comment_on_break(
    break_id: BreakId,
    by: By,
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="What there is to say about it.")],
    attach: Annotated[
        Path | None, typer.Option("--attach", metavar="FILE", help="A mail, a picture, a document: a copy is kept.")
    ] = None,
    config: Config = None,
) -> None:
    """Say something about a break, with a file; it stays as it is, and the history tells it."""
    raise typer.Exit(run_comment(config, break_id, actor=by, text=text, file=attach))


@breaks.command("acknowledge")
def acknowledge_break(
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
    """Say that it was seen and somebody works on it."""
    many = _Many(all_of, site, client, owner, older_than, newer_than, overdue)
    raise typer.Exit(_decide(config, "acknowledge", break_id, many, by, reason, is_approved=yes))


@breaks.command("resolve")
def resolve_break(
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
    """Say that it is explained and nothing is left to do."""
    many = _Many(all_of, site, client, owner, older_than, newer_than, overdue)
    raise typer.Exit(_decide(config, "resolve", break_id, many, by, reason, is_approved=yes))


@breaks.command("reopen")
def reopen_break(
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
    """Take a decision back."""
    many = _Many(all_of, site, client, owner, older_than, newer_than, overdue)
    raise typer.Exit(_decide(config, "reopen", break_id, many, by, reason, is_approved=yes))


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
    from flows.review.break_list import OPEN, Wanted, list_breaks, meaning_lines
    from flows.review.breaks import decide_breaks
    from flows.settings.load import load_settings
    from sql.break_decisions import Verb

    settings = load_settings(config)
    wanted = Wanted(tuple(many.classes or ()), *many[1:4], None, *many[4:])
    states = {"acknowledge": {"open"}, "resolve": OPEN, "reopen": {"acknowledged", "resolved"}}[verb]
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


def run_breaks(
    config: Path | None, *, wanted: "Wanted", only_open: bool, as_json: bool, csv: Path | None = None
) -> ExitCode:
    """List the breaks, oldest first; 1 where one of them is open."""
    from flows.ledger.connection import open_ledger
    from flows.review.break_list import OPEN, break_lines, list_breaks, meaning_lines, write_csv
    from flows.review.clocks import clocks_of
    from flows.settings.load import load_settings
    from sql.reversals import breaks_with_reversals

    settings = load_settings(config)
    with open_ledger(settings) as ledger, ledger.read() as connection:
        listed = list_breaks(connection, settings, wanted, only_open=only_open)
        reversals = breaks_with_reversals(connection, [record["id"] for record in listed])
    if csv is not None:
        write_csv(listed, csv)
    if as_json:
        write_json(listed)
    else:
        clocks = clocks_of(settings)
        for record in listed:
            first, *more = break_lines(record, clocks.of(record["site_id"]))
            write_line(first + _reversal(reversals.get(record["id"])))
            for line in more:
                write_line(line)
        for line in meaning_lines(listed):
            write_line(line)
        which = "open breaks" if only_open else "breaks"
        write_line(f"{len(listed)} {which}.")
    is_open = any(record["state"] in OPEN for record in listed)
    return ExitCode.NEEDS_A_PERSON if is_open else ExitCode.TIES_OUT


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
    """List the decisions and comments about one break."""
    from flows.ledger.connection import open_ledger
    from flows.review.breaks import break_comments
    from flows.review.breaks import break_history as history_of
    from flows.settings.load import load_settings

    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        decisions = history_of(ledger, break_id)
        comments = break_comments(ledger, break_id)
    told = [(decision.at, _decision_record(decision), _decision_line(decision)) for decision in decisions]
    told += [(said.at, *_comment(settings, said)) for said in comments]
    told.sort(key=itemgetter(0))
    if as_json:
        write_json([record for _, record, _ in told])
    else:
        for _, _, line in told:
            write_line(line)
        said = f" and {len(comments)} comments" if comments else ""
        write_line(f"{len(decisions)} decisions{said} about break {break_id}.")
    return ExitCode.TIES_OUT


def run_comment(config: Path | None, break_id: str, *, actor: str, text: str, file: Path | None) -> ExitCode:
    """Record what a person says about a break."""
    from flows.ledger.connection import open_ledger
    from flows.review.breaks import comment_break
    from flows.settings.load import load_settings

    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        comment_break(settings, ledger, break_id, actor=actor, text=text, file=file)
    write_line(f"Kept: `tieout breaks history {break_id}` tells it.")
    return ExitCode.TIES_OUT


def _comment(settings: "Settings", said: "Row[Any]") -> tuple[dict[str, Any], str]:
    """Return a comment as a record and as a line, with where its file lies and whether it is still what it was."""
    from flows.review.attachments import attachment_path, why_not_as_attached

    record = {
        "comment_id": said.comment_id,
        "at": said.at.isoformat(),
        "actor": said.actor,
        "verb": "comment",
        "reason": said.comment,
        "file": said.file_name,
        "sha256": said.file_sha256,
    }
    line = f"{said.at:%Y-%m-%d %H:%M:%S}Z  comment by {said.actor}: {said.comment}"
    if said.file_sha256 is None:
        return record, line
    path = attachment_path(settings, said.file_sha256)
    wrong = why_not_as_attached(settings, said.file_sha256)
    attached = f"; attached: {said.file_name}, in {path}" + (f" ({wrong})" if wrong else "")
    return record | {"path": str(path), "file_is_as_attached": not wrong}, line + attached


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
