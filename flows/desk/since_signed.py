"""What changed since a period was signed, in a studio's words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.desk.walked import KINDS, step_name
from flows.desk.words import money, points_told
from flows.reports.wording import BREAKS
from flows.review.clocks import Clock
from transforms.totals.signed import Change, ChangeOf
from transforms.vocabulary import WalkLine

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


@dataclass(frozen=True)
class ChangeLine:
    """One change; ``break_id`` leads to the difference that it is about, "" where it is about none."""

    said: str
    break_id: str = ""


def change_lines(changes: Sequence[Change], clock: Clock, name_of_site: Callable[[str], str]) -> list[ChangeLine]:
    """Return the changes, a sentence each."""
    return [ChangeLine(_said(change, clock, name_of_site), change.break_id) for change in changes]


def _said(change: Change, clock: Clock, name_of_site: Callable[[str], str]) -> str:
    match change.of:
        case ChangeOf.FIGURE:
            return _figure(change, name_of_site)
        case ChangeOf.DIFFERENCE:
            return _difference(change)
        case ChangeOf.DECISION:
            return _decision(change, clock)
        case ChangeOf.POSTED:
            return (
                "1 row was posted since."
                if change.events_count == 1
                else f"{change.events_count:,} rows were posted since."
            )


def _figure(change: Change, name_of_site: Callable[[str], str]) -> str:
    known = change.today or change.then or {}
    site = f", {name_of_site(known['site_id'])}" if known["site_id"] else ""
    name = f"{step_name(WalkLine(known['line']))}, {KINDS[known['kind']].lower()}{site}"
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
    if then is None or today is None:
        return f"{_what(today or then or {})}: " + ("found since." if then is None else "not there any more.")
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
    about = f" ({_rows(change.events_count)})" if change.events_count else ""
    why = f": {said['reason']}" if said["reason"] else ""
    return f"{said['actor']} {_VERBS.get(said['verb'], said['verb'])}{about}, {clock.tell_minute(said['at'])}{why}."
