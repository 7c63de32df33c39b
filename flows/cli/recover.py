"""``tieout recover``: make out what a lost or older ledger no longer knows."""

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.options import Config, Json
from flows.runtime.errors import CouldNotRun, ExitCode
from flows.runtime.terminal import write_json_piece, write_line, write_lines

if TYPE_CHECKING:
    from flows.recovery.report import Recovery
    from flows.settings.sections import Settings


def recover(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", help="Files that were taken in and the archive lacks.")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="NAME", help="Go on without this file, which is gone for good."),
    ] = None,
    older: Annotated[
        bool, typer.Option("--older", help="The ledger was put back from a copy, though nothing shows it.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make out what was sent from archive, snapshots and services, where the ledger is lost or older; send nothing.

    What is not proved waits for a person. Runs of several days go on where they stopped.
    """
    raise typer.Exit(run_recover(config, files or [], without or [], is_older=older, as_json=json))


def run_recover(
    config: Path | None, files: list[Path], without: list[str], *, is_older: bool, as_json: bool
) -> ExitCode:
    """Recover, and tell what was made out and how."""
    from flows.recovery.report import recovery_lines
    from flows.runs.recover import recover as recover_ledger
    from flows.runtime.interrupt import stopping_in_order
    from flows.runtime.progress import Stderr
    from flows.settings.load import load_settings

    settings = load_settings(config)
    for file in files:
        if not file.is_file():
            raise CouldNotRun(f"{file}: there is no such file.")
    with stopping_in_order():
        ended = recover_ledger(settings, without, Stderr(), is_older=is_older, files=files)
    for failure in ended.failures:
        write_line(f"tieout: {failure}", error=True)
    if as_json:
        _print_json(settings, ended)
    else:
        write_lines(recovery_lines(ended))
    return ended.exit_code


def _print_json(settings: "Settings", ended: "Recovery") -> None:
    """Print one object, its events one by one: there may be a million."""
    from flows.ledger.connection import open_any_ledger
    from flows.recovery.report import event_records

    write_json_piece(json_format.dumps(ended.to_json(), ensure_ascii=False)[:-1] + ', "events": [')
    separator = ""
    with open_any_ledger(settings) as ledger:
        for record in event_records(ledger, ended.run_id or ""):
            write_json_piece(separator + json_format.dumps(record, ensure_ascii=False))
            separator = ", "
    write_json_piece("]}\n")
