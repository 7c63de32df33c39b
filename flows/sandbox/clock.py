"""The services' clock: what they check times by, and what the Date header of every answer tells.

It goes as this machine's does, or ahead of it or behind by an option; `POST /sandbox/desk/clock` {now} sets it, so that
a month of nights can be rehearsed.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import format_datetime

from aiohttp import web

_shift = timedelta(0)
_header_shift = timedelta(0)  # of the Date header alone: what stands before a service may have a clock of its own


def current_time(zone: tzinfo = UTC) -> datetime:
    """Return the current time of the services in this zone."""
    return (datetime.now(UTC) + _shift).astimezone(zone)


def set_now(moment: datetime) -> None:
    """Let the clock go on from `moment`."""
    global _shift
    _shift = moment - datetime.now(UTC)


def set_ahead(seconds: float, header_seconds: float) -> None:
    """Let the clock be so far ahead of this machine's, and the Date header ahead of that; negative: behind."""
    global _shift, _header_shift
    _shift = timedelta(seconds=seconds)
    _header_shift = timedelta(seconds=header_seconds)


async def tell_time(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the services' own time into the answer, cut to the second as headers are."""
    told = current_time() + _header_shift
    response.headers["Date"] = format_datetime(told.replace(microsecond=0), usegmt=True)
