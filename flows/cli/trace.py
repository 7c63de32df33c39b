"""``tieout trace``."""

from pathlib import Path

import typer

from flows.ledger.connection import open_ledger
from flows.review.trace import trace_lines
from flows.runtime.errors import ExitCode
from flows.settings.load import load_settings


def run_trace(row: str, config: Path | None) -> ExitCode:
    """Print the story of one row."""
    with open_ledger(load_settings(config)) as ledger, ledger.begin() as connection:
        for line in trace_lines(connection, row):
            typer.echo(line)
    return ExitCode.TIES_OUT
