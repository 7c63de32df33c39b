"""``tieout status``: how it stands, and for a second timer that tells somebody when a night did not run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.options import Config, Json
from flows.runtime.errors import ExitCode, TieoutError, WrongUsage
from flows.runtime.terminal import write_json

if TYPE_CHECKING:
    from flows.settings.sections import Settings
    from flows.status import Status


def status(
    config: Config = None,
    json: Json = False,
    notify: Annotated[
        bool, typer.Option("--notify", help="Tell the addresses of notify.urls once where a night did not run.")
    ] = False,
) -> None:
    """Say how it stands: last night, next night, what waits for a person, the calls that are left today.

    Asks no service. Exit code: 0 all is well, 1 something waits for a person, 3 a night was due and did not run. With
    --notify a second timer watches over the first one.
    """
    raise typer.Exit(run_status(config, as_json=json, is_to_notify=notify))


def run_status(config: Path | None, *, as_json: bool, is_to_notify: bool) -> ExitCode:
    """Print how it stands; 3 where a night was due and did not run, 1 where something waits for a person."""
    from flows.runtime.terminal import write_lines
    from flows.settings.load import load_settings
    from flows.status import status_lines

    settings = load_settings(config)
    if is_to_notify and not settings.notify.urls:
        raise WrongUsage("status --notify has nobody to tell: add an address to notify.urls in the settings.")
    now = _watched_status(settings) if is_to_notify else _current_status(settings)
    if as_json:
        write_json(now.to_json())
    else:
        write_lines(status_lines(now))
    return now.exit_code


def _current_status(settings: "Settings") -> "Status":
    """Collect how it stands; what the settings plan counts from the first time that somebody asks."""
    from flows.ledger.connection import open_ledger
    from flows.runtime.clock import utc_now
    from flows.status import collect_status
    from flows.status.schedule import keep_planned

    with open_ledger(settings) as ledger:
        with ledger.begin() as connection:
            keep_planned(connection, settings, utc_now())
        return collect_status(settings, ledger)


def _watched_status(settings: "Settings") -> "Status":
    """Collect how it stands and tell people where it changed; where nobody can tell, that is told too."""
    from flows.notices.watch import watch_nights, watch_trouble
    from flows.runtime.progress import say_on_stderr

    try:
        now = _current_status(settings)
    except TieoutError as error:
        watch_trouble(settings, str(error), say_on_stderr)
        raise
    watch_nights(settings, now, say_on_stderr)
    return now
