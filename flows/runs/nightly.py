"""The night: every new file of the inbox, then post, settle, reconcile and report."""

from flows.intake.waiting import files_of_night
from flows.ledger.connection import open_ledger
from flows.ledger.run import Step, new_run, run_plain
from flows.ledger.summary import Summary
from flows.notices.ping import ping_after
from flows.notices.run_end import notify_stopped
from flows.runs.from_files import run_from_files
from flows.runtime.errors import Interrupted
from flows.runtime.progress import Progress, say_nothing
from flows.services.mindbody.tokens import sharing_tokens
from flows.services.standing import sharing_standings
from flows.settings.sections import Settings
from transforms.vocabulary import RunKind


def nightly(settings: Settings, step: Step = run_plain, progress: Progress = say_nothing) -> Summary:
    """Take every new file of the inbox, post, settle, reconcile and report.

    A file that cannot be read stays in the inbox and the others go on; so do the files of a site or service that is out
    of reach. Raises `CouldNotRun` or `SettingsError` where the run could not start.
    """
    try:
        with open_ledger(settings) as ledger, sharing_tokens(), sharing_standings():
            run = new_run(settings, ledger, RunKind.NIGHTLY, step, progress)
            summary = run_from_files(run, lambda: files_of_night(run))
    except Interrupted:
        raise
    except Exception as error:
        # Nobody sits before a night: one that cannot tell by a report has to be told of all the more.
        notify_stopped(settings, error, progress)
        raise
    ping_after(settings, summary, progress)
    return summary
