"""Watch the nights from outside the process that runs them: what `tieout status --notify` does on a second timer.

One message when a night was due and did not run, one when nights run again, however often the timer asks between.
What was told last is remembered beside the ledger and not in it, since the ledger may be what is out of reach.
"""

from flows.notices.quiet import send_kept, tell
from flows.notices.told import keep_told, read_told
from flows.runtime.progress import Say
from flows.settings.sections import Settings
from flows.status import Status, status_lines

_ABOUT = "nights"
_WELL = "well"


def watch_nights(settings: Settings, status: Status, say: Say) -> None:
    """Tell everybody once that a night did not run, or that nights run again."""
    body = "\n".join(status_lines(status))
    if status.has_missed:
        _tell_once(settings, state="missed", title="tieout: a night did not run", body=body, say=say)
    else:
        _tell_once(settings, state=_WELL, title="tieout: nights run again", body=body, say=say)


def watch_trouble(settings: Settings, failure: str, say: Say) -> None:
    """Tell everybody once that nobody can say how it stands, and why."""
    title = "tieout: nobody can tell whether the nights run"
    _tell_once(settings, state="trouble", title=title, body=failure, say=say)


def _tell_once(settings: Settings, state: str, title: str, body: str, say: Say) -> None:
    """Send the message unless `state` is what was told last; that all is well is what nobody needs to be told first."""
    send_kept(settings, say)
    if state == (read_told(settings, _ABOUT) or _WELL):
        return
    # A message that got nowhere is tried again the next time.
    if tell(settings, title, body, say, None if state == _WELL else "missed"):
        keep_told(settings, _ABOUT, state)
