"""Columns chosen by hand: what may be chosen for each, and what a person chose, kept for sheets like this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from flows.desk.visit import Desk
from flows.desk.words import WORDS
from flows.review.answers import keep_columns
from flows.review.clocks import place_of_zone
from flows.runtime.errors import WrongUsage
from sql.chain import digest
from transforms.sheets.by_hand import NOT_READ, STAFF, Unclear, may_be_chosen
from transforms.sheets.fields import MARKED_FIELDS, MINDBODY_FIELDS, REFERRAL_ROCK_FIELDS
from transforms.sheets.headings import Table
from transforms.sheets.questions import TIME_OF_DAY
from transforms.sheets.staff import staff_of
from transforms.vocabulary import Target

_CLOCKS = ("", "site", "utc")
_ORDERS = {"": "as the dates themselves tell", "D/M": "the day, as in 26/10", "M/D": "the month, as in 10/26"}


@dataclass(frozen=True)
class Column:
    """One column, and what it is read as."""

    name: str  # of its field in the form
    heading: str
    example: str
    field: str


@dataclass(frozen=True)
class ToChoose:
    """What may be chosen for a table."""

    code: str  # of its headings, so that a choice is never taken for another table's
    columns: Sequence[Column]
    fields: Mapping[str, str]  # what a column may be, in a studio's words
    orders: Mapping[str, str]
    order: str
    clocks: Mapping[str, str]
    clock: str


def to_choose(desk: Desk, table: Table, site_id: str) -> ToChoose | None:
    """Return what may be chosen for a table; None where its columns cannot be told apart, or name themselves."""
    headings = [text for text in table.headings if text is not None]
    if table.sheet.heading_row is not None or not may_be_chosen(headings):
        return None
    order, clock = _chosen_before(table)
    return ToChoose(
        code=digest(headings)[:16],
        columns=_columns(table),
        fields=_fields(desk, is_of_rewards=_is_of_rewards(table)),
        orders=_ORDERS,
        order=order,
        clocks=_clocks(desk, site_id),
        clock=clock,
    )


def _is_of_rewards(table: Table) -> bool:
    return Target.MINDBODY not in table.targets


def _chosen_before(table: Table) -> tuple[str, str]:
    """Return the order of dates and the clock that were said of sheets like it, "" where nothing was."""
    layout = table.layout
    if layout is None:
        return "", ""
    order = "" if layout.date_order is None else str(layout.date_order)
    return order, "" if layout.times is None else str(layout.times)


def _columns(table: Table) -> Sequence[Column]:
    fields = fields_by_column(table, of_time_of_day=TIME_OF_DAY)
    below = table.sheet.cells.loc[table.sheet.cells.index > table.heading_row]
    shown = []
    for number, heading in enumerate(table.headings):
        field = fields.get(number, NOT_READ)
        # What a copy was marked with stays what it is.
        if heading is None or field in MARKED_FIELDS:
            continue
        shown.append(Column(f"column{number}", heading, _example(below[number]), field))
    return shown


def fields_by_column(table: Table, *, of_time_of_day: str = "action_date_time") -> dict[int, str]:
    """Return what each column is read as; a time of day is a part of when it was, unless it is named by itself."""
    fields = {column: field for field, column in table.columns.items()}
    if table.time_of_day is not None:
        fields[table.time_of_day] = of_time_of_day
    staff = staff_of(table)
    if staff is not None:
        fields.setdefault(staff, STAFF)
    return fields


def _example(cells: "pd.Series[Any]") -> str:
    filled = cells.dropna()
    return str(filled.iloc[0])[:40] if len(filled) else ""


def _fields(desk: Desk, *, is_of_rewards: bool) -> dict[str, str]:
    documented = REFERRAL_ROCK_FIELDS if is_of_rewards else MINDBODY_FIELDS
    has_several_sites = len(desk.site_ids) > 1
    words = {NOT_READ: "not read"}
    for field in documented:
        # Where there is one studio, no row has to name it.
        if field != "site_id" or has_several_sites:
            words[field] = WORDS[field]
    if not is_of_rewards:
        words[TIME_OF_DAY] = "the time of day, where the date is a column of its own"
    return {**words, STAFF: "staff"}


def _clocks(desk: Desk, site_id: str) -> dict[str, str]:
    zones = {site.site_id: site.timezone for site in desk.settings.mindbody.sites}
    place = place_of_zone(zones.get(site_id, ""))
    words = ("as it was said before", f"the studio's ({place})", "the world's (Greenwich)")
    return dict(zip(_CLOCKS, words, strict=True))


def choose(desk: Desk, table: Table, chosen: Mapping[str, str], order: str, clock: str) -> None:
    """Keep a choice by heading; `WrongUsage` where the sheet cannot be read so."""
    is_of_rewards = _is_of_rewards(table)
    offered = _fields(desk, is_of_rewards=is_of_rewards)
    is_offered = set(chosen.values()) <= offered.keys()
    if not is_offered or order not in _ORDERS or clock not in _CLOCKS:
        raise WrongUsage("Choose what each column is.")
    target = Target.REFERRAL_ROCK if is_of_rewards else Target.MINDBODY
    layout = None if table.layout is None else table.layout.name
    try:
        keep_columns(desk.settings, layout, chosen, target, date_order=order, times=clock)
    except Unclear as error:
        word = {**WORDS, TIME_OF_DAY: "time of day", STAFF: "staff"}[error.field]
        if error.is_twice:
            raise WrongUsage(f"Two columns are chosen as “{word}”: choose one of them.") from None
        raise WrongUsage(f"No column is chosen as “{word}”, and without it nothing can be posted.") from None
