"""What the rules need to know besides the rows: the time, the sites and their clocks, the layouts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from transforms.reference.reference import Reference
from transforms.sheets.clocks import SiteClock
from transforms.sheets.layout import Layout


@dataclass(frozen=True)
class Rules:
    """Everything that decides about a row and does not stand in its file."""

    now: datetime  # aware; a later time is in the future
    site_ids: tuple[str, ...] = ()  # the configured sites
    default_site_id: str | None = None  # the inbox folder's name or --site, for rows without a SiteId
    site_clocks: Mapping[str, SiteClock] = field(default_factory=dict)  # of times without an offset; by site
    require_source: bool = False
    currency: str | None = None  # of rewards, by its code of ISO 4217; None: nobody has said it
    layouts: tuple[Layout, ...] = ()
    reference: Reference | None = field(default=None, compare=False)  # None: every SourceId is left to the service

    def fallback_site_id(self) -> str | None:
        """Return the site of rows without a SiteId, or None where nobody can tell."""
        if self.default_site_id is not None:
            return self.default_site_id
        return self.site_ids[0] if len(self.site_ids) == 1 else None
