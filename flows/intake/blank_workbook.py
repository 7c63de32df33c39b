"""Write a blank workbook to fill in by hand, which is read without a question: its headings say all there is to say.

Ids are cells of text, so that they keep their zeros; times are real dates, shown in the one form that a program which
saves them as text cannot turn round; and the heading of the times names the clock that they are by. What may stand in a
cell is a list to choose from where it is one of a few, and an example is shown where a cell is selected.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # it has annotations, and no marker that says so

from flows.runtime.errors import WrongUsage
from flows.settings.certain_headings import UTC_NAME, zoned_heading
from flows.settings.of_services import SiteSettings
from flows.settings.sections import Settings
from transforms.sheets.fields import FIELDS
from transforms.sheets.times import EARLIEST
from transforms.vocabulary import Action, Source

SHEET = "Rewards"
_ROWS = 5_000  # that the lists and checks reach to; rows below are read like the others
_TEXT, _WHOLE, _TIME = "@", "0", "yyyy-mm-dd hh:mm"
_NOTE_SIZE = {"author": "tieout", "x_scale": 2.4, "y_scale": 1.6}


@dataclass(frozen=True)
class _Column:
    heading: str
    what: str  # for the note of the heading, with an example
    number_format: str
    width: int
    validation: dict[str, Any]


def write_blank_of(path: Path, settings: Settings, site_id: str | None) -> str:
    """Write the workbook of one site, or of all where none is named; return the clock that its times are by.

    `WrongUsage` where all are meant and are in several zones; raise OSError where it cannot be written.
    """
    sites = settings.mindbody.sites if site_id is None else [settings.mindbody.site(site_id)]
    timezone = _shared_timezone(sites) or UTC_NAME
    # Where several sites are configured, a row has to say which it is for.
    site_ids = [site.site_id for site in sites] if len(settings.mindbody.sites) > 1 else []
    _write_blank(path, timezone, site_ids)
    return timezone


def _shared_timezone(sites: Sequence[SiteSettings]) -> str | None:
    """Return the zone that all sites are in, None where there is no site; `WrongUsage` where they are in several."""
    zones = {site.timezone for site in sites}
    if len(zones) > 1:
        of_each = ", ".join(f"{site.site_id} ({site.timezone})" for site in sites)
        raise WrongUsage(f"The sites are in several time zones: say by --site which one it is for, of {of_each}.")
    return zones.pop() if zones else None


def _write_blank(path: Path, timezone: str, site_ids: Sequence[str]) -> None:
    """Write the workbook for studios in one time zone; raise OSError where it cannot be written.

    With `site_ids` there is a column SiteId, to choose one of them from.
    """
    try:
        with xlsxwriter.Workbook(str(path)) as book:
            page = book.add_worksheet(SHEET)
            for place, column in enumerate(_columns(timezone, site_ids)):
                _write_column(book, page, place, column)
            page.freeze_panes(1, 0)
            page.set_landscape()
            page.fit_to_pages(1, 0)
            page.repeat_rows(0)
    except xlsxwriter.exceptions.FileCreateError as error:
        cause = error.args[0]
        raise (cause if isinstance(cause, OSError) else OSError(str(error))) from None


def _write_column(book: Any, page: Any, place: int, column: _Column) -> None:
    of_cells = book.add_format({"num_format": column.number_format})
    page.set_column(place, place, column.width, of_cells)
    of_heading = book.add_format({"bold": True, "bg_color": "#DDEBF7", "bottom": 1, "num_format": "@"})
    page.write_string(0, place, column.heading, of_heading)
    page.write_comment(0, place, f"{column.heading}: {column.what}", _NOTE_SIZE)
    # As long as the program takes them.
    hint = {"input_title": column.heading[:32], "input_message": column.what[:255]}
    page.data_validation(1, place, _ROWS, place, {**column.validation, **hint})


def _columns(timezone: str, site_ids: Sequence[str]) -> Iterator[_Column]:
    yield _Column(
        heading=FIELDS["client_id"],
        what="the client's id in Mindbody, zeros in front included. For example 000123.",
        number_format=_TEXT,
        width=18,
        validation={"validate": "any"},
    )
    yield _Column(
        heading=FIELDS["points"],
        what="a whole number of at least 1, also where points are redeemed. For example 25.",
        number_format=_WHOLE,
        width=10,
        validation={
            "validate": "integer",
            "criteria": ">=",
            "value": 1,
            "error_title": "Points",
            "error_message": "A whole number of at least 1, also where points are redeemed.",
        },
    )
    yield _choice(FIELDS["action"], "choose Earned or Redeemed from the list.", [Action.EARNED, Action.REDEEMED])
    yield _choice(
        FIELDS["source"],
        "what the points were earned for, from the list. Leave it empty where they are redeemed.",
        list(Source),
        width=22,
    )
    yield _Column(
        heading=FIELDS["source_id"],
        what="the number of the booking or sale in Mindbody, or nothing. For example 7004.",
        number_format=_TEXT,
        width=14,
        validation={"validate": "any"},
    )
    yield _Column(
        heading=zoned_heading(timezone),
        what=f"when it was, by the clock of the studio ({timezone}). For example 2026-10-25 17:00, which is "
        "5:00 pm on 25 October 2026. Leave it empty for now.",
        number_format=_TIME,
        width=max(24, len(zoned_heading(timezone)) + 2),
        validation={
            "validate": "date",
            "criteria": ">=",
            "value": datetime(EARLIEST.year, 1, 2),  # noqa: DTZ001 - a cell has no zone
            "error_title": "Date and time",
            "error_message": "Type a date and a time, such as 2026-10-25 17:00.",
        },
    )
    if site_ids:
        yield _choice(FIELDS["site_id"], "the studio that the row is for, from the list.", site_ids)


def _choice(heading: str, what: str, choices: Sequence[str], width: int = 14) -> _Column:
    listed = [str(choice) for choice in choices]
    return _Column(
        heading=heading,
        what=what,
        number_format=_TEXT,
        width=width,
        validation={
            "validate": "list",
            "source": listed,
            "error_title": heading,
            "error_message": f"Choose one of the list: {', '.join(listed)}."[:255],
        },
    )
