"""Examine the messages that quiet hours have kept: are they sent when these are over."""

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from flows.doctor.diagnosis import Diagnosis, bad, doubtful, good
from flows.notices.quiet import Waiting, waiting
from flows.runtime.clock import utc_now
from flows.runtime.errors import said_of
from flows.settings.sections import Settings
from transforms.spoken_times import spoken_minute

_NAME = "messages"
# Whoever comes first after the quiet hours sends, and the timer of the watch looks every half hour.
_PATIENCE = timedelta(hours=1)


def examine_messages(settings: Settings) -> Iterator[Diagnosis]:
    """Say what waits of quiet hours, and what should have been sent; nothing where nothing waits. Nothing is sent."""
    try:
        found = waiting(settings)
    except OSError as error:
        said = f"What quiet hours have kept cannot be looked at: {said_of(error)}"
        yield bad(_NAME, said, mend="Give this user access to it.")
        return
    for path in found.unreadable:
        yield doubtful(_NAME, f"{path} is no message of ours any more.", mend="Look at it, and remove it.")
    if found.count:
        yield _examine_kept(settings, found)


def _examine_kept(settings: Settings, found: Waiting) -> Diagnosis:
    kept = f"{_counted(found.count)} of the quiet hours {'is' if found.count == 1 else 'are'} kept"
    if not settings.notify.urls:
        mend = "Name where to in notify.urls, or remove what lies in .notices/."
        return doubtful(_NAME, f"{kept}, and no address is set that they could go to.", mend=mend)
    since = found.overdue_since
    if since is None or utc_now() - since < _PATIENCE:
        return good(_NAME, f"{kept}, and sent when these are over.")
    zone = ZoneInfo(settings.notify.quiet_timezone or settings.shared_timezone)
    when = spoken_minute(since.astimezone(zone))
    said = f"{_counted(found.overdue_count)} of the quiet hours should have been sent at {when}, and nobody has."
    mend = "Let `tieout status --notify` run on a timer, or `tieout serve`; where they do, try `tieout notify test`."
    return doubtful(_NAME, said, mend=mend)


def _counted(count: int) -> str:
    return "1 message" if count == 1 else f"{count:,} messages"
