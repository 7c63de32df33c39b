"""``tieout db``: the ledger's tables, and copies of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.ask import is_confirmed
from flows.cli.options import By, ByUser, Config, Json
from flows.runtime.clock import utc_now
from flows.runtime.errors import ExitCode, Interrupted, WrongUsage
from flows.runtime.interrupt import stop_requested, stopping_in_order
from flows.runtime.person import user_name
from flows.runtime.terminal import write_json, write_line, write_lines

db = typer.Typer(help="The ledger's tables, and copies of it.", no_args_is_help=True)


@db.command("upgrade")
def upgrade(config: Config = None, json: Json = False) -> None:
    """Bring the ledger to this version's tables."""
    raise typer.Exit(run_upgrade(config, as_json=json))


@db.command("current")
def current(config: Config = None, json: Json = False) -> None:
    """Say which migration the ledger is at."""
    raise typer.Exit(run_current(config, as_json=json))


@db.command("backup")
def backup(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The copy, a file that is not there yet.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Copy the ledger as it is now, also while a run is at work: SQLite as one file, PostgreSQL by pg_dump."""
    raise typer.Exit(run_backup(config, path, as_json=json))


@db.command("archive")
def archive(
    before: Annotated[
        datetime, typer.Option("--before", formats=["%Y-%m-%d"], metavar="DATE", help="A day, in UTC: what is older.")
    ],
    by: ByUser = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Move old attempts, answers and moves out of the ledger into Parquet files; say what, ask, and go on."""
    raise typer.Exit(run_archive(config, before.replace(tzinfo=UTC), by, is_approved=yes, as_json=json))


@db.command("bind")
def bind(
    by: By,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="How it is known.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Say that the services in the settings are the ones that this ledger was used against, under another address."""
    raise typer.Exit(run_bind(config, by, reason, as_json=json))


def run_upgrade(config: Path | None, *, as_json: bool) -> ExitCode:
    """Run the missing migrations."""
    from flows.ledger.connection import connect_ledger, upgrade_ledger
    from flows.settings.load import load_settings

    with connect_ledger(load_settings(config)) as ledger:
        revision = upgrade_ledger(ledger)
    _tell({"migration": revision}, f"The ledger is at migration {revision}.", as_json=as_json)
    return ExitCode.TIES_OUT


def run_current(config: Path | None, *, as_json: bool) -> ExitCode:
    """Say where the ledger stands."""
    from flows.ledger.connection import connect_ledger, ledger_revision
    from flows.settings.load import load_settings

    with connect_ledger(load_settings(config)) as ledger:
        revision = ledger_revision(ledger)
    told = f"The ledger is at migration {revision}." if revision else "The ledger has no tables yet."
    _tell({"migration": revision}, told, as_json=as_json)
    return ExitCode.TIES_OUT


def run_backup(config: Path | None, path: Path, *, as_json: bool) -> ExitCode:
    """Copy the ledger to a file."""
    from flows.ledger.backup import back_up
    from flows.ledger.connection import connect_ledger
    from flows.settings.load import load_settings

    settings = load_settings(config)
    # Whatever version it is at and whoever it is: before a step that changes it is when a copy is wanted.
    with connect_ledger(settings) as ledger:
        back_up(settings, ledger, path)
    _tell({"copy": str(path)}, f"Copied the ledger to {path}.", as_json=as_json)
    return ExitCode.TIES_OUT


def run_archive(
    config: Path | None, before_at: datetime, by: str | None, *, is_approved: bool, as_json: bool
) -> ExitCode:
    """Say what would leave the ledger, ask, and move it out."""
    from flows.ledger.connection import open_ledger
    from flows.ledger.old_attempts import move_old
    from flows.settings.load import load_settings
    from sql.old_attempts import count_old

    settings = load_settings(config)
    if before_at > utc_now():
        raise WrongUsage(f"--before {before_at:%Y-%m-%d} lies in the future: name a day that is over.")
    with open_ledger(settings) as ledger:
        with ledger.read() as connection:
            count, first_at, last_at = count_old(connection, before_at)
        record: dict[str, Any] = {"before": f"{before_at:%Y-%m-%d}", "attempts": count, "files": []}
        if not count:
            _tell(record, f"Nothing that is over for good is older than {before_at:%Y-%m-%d}.", as_json=as_json)
            return ExitCode.TIES_OUT
        write_line(
            f"{count:,} attempts of events that are over for good, posted from {first_at:%Y-%m-%d} to "
            f"{last_at:%Y-%m-%d}, leave the ledger with their answers and moves for {settings.old_attempts_folder}. "
            "Events, decisions, breaks and totals stay; `tieout trace` reads the files.",
            error=as_json,
        )
        nobody = "Nobody answered, so nothing was moved: add --yes to go on without asking."
        if not is_approved and not is_confirmed("Move them out?", nobody):
            _tell(record, "Nothing was moved.", as_json=as_json)
            return ExitCode.TIES_OUT
        with stopping_in_order():
            files = [file.name for file in move_old(settings, ledger, before_at, by or user_name())]
            is_stopped = stop_requested.is_set()
    files_count = "1 file" if len(files) == 1 else f"{len(files)} files"
    told = f"Moved out, {files_count}. Back them up with the ledger."
    _tell(record | {"files": files}, told, as_json=as_json)
    if is_stopped:
        raise Interrupted("Stopped as asked: what is left stays in the ledger. Run it again to go on.")
    return ExitCode.TIES_OUT


def run_bind(config: Path | None, by: str, reason: str, *, as_json: bool) -> ExitCode:
    """Bind the ledger to the addresses in the settings."""
    from flows.ledger.connection import open_ledger
    from flows.review.bind import bind_services
    from flows.settings.load import load_settings

    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        lines = bind_services(settings, ledger, by=by, reason=reason)
    if as_json:
        write_json({"bound": lines})
    else:
        write_lines(lines or ["The ledger is bound to these addresses already."])
    return ExitCode.TIES_OUT


def _tell(record: dict[str, Any], told: str, *, as_json: bool) -> None:
    if as_json:
        write_json(record)
    else:
        write_line(told)
