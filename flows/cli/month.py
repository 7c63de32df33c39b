"""``tieout month``: a period from the sheets to the services, beside the one before."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.named_file import PDF, mind_named_file
from flows.cli.options import Config, CsvFolder, Json, Pdf, a_site
from flows.runtime.errors import ExitCode
from flows.runtime.terminal import write_json, write_line


def month(
    period: Annotated[
        str, typer.Argument(metavar="PERIOD", help="2026-09; also 2026, or 2026-09-01..2026-09-15: days of the sites.")
    ],
    site: Annotated[str | None, typer.Option("--site", help="One Mindbody site alone.", callback=a_site)] = None,
    read: Annotated[
        bool,
        typer.Option("--read", help="Read its days anew first, at all sites, within the calls of the day."),
    ] = False,
    pdf: Pdf = None,
    csv: CsvFolder = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show a month, or any period, from the sheets to the services, beside the one before; as page, workbook, JSON.

    It is made of the ledger and of what nights have read; --read reads the days anew, as `tieout reconcile` does. Exit
    code: 0 ties out and nothing waits, 1 something of it waits for a person, 3 it could not be read.
    """
    raise typer.Exit(run_month(config, period, site, is_to_read=read, as_json=json, pdf=pdf, csv=csv))


def run_month(
    config: Path | None,
    period_text: str,
    site_id: str | None,
    *,
    is_to_read: bool,
    as_json: bool,
    pdf: Path | None = None,
    csv: Path | None = None,
) -> ExitCode:
    """Print a period and write its report."""
    from flows.ledger.connection import open_ledger
    from flows.reports.binder.write import write_binder
    from flows.reports.month_document import document_of, month_lines, record_of, write_month
    from flows.review.month import read_period
    from flows.review.sign import look_at
    from flows.settings.load import load_settings

    mind_named_file(pdf, option="--pdf", begins=PDF)
    settings = load_settings(config)
    period = read_period(period_text)
    failures = _read_anew(config, period.since, period.until) if is_to_read else []
    with open_ledger(settings) as ledger:
        found = look_at(settings, ledger, period, site_id)
    workbook = write_month(settings, found)
    written = write_binder(document_of(found), pdf, csv)
    if as_json:
        write_json({**record_of(found), "report": str(workbook), "failures": failures})
    else:
        for line in (*failures, *month_lines(found, workbook), *written):
            write_line(line)
    if failures:
        return ExitCode.COULD_NOT_RUN
    is_quiet = found.ties_out and found.agrees and not found.changes
    return ExitCode.TIES_OUT if is_quiet else ExitCode.NEEDS_A_PERSON


def _read_anew(config: Path | None, since: date, until: date) -> list[str]:
    """Read the days of a period at the services, as `tieout reconcile` does; return what could not be read."""
    from flows.runs.reconcile import reconcile
    from flows.runtime.interrupt import stopping_in_order
    from flows.runtime.progress import Stderr
    from flows.settings.load import load_settings

    with stopping_in_order():
        return list(reconcile(load_settings(config), since, until, progress=Stderr()).failures)
