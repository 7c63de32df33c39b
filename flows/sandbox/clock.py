"""The services' clock; `POST /sandbox/desk/clock` {now} sets it, so that a month of nights can be rehearsed."""

from datetime import UTC, datetime, timedelta, tzinfo

_shift = timedelta(0)


def current_time(zone: tzinfo = UTC) -> datetime:
    """Return the current time of the services in this zone."""
    return (datetime.now(UTC) + _shift).astimezone(zone)


def set_now(moment: datetime) -> None:
    """Let the clock go on from `moment`."""
    global _shift
    _shift = moment - datetime.now(UTC)
