"""The nightly run as a Prefect flow: every new file of the inbox, then post, settle, reconcile and report."""

from pathlib import Path

import flows.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect import flow

from flows.interrupt import stopping_in_order
from flows.line import nightly_line
from flows.prefect_artifacts import publish
from flows.prefect_step import run_as_task
from flows.progress import Stderr
from flows.settings import load_settings
from flows.summary import RunIncomplete, Summary


@flow(name="nightly", persist_result=False)
def nightly(config: str | None = None) -> Summary:
    """Run the whole line once, with the settings of the file `config` (by default as `tieout run` finds them).

    Raises a `TieoutError` where it could not run, or not to the end; the flow run then ends as failed, with its line.
    """
    with stopping_in_order():  # Prefect takes SIGTERM for itself as the flow starts; this takes it back
        ended = nightly_line(load_settings(Path(config) if config else None), run_as_task, Stderr())
    publish(ended.artifacts)
    if ended.failures:
        raise RunIncomplete(ended)
    return ended
