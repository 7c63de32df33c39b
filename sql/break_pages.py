"""Differences page by page: narrowed down, counted and cut by the database, whatever their number.

What is open is found by an index that holds nothing else and most of what is asked here; the rest is in the table.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Numeric,
    Row,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.types import NullType

from sql.queries import rows_query
from sql.sums import summed
from sql.tables.breaks import breaks
from sql.tables.runs import runs

# To the letter as the index has it: with values bound in their place no database would see that it fits.
_IS_OPEN = text("breaks.state IN ('open', 'acknowledged')")
_CLASS = breaks.c["class"]


class RuleParts(NamedTuple):
    """What a rule of the settings asks of a difference, and says of it, as `transforms.match.due.Rule` has it."""

    owner: str | None
    due_days: int | None
    classes: Sequence[str]
    site_id: str | None
    least_points: int | None
    least_amount: Decimal | None
    least_days: int


@dataclass(frozen=True)
class Narrowed:
    """What narrows differences down; None is any.

    ``site_ids`` are those that may be seen at all, "" standing for what is of no site. ``owner`` and ``overdue_on``
    (due before that day, or at the sites of ``overdue_on_at`` before theirs) go by what a person said, else by who
    decided, else by the rules.
    """

    site_ids: Sequence[str] | None
    only_open: bool = True
    classes: Sequence[str] = ()
    site_id: str | None = None
    client_id: str | None = None
    words: str = ""  # in what is known, what was decided, or the owner's name
    owner: str | None = None
    reason_code: str | None = None
    opened_before_on: date | None = None
    overdue_on: date | None = None
    overdue_on_at: Mapping[str, date] = field(default_factory=dict)
    break_ids: Sequence[str] | None = None
    rules: Sequence[RuleParts] = ()
    today: date | None = None  # that the ages of rules are told by


@dataclass(frozen=True)
class Counts:
    """How many differences of each class there are, and the points of all of them."""

    by_class: Mapping[str, int]
    points: int

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.by_class.values())


def count_breaks(connection: Connection, narrowed: Narrowed) -> Counts:
    """Count the differences, the most frequent class first."""
    billion = text("1000000000")
    # By operators of our own: SQLAlchemy's division gives a fraction.
    billions = breaks.c.points.op("/")(billion)
    rest = breaks.c.points.op("%")(billion)
    counts = select(
        _CLASS,
        func.count().label("breaks_count"),
        func.coalesce(func.sum(billions), 0).label("points_billions"),
        func.coalesce(func.sum(rest), 0).label("points_rest"),
    )
    by_class = _only(counts, narrowed).group_by(_CLASS)
    rows = connection.execute(by_class).mappings().all()
    most_frequent_first = sorted(rows, key=lambda row: (-row["breaks_count"], row["class"]))
    return Counts(
        by_class={row["class"]: int(row["breaks_count"]) for row in most_frequent_first},
        points=sum(summed(row) for row in rows),
    )


def page_of_breaks(connection: Connection, narrowed: Narrowed, start: int, most: int) -> Sequence[Row[Any]]:
    """Return the differences from ``start`` on, at most so many, oldest first; ``opened_at`` beside each."""
    is_its_run = runs.c.run_id == breaks.c.opened_run_id
    opened_at = select(runs.c.started_at).where(is_its_run).scalar_subquery()
    found = _only(select(breaks, opened_at.label("opened_at")), narrowed)
    # By its id, too: those of one day must not change places between two pages.
    oldest_first = found.order_by(breaks.c.opened_on, breaks.c.break_id)
    page = oldest_first.limit(most).offset(start)
    return connection.execute(page).all()


def breaks_of_ids(connection: Connection, break_ids: Iterable[str]) -> Sequence[Row[Any]]:
    """Return these differences, those that there are; ``opened_at`` beside each."""
    given = {"given": json.dumps(dict.fromkeys(break_ids))}
    return connection.execute(rows_query("breaks_of_ids"), given).all()


def _only(rows: Select[Any], narrowed: Narrowed) -> Select[Any]:
    return rows.select_from(breaks).where(*_conditions(narrowed))


def _conditions(narrowed: Narrowed) -> Iterator[Any]:
    if narrowed.only_open or narrowed.overdue_on is not None:
        yield _IS_OPEN
    yield from _of_place(narrowed)
    yield from _of_time(narrowed)
    if narrowed.classes:
        yield _CLASS.in_(list(narrowed.classes))
    if narrowed.words:
        yield _has_words(narrowed.words)
    if narrowed.reason_code is not None:
        yield breaks.c.reason_code == narrowed.reason_code
    if narrowed.break_ids is not None:
        given = text("breaks.break_id IN (SELECT key FROM json_each(:given_ids))")
        # Without a type of ours: PostgreSQL then takes it for the JSON that its function asks for.
        ids = json.dumps(dict.fromkeys(narrowed.break_ids))
        yield given.bindparams(bindparam("given_ids", ids, type_=NullType()))


def _of_place(narrowed: Narrowed) -> Iterator[Any]:
    # Not by the column itself: SQLite would take an index of sites, and look at every row of the site for the rest.
    site_id = func.coalesce(breaks.c.site_id, "")
    if narrowed.site_ids is not None:
        yield site_id.in_(list(narrowed.site_ids))
    if narrowed.site_id is not None:
        yield site_id == narrowed.site_id
    if narrowed.client_id is not None:
        yield breaks.c.client_id == narrowed.client_id


def _of_time(narrowed: Narrowed) -> Iterator[Any]:
    if narrowed.opened_before_on is not None:
        yield breaks.c.opened_on < narrowed.opened_before_on
    if narrowed.owner is not None:
        yield _owner(narrowed) == narrowed.owner
    if narrowed.overdue_on is not None:
        yield _overdue(narrowed, narrowed.overdue_on)


def _has_words(words: str) -> ColumnElement[bool]:
    asked = words.lower()
    looked_in = (breaks.c.detail, breaks.c.reason, breaks.c.owner, breaks.c.given_to, breaks.c.client_id)
    # What a person types are words, and no pattern: a percent sign is looked for as one.
    found = [func.lower(column).contains(asked, autoescape=True) for column in looked_in]
    return or_(*found)


def _owner(narrowed: Narrowed) -> ColumnElement[Any]:
    """Tell whose a difference is: to whom it was given, else who decided, else whom the first rule names."""
    by_persons = (breaks.c.given_to, breaks.c.owner)
    if not narrowed.rules:
        return func.coalesce(*by_persons)
    by_rules = [(_is_of(rule, narrowed.today), literal(rule.owner)) for rule in narrowed.rules]
    return func.coalesce(*by_persons, case(*by_rules, else_=None))


def _overdue(narrowed: Narrowed, day: date) -> ColumnElement[bool]:
    """Tell what is due before today, which is another day at some sites than at most."""
    elsewhere = narrowed.overdue_on_at
    if not elsewhere:
        return _due_before(narrowed, day)
    site_id = func.coalesce(breaks.c.site_id, "")
    at_most = and_(site_id.not_in(list(elsewhere)), _due_before(narrowed, day))
    at_others = []
    for its_day in set(elsewhere.values()):
        these = [one for one, a_day in elsewhere.items() if a_day == its_day]
        at_others.append(and_(site_id.in_(these), _due_before(narrowed, its_day)))
    return or_(at_most, *at_others)


def _due_before(narrowed: Narrowed, day: date) -> ColumnElement[bool]:
    """Tell what is due before a day: as a person said, else by the first rule that takes it."""
    due_on = breaks.c.due_on
    by_person = and_(due_on.is_not(None), due_on < day)
    if not narrowed.rules:
        return by_person
    by_rules = [(_is_of(rule, narrowed.today), _is_over(rule, day)) for rule in narrowed.rules]
    return or_(by_person, and_(due_on.is_(None), _first(by_rules)))


def _is_over(rule: RuleParts, day: date) -> Any:
    # A rule that says nothing of a day lets nothing be overdue, and no later rule is asked.
    if rule.due_days is None:
        return text("1 = 0")
    return breaks.c.opened_on < day - timedelta(days=rule.due_days)


def _first(by_rules: Sequence[tuple[Any, Any]]) -> ColumnElement[bool]:
    """Tell what holds of the first rule that takes a difference."""
    (is_of, holds), *others = by_rules
    this = and_(is_of, holds)
    if not others:
        return this
    return or_(this, and_(~is_of, _first(others)))


def _is_of(rule: RuleParts, today: date | None) -> ColumnElement[bool]:
    """Tell whether a rule takes a difference, as `Rule.takes` does; a test holds the two together."""
    checks: list[Any] = [true()]
    if rule.classes:
        checks.append(_CLASS.in_(list(rule.classes)))
    if rule.site_id is not None:
        checks.append(func.coalesce(breaks.c.site_id, "") == rule.site_id)
    if rule.least_days and today is not None:
        oldest_on = today - timedelta(days=rule.least_days)
        checks.append(breaks.c.opened_on <= oldest_on)
    # Points or an amount: a difference has one of them.
    enough = [*_enough_points(rule), *_enough_amount(rule)]
    if enough:
        checks.append(or_(*enough))
    return and_(*checks)


def _enough_points(rule: RuleParts) -> Iterable[ColumnElement[bool]]:
    if rule.least_points is not None:
        yield func.coalesce(breaks.c.points, 0) >= rule.least_points


def _enough_amount(rule: RuleParts) -> Iterable[ColumnElement[bool]]:
    if rule.least_amount is None:
        return
    # SQLite has no decimals: two that differ in their sixteenth digit are one there.
    number = Numeric(38, 9).with_variant(Float(), "sqlite")
    least = literal(str(Decimal(rule.least_amount)))
    yield cast(func.coalesce(breaks.c.amount, "0"), number) >= cast(least, number)
