"""``tieout db``: the ledger's tables, and copies of it."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import By, Config
from flows.runtime.errors import ExitCode
from flows.runtime.terminal import write_line

db = typer.Typer(help="The ledger's tables, and copies of it.", no_args_is_help=True)


@db.command("upgrade")
def upgrade(config: Config = None) -> None:
    """Bring the ledger to this version's tables."""
    raise typer.Exit(run_upgrade(config))


@db.command("current")
def current(config: Config = None) -> None:
    """Say which migration the ledger is at."""
    raise typer.Exit(run_current(config))


@db.command("backup")
def backup(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The copy, a file that is not there yet.")],
    config: Config = None,
) -> None:
    """Copy the ledger as it is now, also while a run is at work: SQLite as one file, PostgreSQL by pg_dump."""
    raise typer.Exit(run_backup(config, path))


@db.command("bind")
def bind(
    by: By,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="How it is known.")],
    config: Config = None,
) -> None:
    """Say that the services in the settings are the ones that this ledger was used against, under another address."""
    raise typer.Exit(run_bind(config, by, reason))


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


def run_backup(config: Path | None, path: Path) -> ExitCode:
    """Copy the ledger to a file."""
    from flows.ledger.backup import back_up
    from flows.ledger.connection import connect_ledger
    from flows.settings.load import load_settings

    settings = load_settings(config)
    # Whatever version it is at and whoever it is: before a step that changes it is when a copy is wanted.
    with connect_ledger(settings) as ledger:
        back_up(settings, ledger, path)
    typer.echo(f"Copied the ledger to {path}.")
    return ExitCode.TIES_OUT


def run_bind(config: Path | None, by: str, reason: str) -> ExitCode:
    """Bind the ledger to the addresses in the settings."""
    from flows.ledger.connection import open_ledger
    from flows.review.bind import bind_services
    from flows.settings.load import load_settings

    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        lines = bind_services(settings, ledger, by=by, reason=reason)
    typer.echo("\n".join(lines) or "The ledger is bound to these addresses already.")
    return ExitCode.TIES_OUT
