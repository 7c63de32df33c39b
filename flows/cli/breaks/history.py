"""What people said and decided about one difference, and saying something about it."""

from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.options import By, Config, Json
from flows.runtime.errors import ExitCode
from flows.runtime.terminal import write_json, write_line

if TYPE_CHECKING:
    from sqlalchemy import Row

    from flows.settings.sections import Settings

BreakId = Annotated[str, typer.Argument(metavar="ID")]


def break_history(break_id: BreakId, config: Config = None, json: Json = False) -> None:
    """Tell what people decided and said about a break, with the files they attached; oldest first."""
    raise typer.Exit(run_history(config, break_id, as_json=json))


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
