"""Reading back and matching, as a Prefect flow; it sends nothing."""

from datetime import date
from pathlib import Path

import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect import flow

from flows.ledger.summary import ReconcileSummary
from flows.orchestration.flow_end import run_to_end
from flows.orchestration.task import run_as_task
from flows.runs.reconcile import reconcile as reconcile_steps
from flows.runtime.progress import Stderr
from flows.settings.load import load_settings


@flow(name="reconcile", persist_result=False)
def reconcile(since: date | None = None, until: date | None = None, config: str | None = None) -> ReconcileSummary:
    """Match source, ledger and services over the days from `since` to `until`, both included, and report.

    Raises a `TieoutError` where it could not run, or not to the end; the flow run then ends as failed, with its line.
    """
    return run_to_end(lambda: _reconcile(since, until, config))


def _reconcile(since: date | None, until: date | None, config: str | None) -> ReconcileSummary:
    return reconcile_steps(load_settings(Path(config) if config else None), since, until, run_as_task, Stderr())
