"""``tieout replace``: a held row takes the place of the row that it looks like."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import ByUser, Config, Json
from flows.runtime.errors import ExitCode
from flows.runtime.terminal import write_json, write_lines


def replace(
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="Of a held row that looks like another one.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it takes that row's place.")],
    by: ByUser = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let a held row take the place of the earlier row that it looks like: a corrected sheet was sent again.

    What was posted is taken back, what was not sent is dropped; the new row is posted only after that.
    """
    raise typer.Exit(run_replace(config, event_id, reason, by, as_json=json))


def run_replace(config: Path | None, event_id: str, reason: str, by: str | None, *, as_json: bool) -> ExitCode:
    """Decide that the event takes the place of what it looks like; the next run does the rest."""
    from getpass import getuser

    from flows.ledger.connection import open_ledger
    from flows.review.replace import replace as let_replace
    from flows.review.replace import replacement_lines
    from flows.settings.load import load_settings

    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        replaced = let_replace(settings, ledger, event_id, by or getuser(), reason)
    if as_json:
        write_json(replaced.to_json())
    else:
        write_lines(replacement_lines(replaced))
    return ExitCode.TIES_OUT
