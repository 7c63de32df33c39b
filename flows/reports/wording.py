"""The words of the report: what every word means, whose a break is, and what to do about it.

One place for the words, so that workbook, page, artifacts and terminal say the same. The codes are those of
`transforms.vocabulary`; a code without an entry here is shown as it is.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd

from flows.reports.once import once
from flows.reports.report import Report, count, rows
from flows.runtime.visible import visible
from transforms.totals.agreement import differences
from transforms.vocabulary import Code, EventVerb, Fate, Finding, Outcome, RunKind, State

Tone = Literal["good", "wait", "bad"]


@dataclass(frozen=True)
class Word:
    """What a code means to a person: in a few words, in a sentence, whose it is, and what to do."""

    short: str
    meaning: str
    whose: str = ""
    next_step: str = ""


FATES: Final[dict[str, Word]] = {
    Fate.ACCEPTED: Word("New event", "New, and kept in the ledger, the record of all that is sent; to be posted once."),
    Fate.DUPLICATE: Word("Known already", "An earlier file brought the same event; it is not sent again."),
    Fate.HELD: Word("Held for a person", "Waits for a person's OK, and is not sent before; beside each stands why."),
    Fate.REJECTED: Word("Wrong in the sheet", "At least one cell breaks a documented rule; nothing of it is sent."),
}

OUTCOMES: Final[dict[str, Word]] = {
    "posted": Word("Posted", "The service confirmed it, or reading back showed it."),
    "refused": Word("Refused", "The service said no, and nothing took effect; a person may let it be tried again."),
    "unknown": Word("Answer lost", "It may have taken effect; it is not sent again before reading back decides."),
    "pending": Word("To be sent", "Not sent yet, or surely without effect; the next run sends it by itself."),
    "withheld": Word("Withheld", "A person took it out meanwhile, or has to look before it is tried again."),
}

RETRY: Final = "tieout retry {id} --reason TEXT"
DECISIONS: Final[dict[str, str]] = {
    EventVerb.APPROVE: "approved",
    EventVerb.DISCARD: "discarded",
    EventVerb.RETRY: "let be tried again",
    EventVerb.REVERSE: "to be taken back",
    EventVerb.REPLACE: "one in the place of another",
    EventVerb.KEEP: "kept until their site is back",
    EventVerb.RULE_POSTED: "ruled: it took effect",
    EventVerb.RULE_NOT_POSTED: "ruled: it did not",
}

WAITING: Final[dict[str, str]] = {
    State.HELD: "tieout approve {id} or tieout discard {id}",
    State.UNKNOWN: "tieout settle; if that cannot decide: tieout settle {id} --as posted, or --as not-posted",
}

BREAKS: Final[dict[str, Word]] = {
    Outcome.LATE: Word(
        short="Not there yet",
        meaning="Posted, not shown by the service so far, and still inside the grace time.",
        whose="the service",
        next_step="Wait: it closes by itself when the entry arrives.",
    ),
    Outcome.MISSING_REMOTE: Word(
        short="Missing at the service",
        meaning="The ledger has it as posted, and the service does not show it after the grace time.",
        whose="the service",
        next_step="Look the client up at the service, then resolve the break with what was found.",
    ),
    Outcome.UNEXPECTED_REMOTE: Word(
        short="Somebody else's entry",
        meaning="The service shows an entry that was not sent from here: an entry by hand, or by another tool.",
        whose="somebody else",
        next_step="Ask who made the entry, then resolve the break with the answer.",
    ),
    Outcome.DUPLICATE_REMOTE: Word(
        short="More often than sent",
        meaning="The service shows the same entry more often than the source has it.",
        whose="ours or somebody else's",
        next_step=(
            "Approve the entry that is proposed to offset it (tieout plan lists it), or ask who made the extra one."
        ),
    ),
    Outcome.AMOUNT_MISMATCH: Word(
        short="Other amount",
        meaning="The same event, with other points or another amount at the service.",
        whose="the service or a later edit there",
        next_step="Compare both amounts and correct the one that is wrong.",
    ),
    Outcome.TIME_MISMATCH: Word(
        short="Other time",
        meaning="The same but for the time. Off by whole hours: a time was read in the wrong zone.",
        whose="the sheet, or its time zone setting",
        next_step="Check the zone of the sheet's times.",
    ),
    Outcome.STATUS_MISMATCH: Word(
        short="Other state",
        meaning="The ledger and the service disagree on whether it took effect.",
        whose="ours",
        next_step="Follow the event with tieout trace, then run tieout settle.",
    ),
    Outcome.REVERSED_REMOTE: Word(
        short="Taken back at the service",
        meaning="Posted, and returned, removed or canceled late at the service since.",
        whose="somebody else",
        next_step="Resolve the break when the reversal is meant.",
    ),
    Outcome.REFUSED: Word(
        short="Refused by the service",
        meaning="The service said no; its words stand in sheet Refused.",
        whose="the sheet, or the service's settings",
        next_step="Correct the row and send the sheet again; once the cause is gone: tieout retry with the event's id.",
    ),
    Outcome.UNKNOWN: Word(
        short="Answer lost",
        meaning="The answer of the service was lost, and reading back has not decided yet.",
        whose="ours",
        next_step="Run tieout settle.",
    ),
}


SOURCE_IDS: Final[dict[str, Word]] = {
    Finding.CONFIRMED: Word("Checked, right", "It is the client's own: reference data has it."),
    Code.SOURCE_ID_NOT_FOUND: Word("Checked, not found", "The row was rejected: the client has nothing with this id."),
    Code.SOURCE_ID_OTHER_CLIENT: Word("Checked, another's", "The row was rejected: it belongs to another client."),
    Code.REFERRAL_REVERSED: Word("Checked, reversed", "The row was rejected: it was the other client who referred."),
    Finding.NO_DATA: Word("Left to the service", "There is no reference data of this kind for the site."),
    Finding.TOO_OLD: Word("Left to the service", "The reference data is older than reference.fresh_hours."),
    Finding.NOT_COVERED: Word("Left to the service", "The reference data lacks the id, and need not have it."),
    Finding.SPELLING: Word(
        "Left to the service", "Ids differ in leading zeros or case alone, which a whole number cannot tell."
    ),
}


@dataclass(frozen=True)
class NextStep:
    """One thing that waits, how often, what to do, and the command to type; `sheet` is where the rows are."""

    what: str
    how_many: int
    advice: str
    command: str
    sheet: str
    for_a_person: bool = True


@once
def next_steps(report: Report) -> list[NextStep]:
    """Return what waits, most urgent first; an empty list means that nobody has to do anything."""
    steps = [
        _correct_rejected_rows(report),
        _decide_held_events(report),
        _look_into_refused_events(report),
        _settle_unknown_events(report),
        _review_open_breaks(report),
        _read_what_was_not(report),
        _leave_pending_events(report),
    ]
    return [step for step in steps if step.how_many]


def _correct_rejected_rows(report: Report) -> NextStep:
    return NextStep(
        what="rejected rows",
        how_many=count(report, "rejected"),
        advice="Correct the named cells, then send the sheet again.",
        command="tieout upload FILE",
        sheet="Rejected rows",
    )


def _decide_held_events(report: Report) -> NextStep:
    # Here and below, a command that takes an id names the first case, so that it can be copied as it stands; the
    # others are in the sheet.
    event_id = _first_id(_waiting_in(report, State.HELD)["event_id"])
    return NextStep(
        what="held",
        how_many=_waiting_count(report, State.HELD),
        advice="Approve new events, discard the others.",
        command=f"tieout approve {event_id}",
        sheet="Unknown and held",
    )


def _look_into_refused_events(report: Report) -> NextStep:
    refused = rows(report, "refused")
    breaks = rows(report, "breaks")
    # Of earlier runs too: their breaks are open until the row is mended or tried again.
    of_breaks = breaks[is_open(breaks) & breaks["class"].eq(Outcome.REFUSED)]
    return NextStep(
        what="refused",
        how_many=len({*refused["event_id"], *of_breaks["event_id"].dropna()}),
        advice="Read what the service said; correct and send again, or once the cause is gone:",
        command=_retry_command(rows(report, "refused")),
        sheet="Refused",
    )


def _retry_command(refused: pd.DataFrame) -> str:
    """Name the code where all were refused for the same cause, which then is gone for all of them; else the first."""
    codes = refused["code"].dropna().unique()
    if len(refused) > 1 and len(codes) == 1 and refused["code"].notna().all():
        return f"tieout retry --code {visible(str(codes[0]))} --reason TEXT"
    return RETRY.format(id=_first_id(refused["event_id"]))


def _settle_unknown_events(report: Report) -> NextStep:
    # Reading back comes first: a person who says "not posted" of an event that took effect has it posted twice.
    return NextStep(
        what="unknown",
        how_many=_waiting_count(report, State.UNKNOWN),
        advice="Read back; where that cannot decide, a person may: tieout settle ID --as.",
        command="tieout settle",
        sheet="Unknown and held",
    )


def _review_open_breaks(report: Report) -> NextStep:
    # Refused and unknown events have their own lines above: counted here again, one event would be two questions.
    to_review = open_differences(report)
    break_id = _first_id(to_review["id"])
    return NextStep(
        what="open breaks",
        how_many=len(to_review),
        advice="Review each, and write down the reason.",
        command=f"tieout breaks acknowledge {break_id} --by NAME --reason TEXT",
        sheet="Breaks",
    )


def _read_what_was_not(report: Report) -> NextStep:
    # Not a number that is off, and not a question either; but whoever is not read may hide both.
    command = "tieout reconcile" if report.kind == RunKind.RECONCILE else "tieout run"
    return NextStep(
        what="not read",
        how_many=len(rows(report, "not_read")),
        advice="Nothing is known of them: see why, then read again.",
        command=command,
        sheet="Not read",
    )


def _leave_pending_events(report: Report) -> NextStep:
    return NextStep(
        what="pending",
        how_many=count(report, "pending"),
        advice="Nothing to do: the next run sends them.",
        command="tieout run",
        sheet="Not posted",
        for_a_person=False,
    )


def _waiting_in(report: Report, state: State) -> pd.DataFrame:
    waiting = rows(report, "waiting")
    return waiting[waiting["state"].eq(state)]


def _waiting_count(report: Report, state: State) -> int:
    """Count what waits of any run: a question of an earlier night is still a question."""
    # The totals count this run's events alone, so the figure here may be higher than theirs.
    return len(_waiting_in(report, state))


def _first_id(ids: "pd.Series[Any]") -> str:
    known = ids.dropna()
    if known.empty:
        return "ID"
    return visible(str(known.iloc[0]))


def open_differences(report: Report) -> pd.DataFrame:
    """Return the open breaks that are a difference between the ledger and a service."""
    breaks = rows(report, "breaks")
    return differences(breaks[is_open(breaks)])


def is_open(breaks: pd.DataFrame) -> "pd.Series[bool]":
    """Return which breaks still wait: all but the resolved and the closed ones."""
    return ~breaks["state"].isin(["resolved", "closed"])


def word(words: dict[str, Word], code: object) -> Word:
    """Return what is said of `code`; a code that nobody described is shown as it is."""
    return words.get(str(code)) or Word(str(code), "")
