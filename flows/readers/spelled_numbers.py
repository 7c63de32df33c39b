"""Whether a text that a person sees says a number, whatever signs of money, thousands or words stand around it."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from transforms.sheets.shown import MULTIPLYING_WORDS

_SIGN_OF_MONEY = re.compile(
    r"(?:(?<![^\W\d_])[A-Z]{1,3})?[$\u00a2-\u00a5\u0e3f\u20a0-\u20cf\ufdfc\uff04\uffe0\uffe1\uffe5\uffe6]"
)
_WORD = re.compile(r"[^\W\d_]{2,}\.?")
_WITH_FRACTION = re.compile(r"(?:([0-9]+) +)?([0-9]+) */ *([0-9]+)")
_WITH_POWER = re.compile(r"[0-9.,]+E[+-]?[0-9]+", re.IGNORECASE)
_ENGLISH = re.compile(r"(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{2,3})+)?(?:\.[0-9]*)?")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,'’ ][0-9]{2,3})+(?:[.,][0-9]*)?|[0-9]*[.,]?[0-9]*")


def says(shown: str, kept: Decimal, *, is_english: bool) -> bool:
    """Tell whether a shown text says a number, whatever signs of money, thousands or words stand around it.

    `is_english`: the point parts decimals. Otherwise either sign may, and any reading that fits will do.

    >>> says("€ 1.234,50", Decimal("1234.5"), is_english=False), says("10 pts", Decimal(10), is_english=True)
    (True, True)
    >>> says("(10)", Decimal(-10), is_english=True), says("(10)", Decimal(10), is_english=True)
    (True, False)
    >>> says("10k", Decimal(10), is_english=True), says("-", Decimal(0), is_english=True)
    (False, True)
    """
    text = " ".join(_SIGN_OF_MONEY.sub(" ", shown).split())
    # An accounting format shows zero as a dash.
    if text in ("-", "–", "—"):
        return kept == 0
    text, is_negative = _without_sign(text)
    text, is_negative_inside = _without_sign(_without_words(text))
    number = abs(kept) if kept < 0 and (is_negative or is_negative_inside) else kept
    if (is_negative or is_negative_inside) and kept > 0:
        return False
    return any(found == Fraction(number) for found in _readings(text, is_english=is_english))


def _without_sign(text: str) -> tuple[str, bool]:
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1].strip(), True
    for dash in ("-", "−"):
        if text.startswith(dash):
            return text[1:].strip(), True
        if text.endswith(dash):
            return text[:-1].strip(), True
    return text.removeprefix("+").strip(), False


def _without_words(text: str) -> str:
    """Leave out a word before a number and one behind it, but no word that multiplies, and no single letter."""
    before = _WORD.match(text)
    if before is not None and not _is_power(before[0]):
        text = text[before.end() :].strip()
    behind = re.search(r"[^\W\d_]{2,}\.?$", text)
    if behind is not None and not _is_power(behind[0]):
        text = text[: behind.start()].strip()
    return text


def _is_power(word: str) -> bool:
    return word.rstrip(".").casefold() in MULTIPLYING_WORDS


def _readings(text: str, *, is_english: bool) -> Iterator[Fraction]:
    """Give each number that a text may be."""
    fraction = _WITH_FRACTION.fullmatch(text)
    if fraction is not None and int(fraction[3]):
        yield int(fraction[1] or 0) + Fraction(int(fraction[2]), int(fraction[3]))
    spellings = []
    if _WITH_POWER.fullmatch(text):
        spellings = [text, text.replace(",", ".")]
    elif is_english and _ENGLISH.fullmatch(text):
        spellings = [text.replace(",", "")]
    elif not is_english and _GROUPED.fullmatch(text):
        bare = re.sub("['’ ]", "", text)
        spellings = [bare.replace(",", ""), bare.replace(".", "").replace(",", ".")]
    for spelling in spellings:
        try:
            yield Fraction(Decimal(spelling))
        except InvalidOperation:
            continue
