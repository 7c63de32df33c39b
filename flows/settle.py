"""Reading back what is in doubt, as a Prefect flow; it sends nothing."""

from pathlib import Path

import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect import flow

from flows.ledger.summary import Summary
from flows.orchestration.flow_end import run_to_end
from flows.orchestration.task import run_as_task
from flows.runs.settle import settle as settle_steps
from flows.runtime.progress import Stderr
from flows.settings.load import load_settings


@flow(name="settle", persist_result=False)
def settle(config: str | None = None) -> Summary:
    """Settle whatever is in doubt and has had its time, with the settings of the file `config`.

    Raises a `TieoutError` where it could not run, or not to the end; the flow run then ends as failed, with its line.
    """
    return run_to_end(lambda: settle_steps(load_settings(Path(config) if config else None), run_as_task, Stderr()))
