"""Compare the zone that the settings give a site with the one that the service tells.

What Mindbody calls a zone is documented as a text and no more: it may be a name of the IANA list, or one as Windows
writes them. Two zones are the same where their clocks are, however each is called.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from flows.doctor.diagnosis import Diagnosis, bad, good
from flows.runtime.errors import ExitCode

# A year back, where what was sent is read, and one ahead: every change of the clocks lies between two of these.
_LOOKED_AT = [timedelta(days=7 * weeks) for weeks in range(-52, 53)]


def compare_zones(name: str, in_settings: str, told: str | None, now: datetime) -> Diagnosis:
    """Say whether the site's zone in the settings is the one that the service tells."""
    if told is None:
        return good(name, f"The service does not tell the site's zone; the settings say {in_settings}.")
    zone = zone_of(told)
    if zone is None:
        said = f"The service tells the site's zone as {told}, which is no name that is known here; "
        return good(name, f"{said}see that {in_settings} of the settings means the same.")
    if shows_the_same(zone, ZoneInfo(in_settings), now):
        return good(name, f"The service's zone, {told}, is the one of the settings.")
    # All times of its transactions would be taken for others: what landed would not be found, and be sent again.
    return bad(
        name,
        f"The service says that the site's zone is {told}, the settings say {in_settings}.",
        mend=f'Write timezone = "{zone.key}" for the site, before anything is sent.',
        exit_code=ExitCode.WRONG_USAGE,
    )


def zone_of(told: str) -> ZoneInfo | None:
    """Return the zone of a name by IANA or by Windows; None where it is neither."""
    try:
        return ZoneInfo(win_tz.get(told, told))
    except (KeyError, ValueError, OSError):
        return None


def shows_the_same(one: ZoneInfo, other: ZoneInfo, now: datetime) -> bool:
    """Return whether both show the same time, all the year round."""
    moments = (now.astimezone(UTC) + shift for shift in _LOOKED_AT)
    return all(moment.astimezone(one).utcoffset() == moment.astimezone(other).utcoffset() for moment in moments)
