"""From the text of cells to typed values, column by column; what cannot be read becomes NA and is judged elsewhere.

Numbers are never guessed: "12.5", "1e3", "1,200" and "$5" are no whole numbers and "12,50" is no amount. Times and
dates have their own module, `transforms.sheets.times`.
"""

import re
from collections.abc import Iterable
from decimal import Decimal

import pandas as pd

from transforms.sheets.distinct import distinct_if_few, judge_each, say_of_each
from transforms.sheets.letters import are_plain, letters_of


def _up_to(largest: str) -> str:
    """Return a pattern for the whole numbers from 1 to `largest`, without leading zeros."""
    fewer_digits = f"[1-9][0-9]{{0,{len(largest) - 2}}}"
    patterns = [fewer_digits, largest]
    for place, digit in enumerate(largest):
        lowest = 1 if place == 0 else 0
        below = int(digit) - 1
        # The same digits up to here, then a smaller one, then whatever follows.
        if below >= lowest:
            same = largest[:place]
            rest_count = len(largest) - place - 1
            patterns.append(f"{same}[{lowest}-{below}][0-9]{{{rest_count}}}")
    return "|".join(patterns)


LARGEST_WHOLE = 2**63 - 1  # of the services' integers
_LEADING_ZEROS = 64  # more than any format pads with
# A numeric cell of 12.0 is read as "12"; the same value exported through a float column comes as the text "12.0" and is
# the same whole number.
WHOLE = rf"0{{0,{_LEADING_ZEROS}}}(?:{_up_to(str(LARGEST_WHOLE))})(?:\.0)?"
AMOUNT = r"-?(?:[0-9]{1,28}(?:\.[0-9]{1,28})?|\.[0-9]{1,28})"

# Blanks that str.strip() leaves in place: zero-width signs, direction marks, the byte order mark, soft hyphens.
_INVISIBLE = "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
# A pattern for the blanks at the end would look at each of 32,000 of them as a new beginning; str.strip() does not.
_OUTER = "".join(re.findall(rf"[\s{_CONTROLS}{_INVISIBLE}]", "".join(map(chr, range(0x10000)))))
_DASHES = ("-", "–", "—")


def clean_text(texts: pd.Series, *, is_prose: bool = False) -> pd.Series:
    """Trim outer blanks of every kind and drop what nobody can see; what is left empty becomes NA.

    Two ids or numbers that look equal are equal then. Inside prose, signs that cannot be seen stay, except control
    characters: some scripts and pictures need joiners.
    """
    # Nearly every column has neither a blank nor anything odd, which is known in one step. An empty text would be no
    # letter at all: readers give none (`transforms.sheets.sheet`), and one that did would be seen below.
    letters = letters_of(texts)
    if b" " not in letters and are_plain(letters) and not (texts == "").any():
        return texts
    distinct = distinct_if_few(texts).dropna()
    joined = f"|{'|'.join(distinct.to_numpy(object))}|"
    has_outer_blank = any(sign in joined for sign in ("| ", " |", "||"))
    is_printable = joined.isprintable()
    if is_printable and not has_outer_blank:
        return texts
    cleaned = texts.str.strip()
    if not is_printable:
        odd = cleaned[_is_odd(cleaned)]
        shown = _as_seen(odd, is_prose=is_prose).reindex(cleaned.index)
        cleaned = cleaned.where(~cleaned.index.isin(odd.index), shown)
    return cleaned.mask(cleaned == "")


def _as_seen(odd: pd.Series, *, is_prose: bool) -> pd.Series:
    """Return odd texts as a person sees them."""
    seen = odd.str.strip(_OUTER).str.replace(f"[{_CONTROLS}]", "", regex=True)
    if is_prose:
        return seen
    without_invisible = seen.str.replace(f"[{_INVISIBLE}]", "", regex=True)
    return without_invisible.str.replace(r"\s+", " ", regex=True)


def _is_odd(texts: pd.Series) -> pd.Series:
    """Tell texts with a sign that is not printable."""
    return texts.isin([text for text in texts.dropna().drop_duplicates().to_numpy(object) if not text.isprintable()])


def without_dashes(texts: pd.Series) -> pd.Series:
    """Read a lone dash as an empty cell, as Mindbody's reports write one."""
    return texts.mask(texts.isin(_DASHES))


def is_whole(texts: pd.Series) -> pd.Series:
    """Tell which texts are whole numbers of at least 1."""
    return judge_each(texts, lambda distinct: distinct.str.fullmatch(WHOLE))


def parse_whole(texts: pd.Series) -> pd.Series:
    """Turn texts that `is_whole` accepts into Int64, and NA into NA; raise ValueError for any other text."""
    filled = texts.dropna()
    try:
        numbers = filled.astype("int64")
    except ValueError:
        numbers = filled.str.removesuffix(".0").astype("int64")
    return numbers.astype("Int64").reindex(texts.index)


def parse_choice(texts: pd.Series, choices: Iterable[str]) -> pd.Series:
    """Read one of a few documented values whatever its case and blanks, in the documented spelling; else NA."""
    spelled = {choice.casefold(): choice for choice in choices}

    def read(text: str) -> str | None:
        single_blanks = " ".join(text.split())
        return spelled.get(single_blanks.casefold())

    return say_of_each(texts, read)


def is_amount(texts: pd.Series) -> pd.Series:
    """Tell which texts are plain decimal numbers: no sign of money, no thousands, no decimal comma, no exponent."""
    return texts.str.fullmatch(AMOUNT)


def parse_amounts(texts: pd.Series) -> pd.Series:
    """Read decimal numbers exactly, as Decimal in an object column; None where there is none.

    5 and 5.00 set the same value, so both are written Decimal("5").
    """
    spellings = texts[is_amount(texts)].unique()
    # Each spelling once: a column of rewards has a few. Never by way of a float, which has no 0.10.
    amount_of = {text: _without_trailing_zeros(text) for text in spellings}
    amounts = [amount_of.get(text) for text in texts]
    return pd.Series(amounts, index=texts.index, dtype=object)


def _without_trailing_zeros(text: str) -> Decimal:
    plain = text.rstrip("0").rstrip(".") if "." in text else text
    return Decimal(plain if plain not in ("", "-", "-0") else "0")
