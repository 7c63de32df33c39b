"""Tell people how a run ended, through whatever Apprise can reach: mail, chat, a webhook.

Only what waits for a person is told; a quiet night stays quiet. A message that cannot be sent never changes how the
run ended: it is one line more on stderr.
"""

import logging

from flows.errors import ExitCode
from flows.progress import Progress
from flows.settings import Settings
from flows.summary import Summary

_TITLES = {
    ExitCode.NEEDS_A_PERSON: "tieout: something waits for a person",
    ExitCode.COULD_NOT_RUN: "tieout: could not run to the end",
}


def notify(settings: Settings, summary: Summary, progress: Progress) -> None:
    """Send the summary to every configured address, where somebody has to do something."""
    if not settings.notify.urls or summary.exit_code is ExitCode.TIES_OUT:
        return
    from apprise import Apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would log addresses, which hold secrets
    for number, url in enumerate(settings.notify.urls, start=1):
        service = Apprise()
        body = "\n".join([*summary.failures, *summary.lines])
        if not (service.add(url.get_secret_value()) and service.notify(title=_TITLES[summary.exit_code], body=body)):
            progress(f"notify.urls: address {number} took no message; check it with `apprise`")
