"""Columns chosen by hand: what may be chosen for each, and what a person chose, kept for sheets like this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flows.desk.visit import Desk
from flows.desk.words import WORDS
from flows.review.answers import keep_columns
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
    is_of_rewards = Target.MINDBODY not in table.targets
    layout = table.layout
    return ToChoose(
        code=digest(headings)[:16],
        columns=list(_columns(table)),
        fields=_fields(desk, is_of_rewards=is_of_rewards),
        orders=_ORDERS,
        order=str(layout.date_order) if layout is not None and layout.date_order is not None else "",
        clocks=_clocks(desk, site_id),
        clock=str(layout.times) if layout is not None and layout.times is not None else "",
    )


def _columns(table: Table) -> Sequence[Column]:
    field_of = {column: field for field, column in table.columns.items()}
    if table.time_of_day is not None:
        field_of[table.time_of_day] = TIME_OF_DAY
    staff = staff_of(table)
    if staff is not None:
        field_of.setdefault(staff, STAFF)
    below = table.sheet.cells.loc[table.sheet.cells.index > table.heading_row]
    shown = []
    for number, heading in enumerate(table.headings):
        field = field_of.get(number, NOT_READ)
        # What a copy was marked with stays what it is.
        if heading is None or field in MARKED_FIELDS:
            continue
        filled = below[number].dropna()
        shown.append(Column(f"column{number}", heading, str(filled.iloc[0])[:40] if len(filled) else "", field))
    return shown


def _fields(desk: Desk, *, is_of_rewards: bool) -> dict[str, str]:
    documented = REFERRAL_ROCK_FIELDS if is_of_rewards else MINDBODY_FIELDS
    # Where there is one studio, no row has to name it.
    shown = [field for field in documented if field != "site_id" or len(desk.site_ids) > 1]
    further = {} if is_of_rewards else {TIME_OF_DAY: "the time of day, where the date is a column of its own"}
    return {NOT_READ: "not read", **{field: WORDS[field] for field in shown}, **further, STAFF: "staff"}


def _clocks(desk: Desk, site_id: str) -> dict[str, str]:
    zones = {site.site_id: site.timezone for site in desk.settings.mindbody.sites}
    place = zones.get(site_id, "").rpartition("/")[2].replace("_", " ")
    return dict(
        zip(_CLOCKS, ("as it was said before", f"the studio's ({place})", "the world's (Greenwich)"), strict=True)
    )


def choose(desk: Desk, table: Table, chosen: Mapping[str, str], order: str, clock: str) -> None:
    """Keep a choice by heading; `WrongUsage` where the sheet cannot be read so."""
    is_of_rewards = Target.MINDBODY not in table.targets
    is_offered = set(chosen.values()) <= _fields(desk, is_of_rewards=is_of_rewards).keys()
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
