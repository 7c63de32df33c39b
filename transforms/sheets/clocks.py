"""Whose clock the times of a sheet are by where they do not say it: as its layout or its site says, or as nobody does.

Mindbody's document has every time in UTC, and nearly every sheet that people type has the studio's own. So a sheet says
nothing by itself: a person does, once for a layout or a site. The keys of JSON and XML are the documents' own forms,
written by programs, and are read by the documents.
"""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import StrEnum

from transforms.vocabulary import Times


class SaidBy(StrEnum):
    """Who said which clock holds."""

    HEADING = "heading"  # of the column, which names the clock
    LAYOUT = "layout"
    SITE = "site"
    AS_BEFORE = "as before"  # nobody, but the site's times have been read so until now
    DOCUMENT = "document"
    NOBODY = "nobody"  # read by the document, and a question


@dataclass(frozen=True)
class SiteClock:
    """What is known of a site's clock."""

    zone: tzinfo | None = None  # None: the site is not configured
    times: Times | None = None  # None: nobody has said
    is_as_before: bool = False  # nobody said `times`: they have been read so until now


@dataclass(frozen=True)
class SaidClock:
    """The zone of times without an offset, who said so, and the studio's own zone where it is known."""

    zone: tzinfo
    said_by: SaidBy
    studio: tzinfo | None = None

    @property
    def times(self) -> Times:
        """The same in the words of settings."""
        return Times.UTC if is_utc(self.zone) else Times.SITE


UNKNOWN_SITE = SiteClock()


def said_clock(
    layout_times: Times | None, layout_zone: tzinfo | None, site: SiteClock, *, is_of_keys: bool
) -> SaidClock:
    """Return the clock that holds for the rows of one table and one site.

    What the layout says goes before what the site says. `is_of_keys`: the headings are keys of JSON, XML or Parquet.
    """
    if layout_times is Times.UTC:
        return SaidClock(UTC, SaidBy.LAYOUT, site.zone)
    if layout_zone is not None:
        return SaidClock(layout_zone, SaidBy.LAYOUT, site.zone or layout_zone)
    if layout_times is Times.SITE and site.zone is not None:
        return SaidClock(site.zone, SaidBy.LAYOUT, site.zone)
    # The services' own documents say UTC, and whoever writes keys is a program that follows them. A sheet is typed or
    # exported by a studio, whose clocks are its own.
    if is_of_keys:
        return SaidClock(UTC, SaidBy.DOCUMENT, site.zone)
    said_by = SaidBy.AS_BEFORE if site.is_as_before else SaidBy.SITE
    if site.times is Times.UTC:
        return SaidClock(UTC, said_by, site.zone)
    if site.times is Times.SITE and site.zone is not None:
        return SaidClock(site.zone, said_by, site.zone)
    # Of a site that is not configured nobody knows the zone, so there is no other reading to ask about.
    return SaidClock(UTC, SaidBy.DOCUMENT if site.zone is None else SaidBy.NOBODY, site.zone)


def is_utc(zone: tzinfo) -> bool:
    """Tell UTC, whether a document or a name in the settings says it."""
    return zone is UTC or zone_name(zone) == "UTC"


def zone_name(zone: tzinfo) -> str:
    """Return the name of a zone as settings write it: America/Los_Angeles, UTC."""
    return str(getattr(zone, "key", None) or zone)
