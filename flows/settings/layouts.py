"""Read the layouts of the settings: a site's own headings, the order of its dates, its time zone.

[columns."front desk"]
date_order = "D/M"                  # or "M/D"; without it only dates such as 2024-11-08 are read
timezone = "Australia/Sydney"       # of times without an offset; UTC where it is left out
"Client No." = "ClientId"           # the site's own heading = the documented one
"Birthday" = "-"                    # a column that is no field, so that nobody asks about it
hidden_sheets = "skip"              # or "read": what becomes of hidden sheets with these headings

What a person answered about a file is kept in the same form in the workspace (`layouts.toml`), and may be mended there.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from flows.runtime.errors import SettingsError
from flows.settings.sections import Settings
from flows.settings.zoned_headings import zoned_layouts
from transforms.sheets.fields import FIELDS, normalize_heading
from transforms.sheets.layout import Layout
from transforms.sheets.questions import HIDDEN_SHEETS, NEITHER, READ, SKIP
from transforms.sheets.times import DateOrder

_FIELD_OF = {normalize_heading(heading): field for field, heading in FIELDS.items()}
_NO_HEADINGS = ("date_order", "timezone", HIDDEN_SHEETS)
ANSWERS = "layouts.toml"


def layouts_of(settings: Settings) -> tuple[Layout, ...]:
    """Return the layouts of the settings, and those made of people's answers; `SettingsError` for a wrong one."""
    answers = read_answers(settings)
    zoned = zoned_layouts(settings)
    # In this order: of two layouts that fit a sheet alike the first one holds.
    names = dict.fromkeys([*settings.columns, *answers, *zoned])
    # What the settings say goes before what was answered, and both before what a heading says.
    said = {name: {**zoned.get(name, {}), **answers.get(name, {}), **settings.columns.get(name, {})} for name in names}
    return tuple(
        replace(layout, zoned_heading=layout.name if layout.name in zoned else None) for layout in read_layouts(said)
    )


def read_answers(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the layouts that people's answers have made, as they are written."""
    path = settings.root / ANSWERS
    try:
        with path.open("rb") as file:
            kept: dict[str, dict[str, Any]] = tomllib.load(file).get("columns", {})
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: the answers kept there cannot be read: {error}. Mend the file.") from None
    return kept


def read_layouts(columns: Mapping[str, Mapping[str, Any]]) -> tuple[Layout, ...]:
    """Return the layouts of the settings' `columns`; raise `SettingsError` for a wrong one."""
    return tuple(_read_layout(name, entries) for name, entries in columns.items())


def _read_layout(name: str, entries: Mapping[str, Any]) -> Layout:
    fields: dict[str, str] = {}
    twice: set[str] = set()
    for heading, documented in entries.items():
        if heading in _NO_HEADINGS or documented == NEITHER:
            continue
        field = _field(name, heading, documented)
        if field in fields.values():
            twice.add(field)
        fields[heading] = field
    if twice:
        raise SettingsError(f'columns."{name}": {FIELDS[min(twice)]} is named twice.')
    return Layout(
        name,
        fields,
        date_order=_date_order(name, entries.get("date_order")),
        zone=_zone(name, entries.get("timezone")),
        hidden_sheets=_hidden_sheets(name, entries.get(HIDDEN_SHEETS)),
        ignored=frozenset(heading for heading, documented in entries.items() if documented == NEITHER),
    )


def _hidden_sheets(name: str, answer: object) -> str | None:
    if answer is None or answer in (READ, SKIP):
        return None if answer is None else str(answer)
    raise SettingsError(f'columns."{name}": {HIDDEN_SHEETS} is "{answer}"; it must be "{READ}" or "{SKIP}".')


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


def _zone(name: str, zone: object) -> ZoneInfo | None:
    if zone is None:
        return None
    try:
        return ZoneInfo(str(zone))
    except (KeyError, ValueError, OSError):
        raise SettingsError(
            f'columns."{name}": "{zone}" is no time zone; write one such as "America/Los_Angeles".'
        ) from None
