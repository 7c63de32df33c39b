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
    content = {
        "walk": sorted(lines, key=json.dumps),
        "differences": sorted(found, key=_id_as_json),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _line(row: Mapping[Any, Any]) -> dict[str, Any]:
    line: dict[str, Any] = {}
    for name in _LINE:
        line[name] = "" if pd.isna(row[name]) else str(row[name])
    for name in _FIGURES:
        line[name] = _figure(row[name])
    return line


def _difference(row: Mapping[Any, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in _WORDS:
        told[name] = None if row[name] is None else str(row[name])
    for name in _AT_STAKE:
        told[name] = None if row[name] is None else _number(row[name])
    return told


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
        then = was.get(key)
        today = there.get(key)
        if then == today:
            continue
        told = f"{_name(key)}: {_told(today)}, {_told(then)} when it was signed"
        yield Change(ChangeOf.FIGURE, told, then, today)


def _key(line: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(line[name] for name in _LINE)


def _name(key: Sequence[str]) -> str:
    line, site_id, kind, currency = key
    words = [line.replace("_", " "), kind.replace("_", " "), currency]
    if site_id:
        words.append(f"site {site_id}")
    return ", ".join(word for word in words if word)


def _told(line: Mapping[str, Any] | None) -> str:
    if line is None:
        return "nothing"
    if line["points"] is not None:
        return f"{line['events']:,} of {line['points']:,} points"
    return f"{line['events']:,} of {line['amount'] or 0}"


def _changed_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    was = {one["break_id"]: one for one in before["differences"]}
    there = {one["break_id"]: one for one in now["differences"]}
    new_ids = [break_id for break_id in there if break_id not in was]
    for break_id in (*new_ids, *was):
        then = was.get(break_id)
        today = there.get(break_id)
        told = _changed_difference(break_id, then, today)
        if told:
            yield Change(ChangeOf.DIFFERENCE, told, then, today, break_id=break_id)


def _changed_difference(break_id: str, then: Mapping[str, Any] | None, today: Mapping[str, Any] | None) -> str:
    """Return what changed of a difference; "" where nothing did that a signature is about."""
    name = f"difference {break_id}"
    if then is None:
        return "" if today is None else f"{name} ({_what(today)}) was found since"
    if today is None:
        return f"{name} ({_what(then)}) is told no more"
    if then["state"] != today["state"]:
        return f"{name} was {then['state']}, and is {today['state']}"
    if _what(then) != _what(today):
        return f"{name} was {_what(then)}, and is {_what(today)}"
    return ""


def _what(one: Mapping[str, Any]) -> str:
    figure = f"an amount of {one['amount']}"
    if one["points"] is not None:
        figure = f"{one['points']:,} points"
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
