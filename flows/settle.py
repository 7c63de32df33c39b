"""Reading back what is in doubt, as a Prefect flow; it sends nothing."""

from pathlib import Path

import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect import flow

from flows.ledger.summary import Summary
from flows.orchestration.flow_end import run_to_end
from flows.orchestration.flow_log import FlowLog
from flows.orchestration.forms import Text, run_name
from flows.orchestration.task import run_as_task
from flows.runs.settle import settle as settle_steps
from flows.settings.load import load_settings


@flow(name="settle", flow_run_name=run_name, persist_result=False)
def settle(config: Text | None = None) -> Summary:
    """Settle whatever is in doubt and has had its time; nothing is sent.

    Raises a `TieoutError` where it could not run, or not to the end; the flow run then ends as failed, with its line.

    Args:
        config: The settings file on the machine that runs; empty for TIEOUT_CONFIG, else tieout.toml in its folder.
    """
    return run_to_end(lambda: settle_steps(load_settings(Path(config) if config else None), run_as_task, FlowLog()))
