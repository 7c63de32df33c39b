"""Headings that name the clock of their times themselves: "ActionDateTime (America/Los_Angeles)", or "(UTC)".

Such a column is as certain as the documented one, and nothing has to be asked. The zones are those of the configured
sites, and UTC; a blank sheet of `tieout template` has the heading of its studio.
"""

from collections.abc import Mapping

from flows.settings.sections import Settings
from transforms.sheets.fields import FIELDS

UTC_NAME = "UTC"


def zoned_heading(timezone: str) -> str:
    """Name the documented column of times with the clock that they are by.

    >>> zoned_heading("America/Los_Angeles")
    'ActionDateTime (America/Los_Angeles)'
    """
    return f"{FIELDS['action_date_time']} ({timezone})"


def zoned_layouts(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """Return a layout for each zone, as settings write one, named by its heading."""
    zones = [UTC_NAME, *(site.timezone for site in settings.mindbody.sites)]
    names = {zoned_heading(zone): zone for zone in zones}
    return {name: {name: FIELDS["action_date_time"], "timezone": zone} for name, zone in names.items()}
