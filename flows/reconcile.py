"""Reading back and matching, as a Prefect flow; it sends nothing."""

from datetime import date
from pathlib import Path

import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect import flow

from flows.ledger.summary import ReconcileSummary
from flows.orchestration.flow_end import run_to_end
from flows.orchestration.flow_log import FlowLog
from flows.orchestration.forms import Text, run_name
from flows.orchestration.task import run_as_task
from flows.runs.reconcile import reconcile as reconcile_steps
from flows.settings.load import load_settings


@flow(name="reconcile", flow_run_name=run_name, persist_result=False)
def reconcile(since: date | None = None, until: date | None = None, config: Text | None = None) -> ReconcileSummary:
    """Match source, ledger and services over a period, and report; nothing is sent.

    Raises a `TieoutError` where it could not run, or not to the end; the flow run then ends as failed, with its line.

    Args:
        since: The first day, by each site's own calendar; empty for 30 days before the last one.
        until: The last day, which counts as well; empty for today.
        config: The settings file on the machine that runs; empty for TIEOUT_CONFIG, else tieout.toml in its folder.
    """
    return run_to_end(lambda: _reconcile(since, until, config))


def _reconcile(since: date | None, until: date | None, config: str | None) -> ReconcileSummary:
    return reconcile_steps(load_settings(Path(config) if config else None), since, until, run_as_task, FlowLog())
