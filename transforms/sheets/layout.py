"""A site's own headings, the order of its dates and its time zone: what a file cannot say about itself.

A layout is recognized by its headings: it holds where a row of the sheet has all of them. Nothing is guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from transforms.sheets.fields import FIELD_OF_HEADING, normalize_heading
from transforms.sheets.spellings import DateOrder
from transforms.vocabulary import Times

NO_HEADING = "-"  # in place of a heading, or of a field: neither


@dataclass(frozen=True)
class Layout:
    """One layout of the settings."""

    name: str
    columns: Mapping[str, str] = field(
        default_factory=dict
    )  # the site's own heading -> field (`transforms.sheets.headings`)
    date_order: DateOrder | None = None  # None: as the column tells
    zone: tzinfo | None = None  # of times without an offset; None: that of the site
    times: Times | None = None  # what those are; None: nobody has said it of this layout
    decimals: str | None = None  # the sign before the decimals of amounts; None: as the column tells
    time_of_day: str | None = None  # the heading of the times that belong to days alone; "-": none; None: nobody said
    hidden_sheets: str | None = None  # "read" or "skip"; None: nobody has said
    encoding: str | None = None  # of letters in files that do not say it (`transforms.sheets.encodings`)
    side_sheets: str | None = None  # "skip": sheets without headings are left out, whatever they hold
    zoned_heading: str | None = None  # a heading that names the clock of its times itself, which makes the layout
    priced_heading: str | None = None  # a heading that names the currency of its amounts, which makes the layout
    ignored: frozenset[str] = frozenset()  # headings of columns that are no field, as a person said
    staff: str | None = None  # the heading of who gave the points; "-": none; None: as the headings tell

    @property
    def reads(self) -> Mapping[str, str]:
        """What fingerprints of rows depend on: which columns are read, and by which letters."""
        read = dict(self.columns)
        if self.time_of_day not in (None, NO_HEADING):
            read[str(self.time_of_day)] = "time_of_day"
        if self.encoding is not None:
            read[""] = self.encoding
        # A documented heading that is not to be read takes its cells out of what a row is known by.
        for heading in self.ignored:
            if normalize_heading(heading) in FIELD_OF_HEADING:
                read[heading] = NO_HEADING
        return read

    def is_time_of_day(self, heading: str) -> bool:
        """Tell the column whose times belong to the days of ActionDateTime."""
        return self.time_of_day is not None and normalize_heading(heading) == normalize_heading(self.time_of_day)
