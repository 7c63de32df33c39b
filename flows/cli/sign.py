"""``tieout sign``: sign a period, as preparer and then as approver."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import Config, Json, Why
from flows.runtime.errors import ExitCode
from flows.runtime.person import system_user
from flows.runtime.terminal import write_json, write_line


def sign(
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="2026-09; also 2026, or 2026-09-01..2026-09-15.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Your name; who signs is the system's user.")],
    reason: Why = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Sign a period over all sites: the first to sign has prepared it, the next one approves it.

    Refused, with a line each, while something of it is unread, in doubt or proved by a balance alone, or a difference
    has no reason. Exit code: 0 signed, 1 something is in the way, 2 it is signed, or another person has to.
    """
    raise typer.Exit(run_sign(config, period, by, reason, as_json=json))


def run_sign(config: Path | None, period_text: str, by: str, reason: str, *, as_json: bool) -> ExitCode:
    """Record the signature."""
    from flows.ledger.connection import open_ledger
    from flows.reports.month_document import record_of, write_month
    from flows.review.month import read_period
    from flows.review.sign import sign as sign_period
    from flows.settings.load import load_settings

    settings = load_settings(config)
    period = read_period(period_text)
    user = system_user()
    with open_ledger(settings) as ledger:
        signed = sign_period(settings, ledger, period, user=user, by_name=by, reason=reason)
    workbook = write_month(settings, signed.month)
    if as_json:
        record = record_of(signed.month)
        write_json({**record, "signed_as": signed.role, "report": str(workbook)})
    elif signed.role is None:
        write_line(f"{period.name} cannot be signed yet:", error=True)
        for line in signed.in_the_way:
            write_line(f"  {line}", error=True)
    else:
        write_line(f"Signed {period.name} as {signed.role}: {by.strip()} (user {user}).")
        write_line(f"report: {workbook}")
    return ExitCode.TIES_OUT if signed.role is not None else ExitCode.NEEDS_A_PERSON
