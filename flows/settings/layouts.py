"""Read the layouts of the settings: a site's own headings, the order of its dates, its time zone.

[columns."front desk"]
date_order = "D/M"                  # or "M/D"; without it the dates of the column tell, or a person is asked
time_of_day = "Start time"          # the column whose times belong to the days of ActionDateTime; "-" for none
decimals = ","                      # or "."; the same of amounts
times = "site"                      # times without an offset are the studio's own; or "utc"
timezone = "Australia/Sydney"       # the same, in a zone that is not the site's
"Client No." = "ClientId"           # the site's own heading = the documented one
"Birthday" = "-"                    # a column that is no field, so that nobody asks about it
staff_column = "Who"                # the column of who gave the points; "-" for none
hidden_sheets = "skip"              # or "read": what becomes of hidden sheets with these headings
encoding = "windows-1251"           # of letters in files that do not say it (`transforms.sheets.encodings`)
side_sheets = "skip"                # sheets without headings are left out, though their rows look like those of a table

What a person answered about a file is kept in the same form in the workspace (`layouts.toml`), and may be mended there;
so is what holds for all sheets of a site (`[sites."-99"]`, `flows.settings.site_times`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from flows.runtime.errors import SettingsError
from flows.settings.answers import read_answers
from flows.settings.certain_headings import priced_layouts, zoned_layouts
from flows.settings.sections import Settings
from transforms.sheets.encodings import ENCODING, ENCODINGS
from transforms.sheets.fields import FIELDS, normalize_heading
from transforms.sheets.layout import Layout
from transforms.sheets.questions import (
    DATE_ORDER,
    DECIMALS,
    HIDDEN_SHEETS,
    NEITHER,
    READ,
    SIDE_SHEETS,
    SKIP,
    STAFF_COLUMN,
    TIME_OF_DAY,
    TIMES,
)
from transforms.sheets.times import DateOrder
from transforms.vocabulary import Times

_FIELD_OF = {normalize_heading(heading): field for field, heading in FIELDS.items()}
# What a layout says beside its headings.
NO_HEADINGS = (TIME_OF_DAY, STAFF_COLUMN, DATE_ORDER, DECIMALS, "timezone", TIMES, ENCODING, HIDDEN_SHEETS, SIDE_SHEETS)


def layouts_of(settings: Settings) -> tuple[Layout, ...]:
    """Return the layouts of the settings, and those made of people's answers; `SettingsError` for a wrong one."""
    zoned, priced = zoned_layouts(settings), priced_layouts(settings)
    said = _as_written(settings)
    return tuple(
        replace(
            layout,
            zoned_heading=layout.name if layout.name in zoned else None,
            priced_heading=layout.name if layout.name in priced else None,
        )
        for layout in read_layouts(said)
    )


def layout_as_written(settings: Settings, name: str | None) -> Mapping[str, Any]:
    """Return the entries of a layout, whoever wrote them; nothing where there is none of this name."""
    return {} if name is None else _as_written(settings).get(name, {})


def _as_written(settings: Settings) -> dict[str, dict[str, Any]]:
    # What the settings say goes before what was answered, and both before what a heading says. Of two layouts that fit
    # a sheet alike the first one holds.
    zoned, priced = zoned_layouts(settings), priced_layouts(settings)
    answers, said = read_answers(settings), settings.columns
    layouts: dict[str, dict[str, Any]] = {}
    for name in [*said, *answers, *zoned, *priced]:
        entries: dict[str, Any] = {}
        for source in (zoned, priced, answers, said):
            entries |= source.get(name, {})
        layouts[name] = entries
    return layouts


def read_layouts(columns: Mapping[str, Mapping[str, Any]]) -> tuple[Layout, ...]:
    """Return the layouts of the settings' `columns`; raise `SettingsError` for a wrong one."""
    return tuple(_read_layout(name, entries) for name, entries in columns.items())


def _read_layout(name: str, entries: Mapping[str, Any]) -> Layout:
    headings = {heading: field for heading, field in entries.items() if heading not in NO_HEADINGS}
    fields = _fields(name, headings)
    zone = _zone(name, entries.get("timezone"))
    times = read_times(f'columns."{name}"', entries.get(TIMES))
    if times is Times.UTC and zone is not None:
        raise SettingsError(f'columns."{name}": times is "utc" and timezone another zone: leave one of them out.')
    return Layout(
        name,
        fields,
        date_order=_date_order(name, entries.get(DATE_ORDER)),
        time_of_day=_text(entries.get(TIME_OF_DAY)),
        decimals=_decimals(name, entries.get(DECIMALS)),
        zone=zone,
        times=times,
        hidden_sheets=_of_sheets(name, HIDDEN_SHEETS, entries, (READ, SKIP)),
        staff=_text(entries.get(STAFF_COLUMN)),
        encoding=_of_sheets(name, ENCODING, entries, tuple(ENCODINGS)),
        side_sheets=_of_sheets(name, SIDE_SHEETS, entries, (SKIP,)),
        ignored=frozenset(heading for heading, documented in headings.items() if documented == NEITHER),
    )


def _fields(name: str, headings: Mapping[str, Any]) -> dict[str, str]:
    """Return the field of each heading that is read as one; `SettingsError` where one is named twice."""
    fields = {
        heading: _field(name, heading, documented) for heading, documented in headings.items() if documented != NEITHER
    }
    counts = Counter(fields.values())
    twice = [field for field, count in counts.items() if count > 1]
    if twice:
        raise SettingsError(f'columns."{name}": {FIELDS[min(twice)]} is named twice.')
    return fields


def _text(entry: object) -> str | None:
    return None if entry is None else str(entry)


def read_times(where: str, answer: object) -> Times | None:
    """Read what times without an offset are; `SettingsError` where it is neither of the two."""
    if answer is None:
        return None
    try:
        return Times(str(answer).strip().lower())
    except ValueError:
        raise SettingsError(f'{where}: times is "{answer}"; it must be "utc" or "site".') from None


def _of_sheets(name: str, entry: str, entries: Mapping[str, Any], answers: Sequence[str]) -> str | None:
    """Read what becomes of the sheets of a kind."""
    answer = entries.get(entry)
    if answer is None:
        return None
    if answer not in answers:
        listed = " or ".join(f'"{one}"' for one in answers)
        raise SettingsError(f'columns."{name}": {entry} is "{answer}"; it must be {listed}.')
    return str(answer)


def _field(name: str, heading: str, documented: object) -> str:
    field = _FIELD_OF.get(normalize_heading(str(documented)))
    if field is None:
        known = ", ".join(FIELDS.values())
        raise SettingsError(f'columns."{name}": "{heading}" is given as "{documented}"; it must be one of {known}.')
    return field


def _date_order(name: str, order: object) -> DateOrder | None:
    if order is None:
        return None
    try:
        return DateOrder(str(order).strip().upper())
    except ValueError:
        raise SettingsError(f'columns."{name}": date_order is "{order}"; it must be "D/M" or "M/D".') from None


def _decimals(name: str, sign: object) -> str | None:
    if sign is None:
        return None
    if sign not in (".", ","):
        raise SettingsError(f'columns."{name}": decimals is "{sign}"; it must be "." or ",".')
    return str(sign)


def _zone(name: str, zone: object) -> ZoneInfo | None:
    if zone is None:
        return None
    try:
        return ZoneInfo(str(zone))
    except (KeyError, ValueError, OSError):
        raise SettingsError(
            f'columns."{name}": "{zone}" is no time zone; write one such as "America/Los_Angeles".'
        ) from None
