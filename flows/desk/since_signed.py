"""Who signed a period, and what changed since, in a studio's words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flows.desk.house_clock import house_clock
from flows.desk.visit import Desk
from flows.desk.walked import KINDS, step_name
from flows.desk.words import money, points_told
from flows.reports.month import Month
from flows.reports.wording import BREAKS
from flows.review.clocks import Clock
from transforms.totals.signed import Change, ChangeOf
from transforms.vocabulary import SignedAs, WalkLine

_STATES: Mapping[str, str] = {
    "open": "open",
    "acknowledged": "in somebody's hands",
    "resolved": "explained",
    "closed": "gone by itself",
}
_VERBS: Mapping[str, str] = {
    "acknowledge": "works on a difference",
    "resolve": "explained a difference",
    "reopen": "opened a difference again",
    "approve": "gave the OK",
    "discard": "left out",
    "reverse": "had taken back",
    "retry": "had tried again",
    "replace": "had replaced",
    "keep": "kept for later",
    "rule_posted": "said that it was posted",
    "rule_not_posted": "said that it was not posted",
}

_ROLES: Mapping[str, str] = {SignedAs.PREPARER: "prepared", SignedAs.APPROVER: "approved"}
_HOLDS: Mapping[str, str] = {
    "holds": "",
    "changed since": "something changed since",
    "replaced by a later one": "a later signature took its place",
}


@dataclass(frozen=True)
class ChangeLine:
    """One change; ``break_id`` leads to the difference that it is about, "" where it is about none."""

    said: str
    break_id: str = ""


def signed_lines(desk: Desk, month: Month) -> list[str]:
    """Return who signed a period, a sentence each, and whether that still holds."""
    clock = house_clock(desk)
    return [_signature(signature, clock) for signature in month.signatures]


def _signature(signature: Mapping[str, Any], clock: Clock) -> str:
    name, actor = signature["by_name"], signature["actor"]
    who = name if name == actor else f"{name} ({actor})"
    told = f"{who} {_ROLES[signature['role']]} it, {clock.tell_minute(signature['at'])}"
    if signature["reason"]:
        told += f": {signature['reason']}"
    holds = _HOLDS.get(signature["holds"], "")
    return f"{told} ({holds})" if holds else told


def changes_of(desk: Desk, month: Month) -> list[ChangeLine]:
    """Return what changed since a period was signed, a sentence each."""
    clock = house_clock(desk)
    return [ChangeLine(_said(change, clock, desk.site_name), change.break_id) for change in month.changed]


def _said(change: Change, clock: Clock, name_of_site: Callable[[str], str]) -> str:
    match change.of:
        case ChangeOf.FIGURE:
            return _figure(change, name_of_site)
        case ChangeOf.DIFFERENCE:
            return _difference(change)
        case ChangeOf.DECISION:
            return _decision(change, clock)
        case ChangeOf.POSTED:
            were = "was" if change.events_count == 1 else "were"
            return f"{_rows(change.events_count)} {were} posted since."


def _figure(change: Change, name_of_site: Callable[[str], str]) -> str:
    # A figure that was not there then, or is not now, is known from the other side alone.
    known = change.today or change.then or {}
    name = f"{step_name(WalkLine(known['line']))}, {KINDS[known['kind']].lower()}"
    if known["site_id"]:
        name += f", {name_of_site(known['site_id'])}"
    return f"{name}: now {_amount(change.today)}; {_amount(change.then)} when it was signed."


def _amount(line: Mapping[str, Any] | None) -> str:
    if line is None:
        return "nothing"
    rows = _rows(line["events"])
    if line["points"] is not None:
        return f"{rows} of {points_told(line['points'])}"
    return f"{rows} of {money(line['amount'] or 0)}"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _difference(change: Change) -> str:
    then, today = change.then, change.today
    if then is None:
        return f"{_what(today or {})}: found since."
    if today is None:
        return f"{_what(then)}: not there any more."
    if then["state"] != today["state"]:
        return f"{_what(today)}: was {_state(then)}, and is {_state(today)} now."
    return f"{_what(today)}; it was {_by(then)} when it was signed."


def _state(one: Mapping[str, Any]) -> str:
    return _STATES.get(one["state"], one["state"])


def _what(one: Mapping[str, Any]) -> str:
    whose = f"client {one['client_id']}" if one["client_id"] else "a reward"
    return f"{BREAKS[one['class']].short}, {whose}, {_by(one)}"


def _by(one: Mapping[str, Any]) -> str:
    return points_told(one["points"]) if one["points"] is not None else money(one["amount"] or 0)


def _decision(change: Change, clock: Clock) -> str:
    said = change.today or {}
    told = f"{said['actor']} {_VERBS.get(said['verb'], said['verb'])}"
    if change.events_count:
        told += f" ({_rows(change.events_count)})"
    told += f", {clock.tell_minute(said['at'])}"
    if said["reason"]:
        told += f": {said['reason']}"
    return f"{told}."
