"""The words of the report: what every word means, whose a break is, and what to do about it.

One place for the words, so that workbook, page, artifacts and terminal say the same. The codes are those of
`transforms.vocabulary`; a code without an entry here is shown as it is. Nothing heavy is imported here: `tieout breaks`
takes its words from here too, and lists them in half a second.
"""

from dataclasses import dataclass
from typing import Final, Literal

from transforms.vocabulary import Code, EventVerb, Fate, Finding, Outcome, State

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
        next_step=(
            "Correct the row and send the sheet again. Where its cause is gone, tieout retry with the event's id lets "
            "it be tried again as it is."
        ),
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


def word(words: dict[str, Word], code: object) -> Word:
    """Return what is said of `code`; a code that nobody described is shown as it is."""
    return words.get(str(code)) or Word(str(code), "")
