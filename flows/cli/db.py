"""``tieout db``: the ledger's tables."""

from pathlib import Path

import typer

from flows.cli.options import Config
from flows.runtime.errors import ExitCode
from flows.runtime.terminal import write_line

db = typer.Typer(help="The ledger's tables.", no_args_is_help=True)


@db.command("upgrade")
def upgrade(config: Config = None) -> None:
    """Bring the ledger to this version's tables."""
    raise typer.Exit(run_upgrade(config))


@db.command("current")
def current(config: Config = None) -> None:
    """Say which migration the ledger is at."""
    raise typer.Exit(run_current(config))


def run_upgrade(config: Path | None) -> ExitCode:
    """Run the missing migrations."""
    from flows.ledger.connection import connect_ledger, upgrade_ledger
    from flows.settings.load import load_settings

    with connect_ledger(load_settings(config)) as ledger:
        write_line(f"The ledger is at migration {upgrade_ledger(ledger)}.")
    return ExitCode.TIES_OUT


def run_current(config: Path | None) -> ExitCode:
    """Say where the ledger stands."""
    from flows.ledger.connection import connect_ledger, ledger_revision
    from flows.settings.load import load_settings

    with connect_ledger(load_settings(config)) as ledger:
        revision = ledger_revision(ledger)
    write_line(f"The ledger is at migration {revision}." if revision else "The ledger has no tables yet.")
    return ExitCode.TIES_OUT
