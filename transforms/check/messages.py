"""The sentences and suggestions of rejected cells, for the person who has to mend them.

A suggestion is only ever shown: no value is changed by itself.
"""

import difflib
import re
from collections.abc import Mapping

from transforms.vocabulary import Action, Code, Source

SENTENCES: Mapping[Code, str] = {
    Code.CLIENT_ID_MISSING: "The client's id is missing.",
    Code.POINTS_MISSING: "The points are missing.",
    Code.POINTS_NOT_POSITIVE_INTEGER: "Points must be a whole number of at least 1, also where they are redeemed.",
    Code.ACTION_MISSING: "The action is missing: Earned or Redeemed.",
    Code.ACTION_UNKNOWN: "The action must be Earned or Redeemed.",
    Code.SOURCE_MISSING: "The source is missing: say what the points were earned for.",
    Code.SOURCE_UNKNOWN: "The source must be Appointment Booking, Class Booking, Referral or Sale.",
    Code.SOURCE_WITH_REDEEMED: "Redeemed points have no source: empty this cell.",
    Code.SOURCE_ID_NOT_POSITIVE_INTEGER: "The source's id must be a whole number of at least 1.",
    Code.SOURCE_ID_WITHOUT_SOURCE: "There is an id of a source, but no source that it could belong to.",
    Code.SOURCE_ID_NOT_FOUND: "This client has no booking, sale or referral with this id.",
    Code.SOURCE_ID_OTHER_CLIENT: "The booking or sale with this id belongs to another client.",
    Code.REFERRAL_REVERSED: "The referral is the wrong way round: the client in SourceId referred the one in ClientId.",
    Code.ACTION_TIME_UNREADABLE: "This is no date and time that can be read without guessing.",
    Code.ACTION_TIME_IN_FUTURE: "This time is still to come.",
    Code.ACTION_TIME_AMBIGUOUS: "The clocks were put back in this hour, so there are two such times: add the offset.",
    Code.ACTION_TIME_NONEXISTENT: "The clocks were put forward in this hour, so there is no such time.",
    Code.REWARD_ID_MISSING: "The reward's id is missing.",
    Code.PAYOUT_ID_MISSING: "The payout's id is missing.",
    Code.AMOUNT_UNREADABLE: "The amount must be a plain number such as 12.50, without currency or thousands.",
    Code.ELIGIBILITY_DATE_UNREADABLE: "This is no date that can be read without guessing.",
    Code.REWARD_ID_CONFLICT: "This reward is in the file more than once, with different values.",
    Code.CELL_ERROR: "The cell holds an error of the spreadsheet, not a value.",
    Code.RECEIPT_MISMATCH: "This row was accepted before with other values than it has now.",
    Code.SITE_UNKNOWN: "Nobody can tell which site this row belongs to.",
    Code.ROW_KIND_AMBIGUOUS: "The row fills RewardId as well as ClientId or Action: it must be either.",
    Code.ROW_KIND_UNKNOWN: "The row fills neither RewardId nor ClientId nor Action.",
}

_ADVICE: Mapping[Code, str] = {
    Code.ACTION_TIME_UNREADABLE: "write it like 2024-11-08T10:26:33Z, or set the order of day and month in a layout",
    Code.ELIGIBILITY_DATE_UNREADABLE: "write it like 2024-11-08, or set the order of day and month in a layout",
    Code.SITE_UNKNOWN: "fill a SiteId column with a configured site, or use --site",
    Code.SOURCE_ID_NOT_POSITIVE_INTEGER: "empty the cell: Mindbody takes no id with letters here, not even a client's",
    Code.SOURCE_ID_NOT_FOUND: "look the id up in Mindbody, or empty the cell: a row without a source id is good",
    Code.SOURCE_ID_OTHER_CLIENT: "look up whether the client or the id is the wrong one, and mend that cell",
    Code.REFERRAL_REVERSED: "the points belong to the client who referred: exchange ClientId and SourceId",
    Code.CELL_ERROR: "mend the formula, or type the value",
    Code.ACTION_TIME_AMBIGUOUS: "add the offset, like 2024-11-03T01:30:00-07:00",
}
_CHOICES: Mapping[Code, tuple[str, ...]] = {
    Code.ACTION_UNKNOWN: (Action.EARNED, Action.REDEEMED),
    Code.SOURCE_UNKNOWN: tuple(Source),
}
_NUMBERS = {Code.POINTS_NOT_POSITIVE_INTEGER, Code.SOURCE_ID_NOT_POSITIVE_INTEGER}
_LETTER = re.compile("[A-Za-z]")
_THOUSANDS = re.compile(r"-?[0-9]{1,3}(?:[ ,'\u00a0\u202f][0-9]{3})+(?:\.[0-9]+)?")
_NOISE = re.compile(r"([0-9]+)\.(?:0+[0-9]?|9{6,}[0-9]*|0{6,}[0-9]*)")


def suggest(code: Code, value: str | None) -> str | None:
    """Say what was probably meant, or how to write it; None where nothing sensible can be said.

    >>> suggest(Code.ACTION_UNKNOWN, "Earnd"), suggest(Code.POINTS_NOT_POSITIVE_INTEGER, "1,200")
    ('Earned', '1200')
    """
    if code in _CHOICES and value is not None:
        return _nearest(value, _CHOICES[code])
    if code in _NUMBERS and value is not None:
        return _ADVICE.get(code) if _LETTER.search(value) else _plain_whole(value)
    if code is Code.AMOUNT_UNREADABLE and value is not None:
        return _plain_amount(value)
    return _ADVICE.get(code)


def _nearest(value: str, choices: tuple[str, ...]) -> str | None:
    by_text = {choice.casefold(): str(choice) for choice in choices}
    # Cut, since comparing takes time by the square of the length and a cell may hold a whole letter.
    written = " ".join(value.split()).casefold()[:100]
    near = difflib.get_close_matches(written, by_text, n=1, cutoff=0.6)
    return by_text[near[0]] if near else None


def _plain_whole(value: str) -> str | None:
    if _THOUSANDS.fullmatch(value) and "." not in value and "-" not in value:
        return re.sub("[^0-9]", "", value)
    # What a float leaves behind, as 11.999999999 for 12; a real fraction such as 12.5 means nobody knows what.
    is_noise = _NOISE.fullmatch(value) is not None and len(value) < 30
    whole = round(float(value)) if is_noise else 0
    return str(whole) if whole else None


def _plain_amount(value: str) -> str | None:
    """Take away signs of money and thousands; a decimal comma is not guessed where it could be thousands."""
    number = value.strip("$€£ \u00a0")
    if _THOUSANDS.fullmatch(number):
        return re.sub("[^0-9.-]", "", number)
    if re.fullmatch(r"-?[0-9]+,[0-9]{1,2}", number):
        return number.replace(",", ".")
    is_number = re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", number) is not None
    # The same text again would be no suggestion.
    return number if is_number and number != value else None
