"""``tieout report``: make the report of a run again, from its snapshot and without a call."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.named_file import PDF, mind_named_file
from flows.cli.options import Config, CsvFolder, Pdf
from flows.runtime.errors import ExitCode


def report(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="The id of a run, or `latest`.")],
    pdf: Pdf = None,
    csv: CsvFolder = None,
    config: Config = None,
) -> None:
    """Make the report of a run again from its snapshot, the same byte for byte; ask no service."""
    raise typer.Exit(run_report(config, run_id, pdf=pdf, csv=csv))


def run_report(config: Path | None, run_id: str, *, pdf: Path | None = None, csv: Path | None = None) -> ExitCode:
    """Write workbook, page and JSON of the run anew; 1 where something waited for a person then."""
    from flows.ledger.connection import open_ledger
    from flows.reports.binder.write import write_binder
    from flows.reports.close import report_again
    from flows.reports.document import document_of_run
    from flows.runtime.terminal import write_lines
    from flows.settings.load import load_settings

    mind_named_file(pdf, option="--pdf", begins=PDF)
    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        report, lines, needs_a_person = report_again(settings, ledger, run_id)
    write_lines([*lines, *write_binder(document_of_run(report), pdf, csv)])
    return ExitCode.NEEDS_A_PERSON if needs_a_person else ExitCode.TIES_OUT
