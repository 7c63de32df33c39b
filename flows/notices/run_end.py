"""Tell people how a run ended, where something waits for them; a quiet night stays quiet.

A message that cannot be sent never changes how the run ended: it is one line more on stderr.
"""

from flows.ledger.summary import Summary
from flows.notices.send import send_message
from flows.runtime.errors import ExitCode, TieoutError
from flows.runtime.progress import Say
from flows.runtime.secrets import line_of
from flows.settings.sections import Settings

_TITLES = {
    ExitCode.NEEDS_A_PERSON: "tieout: something waits for a person",
    ExitCode.COULD_NOT_RUN: "tieout: could not run to the end",
}


def notify(settings: Settings, summary: Summary, say: Say) -> None:
    """Send the summary to every configured address, where somebody has to do something."""
    if not settings.notify.urls or summary.exit_code is ExitCode.TIES_OUT:
        return
    # What failed comes first: a message on a phone shows its beginning.
    body = "\n".join(map(line_of, [*summary.failures, *summary.lines]))
    send_message(settings, _TITLES[summary.exit_code], body, say)


def notify_stopped(settings: Settings, error: Exception, say: Say) -> None:
    """Tell that a night could not start or was broken off, and why: the worst failure must not be the quietest."""
    if not settings.notify.urls:
        return
    reason = f"an unforeseen error, {type(error).__name__}: {error}"
    # Errors of ours are sentences for a person already.
    if isinstance(error, TieoutError):
        reason = str(error)
    body = f"{line_of(reason)}\n`tieout status` says how it stands."
    send_message(settings, "tieout: the night could not run", body, say)
