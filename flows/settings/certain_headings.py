"""Headings that leave nothing open, though they are not the documented ones to the letter.

Those that name the clock of their times ("ActionDateTime (America/Los_Angeles)", or "(UTC)"), in the zones of the
configured sites; and those that name the currency of their amounts ("Amount ($)"), where the settings say that rewards
are in it. Such a column is as certain as the documented one, and nothing has to be asked. A blank sheet of
`tieout template` has the heading of its studio.
"""

from collections.abc import Mapping

from flows.settings.sections import Settings
from transforms.sheets.currencies import signs_of
from transforms.sheets.fields import FIELDS

UTC_NAME = "UTC"
_TIME = FIELDS["action_date_time"]
_AMOUNT = FIELDS["amount"]


def zoned_heading(timezone: str) -> str:
    """Name the documented column of times with the clock that they are by.

    >>> zoned_heading("America/Los_Angeles")
    'ActionDateTime (America/Los_Angeles)'
    """
    return f"{_TIME} ({timezone})"


def zoned_layouts(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """Return a layout for each zone, as settings write one, named by its heading."""
    zones = [UTC_NAME, *(site.timezone for site in settings.mindbody.sites)]
    layouts = {}
    for zone in zones:
        heading = zoned_heading(zone)
        layouts[heading] = {heading: _TIME, "timezone": zone}
    return layouts


def priced_layouts(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """Return a layout for each way of naming the currency of rewards; none where the settings do not say it."""
    signs = sorted(signs_of(settings.referral_rock.currency))
    # Whichever fits first holds: a sign between brackets is the surest.
    ways = (f"{_AMOUNT} ({{sign}})", f"{_AMOUNT} {{sign}}", f"{_AMOUNT} in {{sign}}")
    headings = [way.format(sign=sign) for way in ways for sign in signs]
    return {heading: {heading: _AMOUNT} for heading in headings}
