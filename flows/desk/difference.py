"""A difference as a person of a studio reads it: what both sides have, whose it is to look at, and until when."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

from sqlalchemy import Row

from flows.desk.visit import Desk
from flows.desk.words import NOTHING_LEFT, for_a_studio, money
from flows.reports.wording import BREAKS
from flows.review.break_list import OPEN, break_records
from flows.review.clocks import Clocks, clocks_of
from flows.runtime.clock import utc_now
from sql.break_decisions import Verb
from transforms.match.break_details import NOBODY_LOOKED
from transforms.spoken_times import spoken_date
from transforms.vocabulary import Outcome, ReasonCode, Target

STATES = {"open": "open", "acknowledged": "somebody works on it", "resolved": "explained", "closed": "gone by itself"}
VERBS = {Verb.ACKNOWLEDGE: "I work on it", Verb.RESOLVE: "It is explained", Verb.REOPEN: "Open it again"}
REASONS: Mapping[ReasonCode, str] = {
    ReasonCode.ACCEPTED_DIFFERENCE: "known, and not worth correcting",
    ReasonCode.CORRECTED_AT_SERVICE: "put right at the service by hand",
    ReasonCode.DUPLICATE_OF_OTHER: "another difference is about the same",
    ReasonCode.ENTERED_BY_HAND: "somebody's own entry, and meant",
    ReasonCode.MISTAKE: "a mistake in the sheet, or of an earlier decision",
    ReasonCode.SERVICE_ERROR: "the service has it wrong",
    ReasonCode.TIMING: "it comes, or came, with another night",
    ReasonCode.OTHER: "as I write here",
}

# How the ledger tells what is known of a difference; whatever it tells otherwise stays as it is.
_OURS = re.compile(r"^The ledger has (Earned|Redeemed) ([\d,]+) points at ")
_THEIRS = re.compile(r"^The service shows (Earned|Redeemed) ([\d,]+) points at ")
_SIDES = re.compile(r"^(?:(Earned|Redeemed): )?(\w+): ledger (.*), service (.*)\.$", re.DOTALL)
_TIMES = re.compile(r"^at: ledger (\S+ \S+ UTC), service (\S+ \S+ UTC): (.*)\.$")
_BETWEEN = ", service "
_IN_FULL = "as the difference says"
_FIELDS: Mapping[str, str] = {
    "eligibility_on": "May be paid from",
}
# What was turned down or is in doubt was sent: whoever reads "posted" of it takes it for done.
_OUR_PART: Mapping[Outcome, str] = {Outcome.REFUSED: "sent", Outcome.UNKNOWN: "sent"}
# Where the report tells a command alone.
_TO_DO: Mapping[Outcome, str] = {
    Outcome.UNKNOWN: "The next night looks it up at the service before anything else.",
    Outcome.STATUS_MISMATCH: "Look at the row, and at the service; the next night compares both once more.",
    Outcome.DUPLICATE_REMOTE: "Take the extra entry back, or ask who made it.",
}
# What two sides of a reward differ in, where that is no amount.
_NO_AMOUNT = (Outcome.TIME_MISMATCH, Outcome.STATUS_MISMATCH)
_NOT_READ = "could not be read"


@dataclass(frozen=True)
class Difference:
    """One difference, as a person reads it."""

    break_id: str
    what: str
    whose: str
    link: str  # to what else is known of the client, or the reward
    row_link: str  # to the row of ours that it is about; "" where it is about none
    ours: str
    theirs: str
    by_how_much: str
    since: str
    age: str
    state: str
    owner: str
    due: str  # "" where nobody said until when
    is_overdue: bool
    why: str
    told: str
    to_do: str


class Sides(NamedTuple):
    """What we have, what the service has, and theirs less ours, "" where that is no number."""

    ours: str
    theirs: str
    by_how_much: str = ""


def records_to_see(desk: Desk, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """Return differences as `flows.review.break_list` gives them, dated by the clock of each one's studio.

    A night that begins in the evening by the studio's clock is of the next day by UTC, as the ledger counts days.
    """
    clocks = clocks_of(desk.settings)
    records = []
    for row, record in zip(rows, break_records(desk.settings, rows), strict=True):
        zone = clocks.of(record["site_id"]).zone
        opened_on = row.opened_at.astimezone(zone).date()
        age_days = (utc_now().astimezone(zone).date() - opened_on).days
        records.append(record | {"opened_on": opened_on, "age_days": age_days})
    return records


def difference_to_see(desk: Desk, record: Mapping[str, Any]) -> Difference:
    """Return a difference, as `flows.review.break_list` gives it, for a page."""
    word = BREAKS[record["class"]]
    sides = _sides(record)
    is_open = record["state"] in OPEN
    due_on = record["due_on"] if is_open else None
    return Difference(
        break_id=record["id"],
        what=word.short,
        whose=_whose(desk, record),
        link=_link(record),
        row_link=f"/rows/{record['event_id']}" if record["event_id"] else "",
        ours=sides.ours,
        theirs=sides.theirs,
        by_how_much=sides.by_how_much,
        since=spoken_date(record["opened_on"]),
        age=_age(record["age_days"]) if is_open else "",
        state=STATES.get(record["state"], record["state"]),
        owner=record["assigned_to"] or "",
        due="" if due_on is None else spoken_date(due_on),
        is_overdue=record["is_overdue"],
        why=why(record["reason"]) if record["reason"] else "",
        told=_told(record, clocks_of(desk.settings)),
        to_do=_to_do(Outcome(record["class"])) if is_open else "",
    )


def _is_of_reward(record: Mapping[str, Any]) -> bool:
    return bool(record["target"] == Target.REFERRAL_ROCK)


def _whose(desk: Desk, record: Mapping[str, Any]) -> str:
    if _is_of_reward(record):
        return "a reward"
    client = f"client {record['client_id']}"
    # Who looks after one studio alone knows which one it is.
    if len(desk.site_ids) == 1:
        return client
    return f"{client}, {desk.site_name(record['site_id'] or '')}"


def _link(record: Mapping[str, Any]) -> str:
    if _is_of_reward(record):
        return f"/rewards?reward={quote(record['reward_id'])}"
    return f"/clients?client={quote(record['client_id'])}"


def _told(record: Mapping[str, Any], clocks: Clocks) -> str:
    """Tell what is known of it; what the service said to a row that it turned down stands at the row."""
    outcome = Outcome(record["class"])
    if record["detail"]:
        return told_of(record["detail"], clocks, record["site_id"], verb=_OUR_PART.get(outcome, "posted"))
    if outcome is Outcome.REFUSED:
        return "The service said no: its words stand at the row."
    return for_a_studio(BREAKS[outcome].meaning)


def _to_do(outcome: Outcome) -> str:
    """Return what is to be done, without what a terminal alone can do."""
    said = _TO_DO.get(outcome) or for_a_studio(BREAKS[outcome].next_step)
    return "" if said == NOTHING_LEFT else said


def _age(days: int) -> str:
    return {0: "today", 1: "yesterday"}.get(days, f"{days:,} days")


def told_of(detail: str, clocks: Clocks, site_id: str | None, verb: str = "posted") -> str:
    """Tell what is known of a difference in a studio's words, times by its own clock.

    >>> told_of("The ledger has Earned 1 points at 2026-09-20 17:00:00 UTC.", Clocks(), None)
    'We posted: earned 1 point, Sun 20 Sep 2026, 5:00 pm world time.'
    >>> told_of("amount: ledger 15, service 10.0.", Clocks(), None)
    'Amount: 15.00 here, 10.00 at the service.'
    """
    # By the clock first: once UTC is told in words, nobody can tell which text is a time.
    clock = clocks.of(site_id)
    times = _TIMES.match(detail)
    if times is not None:
        ours, theirs, apart = (clock.retell(text) for text in times.groups())
        return for_a_studio(f"Here {ours}, at the service {theirs}: {apart}.")
    sides = _sides_told(detail)
    if sides is not None:
        return _two_values(sides)
    text = clock.retell(detail)
    text = _OURS.sub(lambda found: f"We {verb}: {_entry(found)}, ", text)
    text = _THEIRS.sub(lambda found: f"The service shows: {_entry(found)}, ", text)
    return for_a_studio(text)


def _sides_told(detail: str) -> re.Match[str] | None:
    """Return both sides of a sentence; None where it has none, or where nobody can tell where the first one ends.

    A description may hold any words: parted at the wrong place it would show what neither side has.
    """
    return _SIDES.match(detail) if detail.count(_BETWEEN) == 1 else None


def _two_values(sides: re.Match[str]) -> str:
    action, field, ours, theirs = sides.groups()
    name = _FIELDS.get(field, field.replace("_", " "))
    if action:
        name = f"{field} {action.lower()}"
    named = name[:1].upper() + name[1:]
    return f"{named}: {_value(field, ours)} here, {_value(field, theirs)} at the service."


def _entry(found: re.Match[str]) -> str:
    action, points = found[1].lower(), found[2]
    return f"{action} {points} point" if points == "1" else f"{action} {points} points"


def _value(field: str, told: str) -> str:
    is_number = re.fullmatch(r"-?\d+(\.\d+)?", told) is not None
    return money(told) if field == "amount" and is_number else told


def _sides(record: Mapping[str, Any]) -> Sides:
    """Return what both have; a side that nobody could read says so."""
    detail = record["detail"] or ""
    told = _sides_told(detail)
    is_reward = _is_of_reward(record)
    # Of a reward an amount is there that both have: they differ in something else.
    if is_reward and record["class"] in _NO_AMOUNT and told is not None:
        return Sides(told[3], told[4])
    if is_reward and record["class"] in _NO_AMOUNT and _BETWEEN in detail:
        return Sides(_IN_FULL, _IN_FULL)
    kind = "amount" if is_reward else "points"
    ours, theirs = record[f"{kind}_ledger"], record[f"{kind}_service"]
    # Whoever reads "not there" of what nobody could look up would say that it was not posted, and it would go twice.
    if theirs is None and detail.startswith(NOBODY_LOOKED):
        return Sides(_shown(ours), _NOT_READ)
    is_counted = isinstance(ours, int) or isinstance(theirs, int)
    by_how_much = f"{(theirs or 0) - (ours or 0):+,}" if is_counted else ""
    return Sides(_shown(ours), _shown(theirs), by_how_much)


def _shown(side: int | str | None) -> str:
    if side is None:
        return "not there"
    return f"{side:,}" if isinstance(side, int) else money(side)


def why(reason: str) -> str:
    """Tell a reason in words: its code as the list of reasons says it, and what was written."""
    code, colon, words = reason.partition(":")
    if code not in list(ReasonCode):
        return reason
    said = REASONS[ReasonCode(code)]
    return f"{said}: {words.strip()}" if colon else said
