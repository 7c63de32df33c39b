"""``tieout serve``: keep the nightly schedule on this box."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import Config
from flows.runtime.errors import ExitCode
from flows.runtime.terminal import write_line


def serve(
    config: Config = None,
    cron: Annotated[
        str | None,
        typer.Option(help='When the nightly run starts, such as "0 3 * * *"; else as the settings say.'),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="The zone of --cron; by default the sites' own, where they share one, else UTC.")
    ] = None,
) -> None:
    """Keep the nightly schedule on this box until stopped.

    A night that was due while it did not run is made up for as it starts again, unless schedule.make_up is off.
    """
    raise typer.Exit(run_serve(config, cron, timezone))


def run_serve(config: Path | None, cron: str | None, timezone: str | None) -> ExitCode:
    """Serve all flows, the nightly one by the schedule."""
    from flows.ledger.connection import refuse_wrong_folder
    from flows.nightly import nightly
    from flows.orchestration.approve_form import approve
    from flows.orchestration.serve import ServedFlows, serve_nightly
    from flows.reconcile import reconcile
    from flows.settings.load import load_settings
    from flows.settle import settle
    from flows.status.schedule import schedule_to_serve
    from flows.upload import upload

    settings = load_settings(config)
    refuse_wrong_folder(settings)
    schedule = schedule_to_serve(settings, cron, timezone)

    def announce(url: str) -> None:
        said = f'Serving the nightly run at "{schedule.cron}" in {schedule.timezone}; Prefect is at {url}.'
        write_line(f"{said} Stop with Ctrl-C.", error=True)

    served = ServedFlows(nightly, by_hand=(upload, approve, settle, reconcile))
    serve_nightly(settings, config, schedule, served, announce)
    return ExitCode.TIES_OUT
