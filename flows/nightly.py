"""The nightly run as a Prefect flow: every new file of the inbox, then post, settle, reconcile and report."""

from pathlib import Path
from typing import cast

import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect import flow
from prefect.states import Cancelled

from flows.ledger.summary import Summary
from flows.notices.not_started import settings_of_night, telling_where_it_stops
from flows.orchestration.flow_end import run_to_end
from flows.orchestration.flow_log import FlowLog
from flows.orchestration.forms import Text, run_name
from flows.orchestration.gone import is_deployed
from flows.orchestration.task import run_as_task
from flows.runs.nightly import nightly as nightly_steps
from flows.runs.turn import turn_of_night
from flows.runtime.errors import NightWaitsAlready
from flows.runtime.progress import say_on_stderr
from flows.runtime.schedule import is_by_schedule


@flow(name="nightly", flow_run_name=run_name, persist_result=False)
def nightly(config: Text | None = None) -> Summary:
    """Run the whole line once: every new file of the inbox, then post, settle, reconcile and report.

    A second night of the same workspace waits for the first; a third has nothing to add, and is called off. Raises a
    `TieoutError` where it could not run, or not to the end; the flow run then ends as failed, with its line.

    Args:
        config: The settings file on the machine that runs; empty for TIEOUT_CONFIG, else tieout.toml in its folder.
    """
    try:
        return run_to_end(lambda: _run_in_turn(config))
    except NightWaitsAlready as error:
        if not is_deployed():
            raise
        # What a flow returns as a state becomes its own: neither failed nor as if a night had run.
        return cast(Summary, Cancelled(name="Skipped", message=str(error)))


def _run_in_turn(config: str | None) -> Summary:
    settings = settings_of_night(Path(config) if config else None, say_on_stderr)
    with (
        telling_where_it_stops(settings, say_on_stderr),
        turn_of_night(settings.prefect_folder, say_on_stderr),
    ):
        started = settings if is_deployed() or is_by_schedule() else settings.by_hand()
        return nightly_steps(started, run_as_task, FlowLog())
