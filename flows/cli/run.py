"""``tieout run``: the night once, as a Prefect flow unless told otherwise."""

from pathlib import Path

import typer

from flows.cli.options import Config, Json, Plain, config_text
from flows.runtime.errors import ExitCode


def run(config: Config = None, plain: Plain = False, json: Json = False) -> None:
    """Run the night once: every new file of the inbox, then post, settle, reconcile and report."""
    raise typer.Exit(run_night(config, plain=plain, as_json=json))


def run_night(config: Path | None, *, plain: bool, as_json: bool) -> ExitCode:
    """Run the night and tell its end."""
    from flows.cli.tell import tell, tell_flow
    from flows.notices.not_started import settings_of_night, telling_where_it_stops
    from flows.runtime.interrupt import stopping_in_order
    from flows.runtime.progress import Stderr, say_on_stderr
    from flows.runtime.schedule import is_by_schedule

    settings = settings_of_night(config, say_on_stderr)
    with stopping_in_order(), telling_where_it_stops(settings, say_on_stderr):
        if plain:
            from flows.runs.nightly import nightly

            started = settings if is_by_schedule() else settings.by_hand()
            return tell(nightly(started, progress=Stderr()), as_json=as_json)
        from flows.ledger.connection import refuse_wrong_folder
        from flows.orchestration.server import prefect_api

        refuse_wrong_folder(settings)  # before a server of Prefect's is started for nothing
        with prefect_api(settings.prefect_folder):
            from flows.nightly import nightly as nightly_flow

            return tell_flow(lambda: nightly_flow(config_text(config)), as_json=as_json)
