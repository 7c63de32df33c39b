"""Reading back and matching, as a Prefect flow; it sends nothing."""

from datetime import date
from pathlib import Path

import flows.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect import flow

from flows.interrupt import stopping_in_order
from flows.line import reconcile_line
from flows.prefect_artifacts import publish
from flows.prefect_step import run_as_task
from flows.progress import Stderr
from flows.settings import load_settings
from flows.summary import Reconciliation, RunIncomplete


@flow(name="reconcile", persist_result=False)
def reconcile(since: date | None = None, until: date | None = None, config: str | None = None) -> Reconciliation:
    """Match source, ledger and services over the days from `since` to `until`, both included, and report.

    Raises a `TieoutError` where it could not run, or not to the end; the flow run then ends as failed, with its line.
    """
    with stopping_in_order():  # Prefect takes SIGTERM for itself as the flow starts; this takes it back
        ended = reconcile_line(load_settings(Path(config) if config else None), since, until, run_as_task, Stderr())
    publish(ended.artifacts)
    if ended.failures:
        raise RunIncomplete(ended)
    return ended
