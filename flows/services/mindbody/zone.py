"""Which zone a site says that it is in: GET site/sites, in full only where one id is asked for."""

from typing import Any

from flows.services.mindbody.client import MindbodyClient
from transforms.sheets.fields import normalize_heading

_LONGEST_NAME = 80


async def told_zone(client: MindbodyClient) -> str | None:
    """Return what the service calls the site's zone, as it says it; None where it says none. One metered call."""
    page = await client.fetch("site/sites", {"request.siteIds": client.site_id})
    sites = page.get("Sites")
    for site in sites if isinstance(sites, list) else []:
        is_this = isinstance(site, dict) and str(_of(site, "Id")) == client.site_id
        if is_this:
            return _name(_of(site, "TimeZone"))
    return None


def _name(told: object) -> str | None:
    if not isinstance(told, str):
        return None
    return told.strip()[:_LONGEST_NAME] or None


def _of(site: dict[str, Any], key: str) -> Any:
    # Read without regard to case, as all that the service sends is.
    return next((value for name, value in site.items() if normalize_heading(name) == normalize_heading(key)), None)
