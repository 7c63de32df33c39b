"""``tieout status``: how it stands, and for a second timer that tells somebody when a night did not run."""

import json
from pathlib import Path

import typer

from flows.ledger.connection import open_ledger
from flows.runtime.clock import utc_now
from flows.runtime.errors import ExitCode, SettingsError, TieoutError
from flows.settings.load import load_settings
from flows.settings.sections import Settings


def run_status(config: Path | None, *, as_json: bool, is_to_notify: bool) -> ExitCode:
    """Print how it stands; 3 where a night was due and did not run, 1 where something waits for a person."""
    from flows.status import collect_status, status_lines
    from flows.status.schedule import keep_planned

    settings = load_settings(config)
    if is_to_notify and not settings.notify.urls:
        raise SettingsError("status --notify has nobody to tell: add an address to notify.urls in the settings.")
    try:
        with open_ledger(settings) as ledger:
            with ledger.begin() as connection:
                keep_planned(connection, settings, utc_now())
            status = collect_status(settings, ledger)
    except TieoutError as error:
        if is_to_notify:
            _notify_of_trouble(settings, str(error))
        raise
    if is_to_notify:
        from flows.notices.watch import watch_nights

        watch_nights(settings, status, _say)
    if as_json:
        typer.echo(json.dumps(status.to_json(), ensure_ascii=False))
    else:
        for line in status_lines(status):
            typer.echo(line)
    return status.exit_code


def _notify_of_trouble(settings: Settings, failure: str) -> None:
    from flows.notices.watch import watch_trouble

    watch_trouble(settings, failure, _say)


def _say(line: str) -> None:
    typer.echo(line, err=True)
