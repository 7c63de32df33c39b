"""One file by hand, wherever it lies; it stays there."""

from pathlib import Path

from flows.intake.checked_file import CheckedFile
from flows.intake.inbox import InboxFile
from flows.ledger.connection import open_ledger
from flows.ledger.run import Step, new_run, run_plain
from flows.ledger.summary import Summary
from flows.runs.from_files import run_from_files
from flows.runtime.progress import Progress, say_nothing
from flows.services.mindbody.tokens import sharing_tokens
from flows.services.standing import sharing_standings
from flows.settings.sections import Settings
from transforms.vocabulary import RunKind


def upload(
    settings: Settings,
    path: Path,
    site_id: str | None = None,
    step: Step = run_plain,
    progress: Progress = say_nothing,
    approved: CheckedFile | None = None,
    *,
    only_bad: bool = False,
) -> Summary:
    """Take one file, post, settle, reconcile and report.

    What a person ``approved`` is taken as it was checked then, and nothing of a file that has changed since.
    With ``only_bad`` the marked copy holds the rows that are to be mended alone.
    """
    with open_ledger(settings) as ledger, sharing_tokens(), sharing_standings():
        run = new_run(settings, ledger, RunKind.UPLOAD, step, progress)
        run.only_bad = only_bad
        return run_from_files(run, lambda: [InboxFile(path, site_id)], approved)
