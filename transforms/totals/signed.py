"""What a signature is about, and what has changed of it since: the walk of a period and its differences."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pandas as pd

_LINE = ("line", "site_id", "kind", "currency")
_FIGURES = ("events", "points", "amount")
_WORDS = ("break_id", "class", "site_id", "state", "reason", "client_id", "reward_id")
_AT_STAKE = ("points", "amount")


def signed_content(walked: pd.DataFrame, differences: pd.DataFrame) -> str:
    """Return what is signed as JSON, the same for the same figures whatever order they come in."""
    lines = [_line(row) for row in walked.to_dict("records")]
    # A month may have a hundred thousand: nulls are told once for a whole column, and they are put in order by what
    # comes first in the JSON of each, their id, which none of them shares.
    told = differences[[*_WORDS, *_AT_STAKE]] if len(differences) else differences
    plain = told.astype("object").where(told.notna(), None)
    found = [_difference(row) for row in plain.to_dict("records")]
    found.sort(key=_id_as_json)
    content = {"walk": sorted(lines, key=json.dumps), "differences": found}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _line(row: Mapping[Any, Any]) -> dict[str, Any]:
    names = {name: "" if pd.isna(row[name]) else str(row[name]) for name in _LINE}
    return {**names, **{name: _figure(row[name]) for name in _FIGURES}}


def _difference(row: Mapping[Any, Any]) -> dict[str, Any]:
    told = {name: None if row[name] is None else str(row[name]) for name in _WORDS}
    figures = {name: None if row[name] is None else _number(row[name]) for name in _AT_STAKE}
    return {**told, **figures}


def _id_as_json(difference: Mapping[str, Any]) -> str:
    return json.dumps(difference["break_id"])


def _figure(value: Any) -> int | str | None:
    return None if value is None or pd.isna(value) else _number(value)


def _number(value: Any) -> int | str:
    # 12.5 and 12.50 are one amount.
    return f"{value.normalize():f}" if isinstance(value, Decimal) else int(value)


class ChangeOf(StrEnum):
    """What has changed since a signature."""

    FIGURE = "figure"  # a line of the walk
    DIFFERENCE = "difference"
    DECISION = "decision"  # of a person, about events or a difference
    POSTED = "posted"  # events


@dataclass(frozen=True)
class Change:
    """One change: as a terminal tells it, and what a page makes its own sentence of.

    ``then`` and ``today`` are the line or the difference as it was signed and as it is, None where there is none; a
    decision has who, what and why in ``today``, and how many events or which difference it is about.
    """

    of: ChangeOf
    told: str
    then: Mapping[str, Any] | None = None
    today: Mapping[str, Any] | None = None
    break_id: str = ""
    events_count: int = 0


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """Return what differs between what was signed and what there is; in the order of the walk."""
    return [*_changed_lines(before["walk"], now["walk"]), *_changed_differences(before, now)]


def _changed_lines(before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> Iterator[Change]:
    was = {_key(line): line for line in before}
    there = {_key(line): line for line in now}
    # Lines of then come first, in their order; a line that is new comes after.
    for key in dict.fromkeys((*was, *there)):
        then, today = was.get(key), there.get(key)
        if then != today:
            told = f"{_name(key)}: {_told(today)}, {_told(then)} when it was signed"
            yield Change(ChangeOf.FIGURE, told, then, today)


def _key(line: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(line[name] for name in _LINE)


def _name(key: Sequence[str]) -> str:
    line, site_id, kind, currency = key
    parts = [line.replace("_", " "), kind.replace("_", " "), currency, f"site {site_id}" if site_id else ""]
    return ", ".join(part for part in parts if part)


def _told(line: Mapping[str, Any] | None) -> str:
    if line is None:
        return "nothing"
    if line["points"] is not None:
        return f"{line['events']:,} of {line['points']:,} points"
    return f"{line['events']:,} of {line['amount'] or 0}"


def _changed_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    was = {one["break_id"]: one for one in before["differences"]}
    there = {one["break_id"]: one for one in now["differences"]}
    new = [id_ for id_ in there if id_ not in was]
    for id_ in (*new, *was):
        then, today = was.get(id_), there.get(id_)
        told = _changed_difference(id_, then, today)
        if told:
            yield Change(ChangeOf.DIFFERENCE, told, then, today, break_id=id_)


def _changed_difference(id_: str, then: Mapping[str, Any] | None, today: Mapping[str, Any] | None) -> str:
    """Return what changed of a difference; "" where nothing did that a signature is about."""
    if then is None or today is None:
        known = today or then or {}
        return f"difference {id_} ({_what(known)}) " + ("was found since" if then is None else "is told no more")
    if then["state"] != today["state"]:
        return f"difference {id_} was {then['state']}, and is {today['state']}"
    if _what(then) != _what(today):
        return f"difference {id_} was {_what(then)}, and is {_what(today)}"
    return ""


def _what(one: Mapping[str, Any]) -> str:
    figure = f"{one['points']:,} points" if one["points"] is not None else f"an amount of {one['amount']}"
    of_whom = one["client_id"] or one["reward_id"] or ""
    return f"{one['class']} of {figure} {of_whom}".rstrip()


def signed_through(spans: Sequence[tuple[date, date]], first: date) -> date | None:
    """Return the last day up to which every day since the first one is in a signed period; None where the first is not.

    >>> signed_through([(date(2026, 2, 1), date(2026, 2, 28)), (date(2026, 1, 1), date(2026, 1, 31))], date(2026, 1, 9))
    datetime.date(2026, 2, 28)
    """
    through = first - timedelta(days=1)
    for since, until in sorted(spans):
        if since <= through + timedelta(days=1):
            through = max(through, until)
    return through if through >= first else None
