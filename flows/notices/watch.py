"""Watch the nights from outside the process that runs them: what `tieout status --notify` does on a second timer.

One message when a night was due and did not run, one when nights run again, however often the timer asks between.
What was told last is remembered beside the ledger and not in it, since the ledger may be what is out of reach.
"""

import json
from pathlib import Path

from flows.notices.send import send_message
from flows.runtime.errors import CouldNotRun
from flows.runtime.progress import Say
from flows.settings.sections import Settings
from flows.status import Status, status_lines

MEMORY_NAME = ".told.json"
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
    """Send the message unless `state` is what was told last."""
    memory = settings.root / MEMORY_NAME
    if state == _read(memory):
        return
    # A message that got nowhere is tried again the next time.
    if send_message(settings, title, body, say):
        _write(memory, state)


def _read(memory: Path) -> str:
    """Return what was told last; that all is well where nothing was."""
    try:
        told = json.loads(memory.read_text(encoding="utf-8"))
        return str(told["nights"])
    except (OSError, ValueError, KeyError, TypeError):
        return _WELL


def _write(memory: Path, state: str) -> None:
    try:
        memory.write_text(json.dumps({"nights": state}) + "\n", encoding="utf-8")
    except OSError as error:
        raise CouldNotRun(f"{memory} cannot be written: {error.strerror}. The same will be told again.") from None
