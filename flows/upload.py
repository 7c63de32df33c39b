"""One file sent by hand, as a Prefect flow; whoever starts it has approved the file."""

from pathlib import Path

import flows.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect import flow

from flows.interrupt import stopping_in_order
from flows.line import upload_line
from flows.prefect_artifacts import publish
from flows.prefect_step import run_as_task
from flows.progress import Stderr
from flows.settings import load_settings
from flows.summary import RunIncomplete, Summary


@flow(name="upload", persist_result=False)
def upload(file: str, site_id: str | None = None, config: str | None = None) -> Summary:
    """Register the file, post what it holds and report; `site_id` is for rows that do not say their site.

    Raises a `TieoutError` where it could not run, or not to the end; the flow run then ends as failed, with its line.
    """
    with stopping_in_order():  # Prefect takes SIGTERM for itself as the flow starts; this takes it back
        ended = upload_line(load_settings(Path(config) if config else None), Path(file), site_id, run_as_task, Stderr())
    publish(ended.artifacts)
    if ended.failures:
        raise RunIncomplete(ended)
    return ended
