"""What is known of each site's clock: its zone, and whose clock the times of its sheets are by.

The settings say it (`times` of a site), or an answer that is kept in the workspace (`layouts.toml`):

[sites."-99"]
times = "site"                      # or "utc"
because = "as before"               # only where nobody answered: what the site's times have been read as until now
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flows.settings.answers import ANSWERS, read_answers
from flows.settings.layouts import read_times
from flows.settings.of_services import SiteSettings
from flows.settings.sections import Settings
from transforms.sheets.clocks import SiteClock
from transforms.sheets.questions import TIMES

AS_BEFORE = "as before"


def site_clocks_of(settings: Settings) -> Mapping[str, SiteClock]:
    """Return the clock of each site that is configured or was answered about; `SettingsError` for a wrong answer."""
    answers = read_answers(settings, "sites")
    known = {}
    for site in settings.mindbody.sites:
        entries = answers.get(site.site_id, {})
        known[site.site_id] = _site_clock(site, entries)
    others = {site_id: _answered(site_id, entries) for site_id, entries in answers.items() if site_id not in known}
    return {**others, **known}


def _site_clock(site: SiteSettings, answer: Mapping[str, Any]) -> SiteClock:
    zone = ZoneInfo(site.timezone)
    # What the settings say goes before what was answered.
    if site.times is not None:
        return SiteClock(zone, site.times)
    answered = _answered(site.site_id, answer)
    return SiteClock(zone, answered.times, answered.is_as_before)


def _answered(site_id: str, answer: Mapping[str, Any]) -> SiteClock:
    times = read_times(f'{ANSWERS}, sites."{site_id}"', answer.get(TIMES))
    return SiteClock(None, times, answer.get("because") == AS_BEFORE)
