"""``tieout approve`` and ``tieout discard``: a person's answer to what nobody else can tell."""

from collections.abc import Callable
from getpass import getuser
from pathlib import Path

import typer

from flows.clock import utc_now
from flows.errors import ExitCode, SettingsError
from flows.ledger import open_ledger
from flows.settings import load_settings
from sql import decisions
from sql.decisions import NotHeld


def run_approve(config: Path | None, event_id: str, by: str | None) -> ExitCode:
    """Let a held event be posted by the next run."""
    _decide(decisions.approve, config, event_id, by or getuser())
    typer.echo(f"Approved: the next run posts event {event_id}.")
    return ExitCode.TIES_OUT


def run_discard(config: Path | None, event_id: str, by: str | None) -> ExitCode:
    """Rule that a held event is never posted."""
    _decide(decisions.discard, config, event_id, by or getuser())
    typer.echo(f"Discarded: event {event_id} is never posted.")
    return ExitCode.TIES_OUT


def _decide(decision: Callable[..., None], config: Path | None, event_id: str, by: str) -> None:
    with open_ledger(load_settings(config)) as ledger, ledger.begin() as connection:
        try:
            decision(connection, event_id, by=by, now=utc_now())
        except NotHeld as error:
            raise SettingsError(str(error)) from None
