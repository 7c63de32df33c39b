"""Tell people how a night ended: once for each change, once when all is well again, never the same night after night.

What changes is what is in trouble (a site, a service, a file, the inbox, a night that could not start) and how much
waits. What a night itself brought, such as rejected rows, is new each time. A message that cannot be sent never changes
how the run ended: it is one line more on stderr, and is tried again by the next night.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from flows.ledger.summary import Summary
from flows.notices.quiet import Urgency, send_kept, tell
from flows.notices.told import keep_told, read_told
from flows.runtime.errors import CouldNotRun, ExitCode, TieoutError
from flows.runtime.progress import Say
from flows.runtime.secrets import line_of
from flows.settings.sections import Settings
from transforms.vocabulary import Unread

_ABOUT = "run"
_WAITS = "tieout: something waits for a person"
_TITLES = {
    ExitCode.NEEDS_A_PERSON: _WAITS,
    ExitCode.COULD_NOT_RUN: "tieout: could not run to the end",
}
_WELL_AGAIN = "tieout: all is well again"
_UNUSUAL = "tieout: all is well, and a file is not as usual"
_RUNS_AGAIN = "tieout: nights run to their end again, and something waits for a person"
_STOPPED = "tieout: the night could not run"
# Whom a message reaches is nobody's to know clients.
_CLIENT = re.compile(r"\bclient (?:[^,;:()]+?(?= of site )|[^\s,;:()]+)")  # an id may hold blanks
# A row of a file as an error quotes it: ("200000001", "10", "Earned").
_QUOTED_ROW = re.compile(r'\("[^"]*"(?:, "[^"]*")+\)')
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Standing:
    """How it stands, as far as a person is told of its changes."""

    trouble: frozenset[str] = frozenset()  # what could not be done, by what it is and not by its numbers
    waiting: int = 0  # held and in doubt
    breaks: int = 0
    unusual: frozenset[str] = frozenset()  # what is not as it was before, by what stays the same of it

    @property
    def is_well(self) -> bool:
        """Whether nobody has anything to do."""
        return not (self.trouble or self.waiting or self.breaks)


def notify(settings: Settings, summary: Summary, say: Say) -> None:
    """Send how a run ended to every configured address, where somebody has to do something; an upload's way."""
    if settings.notify.urls and summary.exit_code is not ExitCode.TIES_OUT:
        tell(settings, _TITLES[summary.exit_code], _body(settings, summary), say, _urgency(summary))


def notify_night(settings: Settings, summary: Summary, say: Say) -> None:
    """Send how a night ended where that is another end than was told last."""
    if not settings.notify.urls:
        return
    send_kept(settings, say)
    before, now = _told(settings), _standing_of(summary)
    title = _title(before, now, summary)
    # What was not sent is no news that is lost: it is tried again, since it is not remembered.
    if title is None or tell(settings, title, _body(settings, summary), say, _urgency(summary)):
        _remember(settings, now, say)


def notify_stopped(settings: Settings, error: Exception, say: Say) -> None:
    """Tell once that nights cannot start or are broken off, and why: the worst failure must not be the quietest."""
    if not settings.notify.urls:
        return
    reason = f"an unforeseen error, {type(error).__name__}: {error}"
    # Errors of ours are sentences for a person already.
    if isinstance(error, TieoutError):
        reason = str(error)
    before = _told(settings)
    now = replace(before, trouble=frozenset({_kind_of(f"stopped: {reason}")}))
    if now == before:
        return
    body = f"{line_of(_unnamed(settings, reason))}\n`tieout status` says how it stands."
    if tell(settings, _STOPPED, body, say, "not_started"):
        _remember(settings, now, say)


def _urgency(summary: Summary) -> Urgency | None:
    return "could_not_run" if summary.exit_code is ExitCode.COULD_NOT_RUN else None


def _title(before: Standing, now: Standing, summary: Summary) -> str | None:
    """Return the title of the message; None where everybody knows already."""
    is_unusual = bool(now.unusual - before.unusual)
    if summary.exit_code is ExitCode.TIES_OUT:
        if not before.is_well:
            return _WELL_AGAIN
        return _UNUSUAL if is_unusual else None
    if before.trouble and not now.trouble:
        return _RUNS_AGAIN
    is_news = now.trouble != before.trouble or _is_more(before, now) or _brought(summary) or is_unusual
    return _TITLES[summary.exit_code] if is_news else None


def _is_more(before: Standing, now: Standing) -> bool:
    # What became less is no news that anybody waits for.
    return now.waiting > before.waiting or now.breaks > before.breaks


def _brought(summary: Summary) -> bool:
    """Return whether the night itself had rows or files that somebody has to mend, however many there were before."""
    totals = summary.totals
    return bool(totals["rejected"] or totals["refused"] or summary.set_aside)


def _standing_of(summary: Summary) -> Standing:
    return Standing(
        trouble=_trouble_of(summary),
        waiting=summary.waiting_count,
        breaks=int(summary.totals["breaks_open"]),
        unusual=frozenset(about for about, _ in summary.unusual),
    )


def _trouble_of(summary: Summary) -> frozenset[str]:
    # What has left the inbox is told once, as a rejected row is: it is no trouble that the next night finds mended.
    unread = [one for one in summary.not_read if one.kind is not Unread.FILE or one.what not in summary.set_aside]
    # Another site is another trouble; whichever client or file it was is not.
    trouble = {one.what if one.kind is Unread.DESTINATION else _kind_of(one.what) for one in unread}
    # A place that could not be read and the failure that says so are one trouble.
    whys = {one.why for one in summary.not_read}
    for failure in summary.failures:
        if not _is_told_by(failure, whys):
            trouble.add(_kind_of(failure))
    if not summary.totals["ties_out"]:
        trouble.add("does not tie")
    return frozenset(trouble)


def _is_told_by(failure: str, whys: Iterable[str]) -> bool:
    return any(why and why in failure for why in whys)


def _kind_of(text: str) -> str:
    """Return what stays the same of one trouble from night to night: neither whose turn it was, nor how many."""
    return _NUMBER.sub("#", _CLIENT.sub("a client", text))


def _body(settings: Settings, summary: Summary) -> str:
    return "\n".join(line_of(_unnamed(settings, line)) for line in _lines(settings, summary))


def _lines(settings: Settings, summary: Summary) -> Iterator[str]:
    # What failed comes first: a message on a phone shows its beginning.
    yield from summary.failures
    # What was noticed in a file quotes its cells, and whom it reaches is nobody's to know them.
    is_whole = settings.notify.client_ids or summary.message_lines is None
    yield from summary.lines if is_whole else summary.message_lines or ()


def _unnamed(settings: Settings, line: str) -> str:
    if settings.notify.client_ids:
        return line
    return _QUOTED_ROW.sub("(see the report)", _CLIENT.sub("a client", line))


def _told(settings: Settings) -> Standing:
    told: Any = read_told(settings, _ABOUT)
    try:
        return Standing(
            trouble=frozenset(map(str, told.get("trouble", []))),
            waiting=int(told["waiting"]),
            breaks=int(told["breaks"]),
            unusual=frozenset(map(str, told.get("unusual", []))),
        )
    # What cannot be read is told anew: twice is better than never.
    except (AttributeError, TypeError, KeyError, ValueError):
        return Standing()


def _remember(settings: Settings, now: Standing, say: Say) -> None:
    if now == _told(settings):
        return
    told = {"trouble": sorted(now.trouble), "waiting": now.waiting, "breaks": now.breaks}
    if now.unusual:
        told["unusual"] = sorted(now.unusual)
    try:
        keep_told(settings, _ABOUT, told)
    except CouldNotRun as error:
        with suppress(Exception):
            say(str(error))
