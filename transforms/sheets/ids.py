"""Ids as other programs leave them: what they put around an id is taken away, what they made of it is refused.

An id is kept to the letter: leading zeros, letters, case. Taken away is only what no id can be meant to hold and what
leaves one meaning: the apostrophe and the ="…" that keep a spreadsheet from eating zeros, quotation marks around the
whole, full-width digits, and the ".0" of a column that went through floating point numbers. What is a date, a truth
value, a power of ten or the word for "nothing" was made of an id that nobody can tell any more.
"""

import re
import unicodedata

import pandas as pd

from transforms.sheets.letters import letters_of

_QUOTES = "'\"`´‘’‚‛“”„‟"
# Somewhere in a column there is something to take away: nearly always there is not, and one look says so.
_SUSPECT_LETTERS = (b"'", b'"', b"`", b"=", b".0")
_SUSPECT = re.compile(rf"[{_QUOTES}=\uff01-\uff5e]|\.0")

_FORMULA_TEXT = re.compile(r'="([^"]+)"')
_QUOTED = re.compile(rf"[{_QUOTES}]([^{_QUOTES}]+)[{_QUOTES}]")
_AFTER_APOSTROPHE = re.compile(r"['‘’`´]([0-9A-Za-z]+)")
# Three zeros after a point may be thousands as well: 100.000 is left as it is, and refused.
_FLOAT = re.compile(r"([0-9]+)\.(?:0{1,2}|0{4,12})")

_NOTHING = frozenset({"null", "nan", "none", "nat", "nil", "na", "n/a", "<na>", "undefined", "(null)", "(blank)"})
_TRUTH = frozenset({"true", "false"})
_WORDS = _NOTHING | _TRUTH
_LONGEST_WORD = max(map(len, _WORDS))
_SPOILED = re.compile(
    r"[+-]?[0-9]+(?:[.,][0-9]+[eE][+-]?|[eE]\+)[0-9]+"  # 1.2E+11: digits are lost; 12E7 is an id with a letter
    r"|[+-]?[0-9]+[.,][0-9]+"  # a number with decimals
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].*)?"  # dates and times, as a spreadsheet makes them of 12-3-26
    r"|[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{2,4}(?: .*)?"
    r"|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]+)?(?: ?[AaPp]\.?[Mm]\.?)?"
    r"|=.*"  # a formula as text
)
# More than an id stands in the cell: a name, a second id, an explanation.
_MORE_THAN_ONE = re.compile(r".*(?: [-–—] |[,;|()\n\t\"“”„]).*", re.DOTALL)


def undress(texts: pd.Series) -> pd.Series:
    """Take away what other programs put around an id or a whole number; NA stays NA.

    >>> undress(pd.Series(["'000000123", '="000000123"', "“AB12”", "１２", "100000001.0", "O'Neil-7"])).tolist()
    ['000000123', '000000123', 'AB12', '12', '100000001', "O'Neil-7"]
    """
    letters = letters_of(texts)
    if letters.isascii() and not any(sign in letters for sign in _SUSPECT_LETTERS):
        return texts
    suspects = [text for text in texts.dropna().unique() if _SUSPECT.search(text)]
    if not suspects:
        return texts
    bare = {text: _undressed(text) for text in suspects}
    return texts.mask(texts.isin(suspects), texts.map(bare).astype("str"))


def _undressed(text: str) -> str:
    if any("\uff01" <= sign <= "\uff5e" for sign in text):
        text = unicodedata.normalize("NFKC", text)
    for dress in (_FORMULA_TEXT, _QUOTED, _AFTER_APOSTROPHE, _FLOAT):
        found = dress.fullmatch(text)
        if found:
            text = found[1].strip()
    return text


def is_id(texts: pd.Series) -> pd.Series:
    """Tell which texts can be ids; False where a program made something else of one, or where more than one stands."""
    # Nearly all ids are digits and nothing else, which is known of a whole column at once.
    others = texts[texts.str.isdigit().eq(False)].unique()
    wrong = [text for text in others if _is_wrong(text)]
    return ~texts.isin(wrong)


def _is_wrong(text: str) -> bool:
    is_spoiled = _SPOILED.fullmatch(text) is not None
    is_more_than_one = _MORE_THAN_ONE.fullmatch(text) is not None
    return _is_word(text) or is_spoiled or is_more_than_one


def _is_word(text: str) -> bool:
    return len(text) <= _LONGEST_WORD and text.casefold() in _WORDS


def what_spoiled(text: str) -> str:
    """Say, in the words of a person at a spreadsheet, what an id that `is_id` refuses holds instead."""
    if text.casefold() in _NOTHING:
        return "a program wrote this word for an empty cell: type the id"
    if text.casefold() in _TRUTH:
        return "the cell holds TRUE or FALSE: type the id"
    if re.fullmatch(r"[0-9.,+-]+[eE][+-]?[0-9]+", text):
        return "the spreadsheet has shortened a long number: format the column as text, and type or export the id again"
    if re.fullmatch(r"[+-]?[0-9]+[.,][0-9]+", text):
        return "this is a number with decimals: format the column as text, and type or export the id again"
    if text.startswith("="):
        return "this is a formula as text: type the id"
    if _SPOILED.fullmatch(text):
        return "a spreadsheet made a date or time of it: format the column as text, and type or export the id again"
    return "one id alone belongs in this cell: take the other words and numbers out"
