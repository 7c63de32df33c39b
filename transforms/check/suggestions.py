"""What was probably meant by a rejected cell, or how to write it: shown to a person, never taken by itself.

A suggestion never turns the meaning round ("Returned" is no slip of "Earned") and never changes a value: where a number
could be two, the advice says so in place of choosing one.
"""

import re
from collections.abc import Callable, Mapping

from transforms.sheets.amount_signs import AmountHabit
from transforms.sheets.cells import LARGEST_WHOLE
from transforms.sheets.currencies import MARKS, signs_of
from transforms.sheets.fields import is_slip
from transforms.sheets.ids import what_spoiled
from transforms.vocabulary import Action, Code, Source

_ADVICE: Mapping[Code, str] = {
    Code.SITE_UNKNOWN: "say which studio the row is for: fill a column SiteId; or send the file with --site",
    Code.SOURCE_ID_NOT_FOUND: "look the id up in Mindbody, or empty the cell: a row without a source id is good",
    Code.SOURCE_ID_OTHER_CLIENT: "look up whether the client or the id is the wrong one, and mend that cell",
    Code.REFERRAL_REVERSED: "the points belong to the client who referred: exchange ClientId and SourceId",
    Code.TEXT_TOO_LONG: "look whether another text slipped into this cell",
    Code.CELL_ERROR: "mend the formula, or type the value",
}
_LETTERS_IN_SOURCE_ID = "empty the cell: Mindbody takes no id with letters here, not even a client's"

# Other forms of the word, which mean nothing else.
_FORMS: Mapping[str, Action] = {
    **dict.fromkeys(("earn", "earns", "earnt", "earning", "earnings"), Action.EARNED),
    **dict.fromkeys(("redeem", "redeems", "redeeming", "redemption", "redemptions"), Action.REDEEMED),
}
# Mindbody writes these by itself, when a sale or visit is taken back; its document lets nobody send them.
_OF_MINDBODY = {action.casefold(): action for action in Action if action not in (Action.EARNED, Action.REDEEMED)}

_BLANKS = "[ \u00a0\u202f]"
_THOUSANDS = re.compile(rf"[0-9]{{1,3}}(?:(?:{_BLANKS}|[,'’])[0-9]{{3}})+")
_DOT_THOUSANDS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")
_ONE_DOT_THOUSAND = re.compile(r"([0-9]{1,3})\.([0-9]{3})")
_SIGNED = re.compile(rf"\({_BLANKS}?([0-9]+){_BLANKS}?\)|[-−–]{_BLANKS}?([0-9]+)|([0-9]+)-")
_WITH_UNIT = re.compile(rf"\+?{_BLANKS}?([0-9]+){_BLANKS}?(?:(?:pts?|points?|pkt|p)\.?|\*)?", re.IGNORECASE)
_COMMA_ZERO = re.compile(r"([0-9]+),0{1,2}")
_POWER = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+")
_NOISE = re.compile(r"([0-9]{1,15})\.(?:0{6,}[0-9]{0,9}|9{6,}[0-9]{0,9})")
_FRACTION = re.compile(r"[0-9]+[.,][0-9]+")
_MANY_DIGITS = re.compile(r"-?(?:[0-9]{29,}(?:\.[0-9]*)?|[0-9]*\.[0-9]{29,})")
_DOTTED = re.compile(r"-?[0-9]*(?:\.[0-9]+)+")
_MARK = "|".join(re.escape(mark) for mark in sorted(MARKS, key=len, reverse=True)) + "|[A-Z]{3}"
_MARKED = re.compile(rf"(?P<before>{_MARK})?{_BLANKS}*(?P<number>\(?-?[0-9].*?){_BLANKS}*(?P<after>{_MARK})?")
_PLAIN = AmountHabit()
_LONGEST = 40  # signs of a cell that is looked at: a number is no longer


def suggest(code: Code, value: str | None) -> str | None:
    """Say what was probably meant, or how to write it; None where nothing sensible can be said.

    >>> suggest(Code.ACTION_UNKNOWN, "Earnd"), suggest(Code.POINTS_NOT_POSITIVE_INTEGER, "1,200")
    ('Earned', '1200')
    """
    about_value = _BY_VALUE.get(code)
    if about_value is None or value is None:
        return _ADVICE.get(code)
    return about_value(" ".join(value[: _LONGEST + 1].split()))


def _suggest_action(text: str) -> str | None:
    word = text.casefold()
    of_mindbody = _OF_MINDBODY.get(re.sub("[ _-]", "", word))
    if of_mindbody is not None:
        return f"leave the row out: {of_mindbody} is an entry that Mindbody makes itself, and that nobody can post"
    if word in _FORMS:
        return _FORMS[word].value
    # One wrong letter, and no more: "Returned" and "Unearned" are near to Earned too, and mean the opposite.
    meant = [action.value for action in (Action.EARNED, Action.REDEEMED) if is_slip(word, action.casefold())]
    return meant[0] if meant else None


def _suggest_source(text: str) -> str | None:
    word = text.casefold()
    for source in Source:
        whole = source.casefold()
        # "Class" for "Class Booking"; "Booking" could be either.
        is_part = word in (whole, whole + "s", whole.split()[0], whole.replace(" ", ""))
        if is_part or is_slip(word, whole):
            return source.value
    return None


def _suggest_points(text: str) -> str | None:
    signed = _SIGNED.fullmatch(text)
    if signed:
        return "write the number without brackets or minus: the action says whether points are earned or redeemed"
    return _suggest_whole(text)


def _suggest_source_id(text: str) -> str | None:
    if re.search("[A-Za-z]", text) and not _POWER.fullmatch(text):
        return _LETTERS_IN_SOURCE_ID
    return _suggest_whole(text)


def _suggest_whole(text: str) -> str | None:
    if _POWER.fullmatch(text):
        return (
            "a spreadsheet has shortened the number: format the column as a number without decimals, and save it again"
        )
    if _THOUSANDS.fullmatch(text):
        return re.sub("[^0-9]", "", text)
    one_dot = _ONE_DOT_THOUSAND.fullmatch(text)
    if one_dot and one_dot[2] == "000":
        thousands = one_dot[1] + one_dot[2]
        return f"write {thousands} or {one_dot[1]}, whichever is meant: it can be read as both"
    if _DOT_THOUSANDS.fullmatch(text):
        return f"write {text.replace('.', '')} if that is meant: there is no part of a point"
    plain = _WITH_UNIT.fullmatch(text) or _COMMA_ZERO.fullmatch(text)
    if plain and int(plain[1]) > LARGEST_WHOLE:
        return f"the largest number that Mindbody takes here is {LARGEST_WHOLE:,}"
    if plain and int(plain[1]) > 0:
        return str(int(plain[1]))
    if _NOISE.fullmatch(text):  # what a float leaves behind, as 11.999999999 for 12
        return str(round(float(text))) if round(float(text)) else None
    if _FRACTION.fullmatch(text):
        return "write a whole number: there is no part of a point"
    return None


def suggest_amount(text: str, habit: AmountHabit = _PLAIN, currency: str | None = None) -> str | None:
    """Take away signs of money and thousands; what could be thousands or decimals is not chosen.

    A sign of another `currency` than that of rewards is never taken away: the number alone would be another value.
    """
    if _MANY_DIGITS.fullmatch(text):
        return "an amount has up to 28 digits before its point and up to 28 after it"
    text = " ".join(text[: _LONGEST + 1].split())
    if habit.decimals == "," and _DOTTED.fullmatch(text):
        return _suggest_without_dots(text, habit)
    marked = _MARKED.fullmatch(text)
    number = text if marked is None else marked["number"]
    mark = "" if marked is None else marked["before"] or marked["after"] or ""
    if mark and currency is not None and mark not in signs_of(currency):
        return f"rewards are paid in {currency} here: write what it is in {currency}, as a number alone"
    negative = re.fullmatch(r"\(([0-9.,]+)\)", number)
    if negative:
        return f"write -{negative[1]} if it is to be taken away, without brackets"
    if re.fullmatch(r"-?[0-9]{1,3}[.,][0-9]{3}", number):
        return "write it without a sign for thousands, and with a point before the decimals: it can be read in two ways"
    if re.fullmatch(rf"-?[0-9]{{1,3}}(?:(?:{_BLANKS}|[,'’])[0-9]{{3}})+(?:\.[0-9]+)?", number):
        return re.sub("[^0-9.-]", "", number)
    if re.fullmatch(rf"-?[0-9]{{1,3}}(?:(?:{_BLANKS}|[.'’])[0-9]{{3}})+,[0-9]{{1,2}}", number):
        return re.sub("[^0-9,-]", "", number).replace(",", ".")
    if re.fullmatch(r"-?[0-9]+,[0-9]{1,2}", number):
        return number.replace(",", ".")
    is_number = re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", number) is not None
    # The same text again would be no suggestion.
    return number if is_number and number != text else None


def _suggest_without_dots(text: str, habit: AmountHabit) -> str:
    """Advise on a cell with a dot in a column that has a comma before its decimals."""
    if habit.is_said and _DOT_THOUSANDS.fullmatch(text):
        return text.replace(".", "")
    if habit.is_said:
        return "write it with a comma before the decimals, as all amounts with these headings"
    shown = "" if habit.comma is None else f" ({habit.comma.text} in row {habit.comma.row})"
    return (
        f"other amounts of the column have a comma before their decimals{shown}, so the dot may be for thousands: "
        "write all amounts of the column with a point before the decimals, and nothing for thousands"
    )


_BY_VALUE: Mapping[Code, Callable[[str], str | None]] = {
    Code.ACTION_UNKNOWN: _suggest_action,
    Code.SOURCE_UNKNOWN: _suggest_source,
    Code.POINTS_NOT_POSITIVE_INTEGER: _suggest_points,
    Code.SOURCE_ID_NOT_POSITIVE_INTEGER: _suggest_source_id,
    Code.AMOUNT_UNREADABLE: suggest_amount,
    Code.CLIENT_ID_UNREADABLE: what_spoiled,
    Code.REWARD_ID_UNREADABLE: what_spoiled,
    Code.PAYOUT_ID_UNREADABLE: what_spoiled,
}
