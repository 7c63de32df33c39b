"""A difference as a person of a studio reads it: what both sides have, whose it is to look at, and until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flows.desk.visit import Desk
from flows.desk.words import NOTHING_LEFT, for_a_studio
from flows.reports.wording import BREAKS
from flows.review.break_list import OPEN
from flows.review.clocks import Clocks, clocks_of
from sql.break_decisions import Verb
from transforms.vocabulary import ReasonCode, Target

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


@dataclass(frozen=True)
class Difference:
    """One difference, as a person reads it."""

    break_id: str
    what: str
    whose: str
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


def difference_to_see(desk: Desk, record: Mapping[str, Any]) -> Difference:
    """Return a difference, as `flows.review.break_list` gives it, for a page."""
    word = BREAKS[record["class"]]
    ours, theirs, by_how_much = _sides(record)
    is_reward = record["target"] == Target.REFERRAL_ROCK
    where = "" if is_reward or len(desk.site_ids) == 1 else f", {desk.site_name(record['site_id'] or '')}"
    is_open = record["state"] in OPEN
    return Difference(
        break_id=record["id"],
        what=word.short,
        whose=("a reward" if is_reward else f"client {record['client_id']}") + where,
        ours=ours,
        theirs=theirs,
        by_how_much=by_how_much,
        since=day_text(record["opened_on"]),
        age=_age(record["age_days"]) if is_open else "",
        state=STATES.get(record["state"], record["state"]),
        owner=record["assigned_to"] or "",
        due=day_text(record["due_on"]) if record["due_on"] is not None and is_open else "",
        is_overdue=record["is_overdue"],
        why=why(record["reason"]) if record["reason"] else "",
        told=_by_clock(for_a_studio(record["detail"] or word.meaning), clocks_of(desk.settings), record["site_id"]),
        to_do=_to_do(word.next_step) if is_open else "",
    )


def _to_do(next_step: str) -> str:
    """Return what is to be done, "" where that is told by commands alone: the page has buttons for those."""
    said = for_a_studio(next_step)
    return "" if said == NOTHING_LEFT else said


def day_text(day: date) -> str:
    """Return a day as people write it."""
    return f"{day.day} {day:%b %Y}"


def _age(days: int) -> str:
    return {0: "today", 1: "yesterday"}.get(days, f"{days:,} days")


def _by_clock(text: str, clocks: Clocks, site_id: str | None) -> str:
    """Tell the times in a text by the studio's own clock; rewards have no studio, and keep theirs."""
    return clocks.of(site_id).retell(text) if site_id else text


def _sides(record: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return what we have, what the service has, and theirs less ours; a side that nobody could read says so."""
    sides = ("points_ledger", "points_service") if record["points"] is not None else ("amount_ledger", "amount_service")
    ours, theirs = (record[side] for side in sides)
    shown = [
        "not there" if side is None else f"{side:,}" if isinstance(side, int) else str(side) for side in (ours, theirs)
    ]
    if isinstance(ours, int) or isinstance(theirs, int):
        return shown[0], shown[1], f"{(theirs or 0) - (ours or 0):+,}"
    return shown[0], shown[1], ""


def why(reason: str) -> str:
    """Tell a reason in words: its code as the list of reasons says it, and what was written."""
    code, colon, words = reason.partition(":")
    said = REASONS.get(ReasonCode(code)) if code in list(ReasonCode) else None
    if said is None:
        return reason
    return f"{said}: {words.strip()}" if colon else said
