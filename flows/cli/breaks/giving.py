"""Let a difference be somebody's, until a day."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.breaks.history import BreakId
from flows.cli.options import By, Config
from flows.runtime.errors import ExitCode, WrongUsage
from flows.runtime.terminal import write_line


def give_break(
    break_id: BreakId,
    by: By,
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="Whose it is now; without, by the rules.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="2026-12-31; without, by the rules.")] = "",
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="What there is to say about that.")] = "",
    config: Config = None,
) -> None:
    """Give a break to somebody, until a day; it goes before the rules of the settings, and the history tells it."""
    raise typer.Exit(run_giving(config, break_id, actor=by, to=to, until=until, text=text))


def run_giving(config: Path | None, break_id: str, *, actor: str, to: str, until: str, text: str) -> ExitCode:
    """Record whose a break is."""
    from flows.ledger.connection import open_ledger
    from flows.review.breaks import give_break as give
    from flows.settings.load import load_settings

    due_on = _day(until)
    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        give(ledger, break_id, actor=actor, to=to, due_on=due_on, words=text)
    write_line(f"Kept: `tieout breaks history {break_id}` tells it.")
    return ExitCode.TIES_OUT


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f'"{text}" is no day: write one as 2026-12-31.') from None
