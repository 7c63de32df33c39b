"""``tieout db upgrade`` and ``tieout db current``."""

from pathlib import Path

import typer

from flows.ledger.connection import connect_ledger, ledger_revision, upgrade_ledger
from flows.runtime.errors import ExitCode
from flows.settings.load import load_settings


def run_upgrade(config: Path | None) -> ExitCode:
    """Run the missing migrations."""
    with connect_ledger(load_settings(config)) as ledger:
        typer.echo(f"The ledger is at migration {upgrade_ledger(ledger)}.")
    return ExitCode.TIES_OUT


def run_current(config: Path | None) -> ExitCode:
    """Say where the ledger stands."""
    with connect_ledger(load_settings(config)) as ledger:
        revision = ledger_revision(ledger)
    typer.echo(f"The ledger is at migration {revision}." if revision else "The ledger has no tables yet.")
    return ExitCode.TIES_OUT
