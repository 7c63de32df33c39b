"""``tieout clean``: what is older than the settings keep it; list it, and remove it where that is asked for."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import Config, Json
from flows.runtime.errors import ExitCode


def clean(
    remove: Annotated[bool, typer.Option("--remove", help="Remove what is listed; without it nothing is.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """List what is older than the settings keep it, and what of it stays and why; remove it with --remove.

    Never goes: what an open event, difference or month belongs to, and what `tieout recover` would need. Exit code 3
    where something could not be removed.
    """
    raise typer.Exit(run_clean(config, is_to_remove=remove, as_json=json))


def run_clean(config: Path | None, *, is_to_remove: bool, as_json: bool) -> ExitCode:
    """List, and remove where asked; names come first."""
    from flows.keeping.find import look_around
    from flows.keeping.remove import remove
    from flows.keeping.tell import house_json, house_lines
    from flows.ledger.connection import open_ledger
    from flows.runtime.terminal import write_json, write_line, write_lines
    from flows.settings.load import load_settings

    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        house = look_around(settings, ledger)
    if not as_json:
        write_lines(house_lines(settings, house))
    failures = remove(settings, house.removable) if is_to_remove else []
    removed = [thing for thing in house.removable if is_to_remove and not any(file.exists() for file in thing.files)]
    if as_json:
        write_json(house_json(settings, house, removed, failures))
    elif is_to_remove:
        write_line(f"Removed: {len(removed):,}.")
    elif house.removable:
        write_line("Nothing was removed: `tieout clean --remove` does.")
    for failure in failures:
        write_line(failure, error=True)
    return ExitCode.COULD_NOT_RUN if failures else ExitCode.TIES_OUT
