"""What a workspace remembers of its inbox, beside it: that it was there, that it was a share, and what was said of it.

A share that is not mounted looks like an empty folder, or like none. Only something outside of it can tell.
"""

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from flows.intake.remote_inbox.address import is_remote, without_secrets
from flows.runtime.whole_file import written_whole
from flows.settings.sections import Settings


@dataclass(frozen=True)
class RememberedInbox:
    """The inbox as earlier nights saw it."""

    path: Path  # of the memory
    was_mounted: bool
    passed_over: frozenset[str]  # names that a person was told of


def remembered_inbox(settings: Settings) -> RememberedInbox | None:
    """Return what is known of this inbox; None where no night has seen it."""
    path = _path(settings)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["inbox"] != _name(settings):
            return None
        return RememberedInbox(path, bool(kept["was_mounted"]), frozenset(map(str, kept["passed_over"])))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember_inbox(settings: Settings, *, was_mounted: bool) -> None:
    """Remember that the inbox was there."""
    known = remembered_inbox(settings)
    if known is not None and known.was_mounted == was_mounted:
        return
    passed_over = frozenset() if known is None else known.passed_over
    _write(settings, RememberedInbox(_path(settings), was_mounted, passed_over))


def not_told_yet(settings: Settings, passed_over: Collection[str]) -> list[str]:
    """Return the names that nobody was told of, and remember that now somebody is."""
    known = remembered_inbox(settings) or RememberedInbox(_path(settings), False, frozenset())
    there = frozenset(passed_over)
    # A name that is gone is forgotten: should it come again, it is told again.
    if there != known.passed_over:
        _write(settings, replace(known, passed_over=there))
    return [name for name in passed_over if name not in known.passed_over]


def _name(settings: Settings) -> str:
    url = settings.inbox.url
    return without_secrets(url) if is_remote(url) else str(settings.inbox_folder)


def _path(settings: Settings) -> Path:
    return settings.root / ".tieout" / "inbox.json"


def _write(settings: Settings, known: RememberedInbox) -> None:
    text = json.dumps(
        {
            "inbox": _name(settings),
            "was_mounted": known.was_mounted,
            "passed_over": sorted(known.passed_over),
        }
    )
    # What cannot be remembered is told again; no night stops for that.
    with suppress(OSError):
        known.path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(known.path) as part:
            part.write_text(text + "\n", encoding="utf-8")
