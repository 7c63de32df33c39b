"""Mindbody's query parameters: `request.name` or the bare name, in any case; pages; and dates in the site's zone.

An array is a repeated key. A comma-joined list is one value, which matches nothing: zero rows, and no error.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from aiohttp import web

from flows.sandbox.clock import current_time
from flows.sandbox.errors import ServiceError

DEFAULT_LIMIT = 100
MAX_LIMIT = 200

Row = TypeVar("Row")


def read_values(request: web.Request, name: str) -> list[str]:
    """Return all values of a parameter, in order."""
    # Public clients send both forms, `request.clientId` and `clientId`, in either case, and the service takes them all.
    wanted = name.lower()
    return [value for key, value in request.query.items() if key.lower().removeprefix("request.") == wanted]


def read_value(request: web.Request, name: str) -> str | None:
    """Return the first value of a parameter; None where it is absent or empty."""
    return next(iter(read_values(request, name)), None) or None


def read_integer(request: web.Request, name: str, default: int) -> int:
    """Return a whole, non-negative parameter."""
    # Asked digit by digit, since int() would take "1_000", blanks and the digits of other scripts.
    text = read_value(request, name) or str(default)
    if not (text.isascii() and text.isdigit()):
        raise ServiceError(400, "InvalidParameter", f"{name} must be a whole number.")
    return int(text)


def read_moment(request: web.Request, name: str, zone: ZoneInfo) -> datetime | None:
    """Return a date or date-time as the site's wall clock shows it; an offset in the text is obeyed."""
    text = read_value(request, name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ServiceError(400, "InvalidParameter", f"{name} is not a valid date.") from None
    # Without an offset it is the site's wall clock already: to take it for UTC would move the window by hours.
    return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment


def read_day(request: web.Request, name: str, zone: ZoneInfo, default: date) -> date:
    """Return the site-local day of a parameter."""
    moment = read_moment(request, name, zone)
    return default if moment is None else moment.date()


def today(zone: ZoneInfo) -> date:
    """Return the day that the site's calendar shows."""
    return current_time(zone).date()


def timespec(moment: datetime) -> str:
    """Return how a moment is written: to the second, or to the millisecond where it has any."""
    return "milliseconds" if moment.microsecond else "seconds"


def local_text(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment as the service writes it: the site's wall clock, without offset.

    >>> from datetime import UTC
    >>> local_text(datetime(2026, 11, 1, 9, 30, tzinfo=UTC), ZoneInfo("America/Los_Angeles"))
    '2026-11-01T01:30:00'
    """
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec=timespec(moment))


def cut_page(request: web.Request, found: Sequence[Row]) -> tuple[list[Row], dict[str, Any]]:
    """Return one page and its PaginationResponse; a limit above 200 means 200."""
    # Cut down in silence, so that a client who asks for 1,000 and stops at a short page misses entries here, too.
    limit = min(read_integer(request, "limit", DEFAULT_LIMIT), MAX_LIMIT)
    offset = read_integer(request, "offset", 0)
    page = list(found[offset : offset + limit])
    return page, pagination(limit, offset, len(page), len(found))


def pagination(limit: int, offset: int, size: int, total: int) -> dict[str, Any]:
    """Return a PaginationResponse."""
    return {"RequestedLimit": limit, "RequestedOffset": offset, "PageSize": size, "TotalResults": total}
