"""``tieout trace``: the whole life of one row."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import Config
from flows.runtime.errors import ExitCode


def trace(
    row: Annotated[
        str,
        typer.Argument(
            metavar="ID|FILE:SHEET:ROW", help='An event, difference, reward or client; or "march.xlsx:Sheet1:14".'
        ),
    ],
    config: Config = None,
) -> None:
    """Tell the whole life of a row, difference, reward or client: cell, checks, tries, answers, match, what to do."""
    raise typer.Exit(run_trace(row, config))


def run_trace(row: str, config: Path | None) -> ExitCode:
    """Print the story of one row."""
    from flows.ledger.connection import open_ledger
    from flows.review.trace import trace_lines
    from flows.runtime.terminal import write_lines
    from flows.runtime.visible import storable
    from flows.settings.load import load_settings

    settings = load_settings(config)
    with open_ledger(settings) as ledger, ledger.read() as connection:
        write_lines(trace_lines(settings, connection, storable(row)))
    return ExitCode.TIES_OUT
