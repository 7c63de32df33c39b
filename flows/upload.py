"""One file sent by hand, as a Prefect flow; whoever starts it has approved the file."""

from pathlib import Path

import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect import flow

from flows.intake.check import check_file
from flows.intake.checked_file import CheckedFile
from flows.ledger.summary import Summary
from flows.orchestration.flow_end import run_to_end
from flows.orchestration.flow_log import FlowLog
from flows.orchestration.forms import Sha256, Text, run_name
from flows.orchestration.task import run_as_task
from flows.runs.upload import upload as upload_steps
from flows.runtime.errors import CouldNotRun
from flows.settings.load import load_settings
from flows.settings.sections import Settings


@flow(name="upload", flow_run_name=run_name, persist_result=False)
def upload(
    file: Text,
    site_id: Text | None = None,
    config: Text | None = None,
    sha256: Sha256 | None = None,
    only_bad: bool = False,
) -> Summary:
    """Register one file, post what it holds and report; whoever starts it has approved the file.

    Raises a `TieoutError` where it could not run, or not to the end; the flow run then ends as failed, with its line.

    Args:
        file: The sheet or export to post, by its path on the machine that runs.
        site_id: The site of the rows that do not say theirs; empty where there is one site alone.
        config: The settings file on the machine that runs; empty for TIEOUT_CONFIG, else tieout.toml in its folder.
        sha256: Of the content that a person approved, as `tieout check --json` tells it; no other content is taken.
        only_bad: Give the file back with the rows alone that wait for a person.
    """
    return run_to_end(lambda: _upload(Path(file), site_id, config, sha256, only_bad=only_bad))


def _upload(path: Path, site_id: str | None, config: str | None, sha256: str | None, *, only_bad: bool) -> Summary:
    settings = load_settings(Path(config) if config else None)
    checked = None if sha256 is None else _check_approved(settings, path, site_id, sha256)
    return upload_steps(settings, path, site_id, run_as_task, FlowLog(), checked, only_bad=only_bad)


def _check_approved(settings: Settings, path: Path, site_id: str | None, sha256: str) -> CheckedFile:
    checked = run_as_task(f"check {path.name}", check_file, settings, path, site_id)
    if checked.sha256 != sha256:
        raise CouldNotRun(f"{path.name} changed since it was approved: nothing was posted. Upload it again.")
    return checked
