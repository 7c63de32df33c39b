"""``tieout report``: make the report of a run again, from its snapshot and without a call."""

from pathlib import Path

import typer

from flows.ledger.connection import open_ledger
from flows.runtime.errors import ExitCode
from flows.settings.load import load_settings


def run_report(config: Path | None, run_id: str) -> ExitCode:
    """Write workbook, page and JSON of the run anew; 1 where something waited for a person then."""
    from flows.reports.close import report_again

    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        lines, needs_a_person = report_again(settings, ledger, run_id)
    for line in lines:
        typer.echo(line)
    return ExitCode.NEEDS_A_PERSON if needs_a_person else ExitCode.TIES_OUT
