"""What a person sees of any number, date or text under a number format, where that is not what the cell keeps.

1000 under `0,` is shown as 1, 5 under `0%` as 500%, and under `;;;` as nothing. Points or a payout must not be sent as
another number than the one that somebody has looked at. Signs of money, thousands, decimals that lose nothing and words
such as "pts" say the same number. Formats that are not understood here (other digits, other calendars) say nothing, and
the cell counts as it is. Source: the number formats of ECMA-376, part 1, section 18.8.31.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import lru_cache

from flows.readers.format_tokens import TOKEN, bare, is_date, is_known, literal, shows_whole_day
from flows.readers.number_formats import condition_of, id_format, meets, sections_of
from flows.readers.spelled_numbers import says
from flows.readers.written_numbers import written

_SAMPLES = tuple(map(Decimal, (7, 1234567, 0, -7)))
_LONGEST_DIGITS = 15  # that a spreadsheet keeps of a number


@dataclass(frozen=True)
class Format:
    """A number format that may show something else than a cell keeps.

    `is_odd`: it may do so to any number or text; otherwise to a number with more than `decimals` alone.
    """

    code: str
    is_odd: bool
    decimals: int = 0


@lru_cache(maxsize=1024)
def telling_format(code: str) -> Format | None:
    """Return what has to be known of a format; None where it shows every cell as it is.

    >>> telling_format("General"), telling_format("@"), telling_format("yyyy-mm-dd")
    (None, None, None)
    >>> telling_format("0,").is_odd, telling_format("#,##0.00").decimals
    (True, 2)
    """
    sections = sections_of(code)
    if not sections or code.casefold() in ("", "general", "standard", "@"):
        return None
    if is_date(sections[0]):
        return None if shows_whole_day(sections[0]) else Format(code, is_odd=True)
    is_odd = bool(id_format(code)) or shown_text(code, "abc") is not None
    if is_odd or any(shown_otherwise(code, sample) is not None for sample in _samples(sections)):
        return Format(code, is_odd=True)
    if shown_otherwise(code, Decimal("0.123456789")) is None:
        return None
    return Format(code, is_odd=False, decimals=_decimals_of(code))


def _samples(sections: Sequence[str]) -> Iterator[Decimal]:
    """Give numbers of each sign, and those on and around every bound that the format names."""
    yield from _SAMPLES
    for section in sections:
        condition = condition_of(section)
        if condition is not None:
            bound = Decimal(condition[2])
            yield from (bound - 1, bound, bound + 1)


def _decimals_of(code: str) -> int:
    """Count the decimals that a format shows of every number, by the fewest that it loses."""
    for decimals in range(_LONGEST_DIGITS):
        finest = Decimal(3).scaleb(-decimals - 1)
        if shown_otherwise(code, 1 + finest) is not None:
            return decimals
    return _LONGEST_DIGITS


def loses_decimals(value: float, decimals: int) -> bool:
    """Tell whether a number has more decimals than a format shows."""
    if value.is_integer():
        return False
    return round(value, decimals) != float(f"{value:.15g}")


@lru_cache(maxsize=65_536)
def shown_otherwise(code: str, value: Decimal) -> str | None:
    r"""Write what a person sees of a number, where that is another number, no number, or nothing (""); else None.

    None, too, where the format is not understood, or is one of dates.

    >>> shown_otherwise("0,", Decimal(1000)), shown_otherwise("0%", Decimal(5)), shown_otherwise(";;;", Decimal(10))
    ('1', '500%', '')
    >>> shown_otherwise("$#,##0.00", Decimal(1000)), shown_otherwise("0.00", Decimal("12.345"))
    (None, '12.35')
    >>> shown_otherwise('[<5]"none";0', Decimal(3)), shown_otherwise("# ?/?", Decimal("2.5"))
    ('none', None)
    """
    shown = _shown(code, value)
    if shown is None or says(shown, value, is_english=True):
        return None
    return shown


def shown_text(code: str, text: str) -> str | None:
    """Write what a person sees of a text under a format, where that is another one; else None.

    >>> shown_text('"AB"@', "12"), shown_text(";;;", "12"), shown_text("0.00", "12"), shown_text("@", "12")
    ('AB12', '', None, None)
    """
    sections = sections_of(code)
    own = sections[3] if len(sections) > 3 else next((one for one in sections if "@" in bare(one)), None)
    if own is None:
        return None
    shown = "".join(text if token["sign"] == "@" else literal(token) for token in TOKEN.finditer(own)).strip()
    return None if shown == text else shown


def hides_part_of(code: str) -> bool:
    """Tell a format of dates that leaves out the year, the month or the day.

    >>> hides_part_of("mmm d"), hides_part_of("yyyy-mm-dd"), hides_part_of("h:mm"), hides_part_of("0.00")
    (True, False, True, False)
    """
    first = next(iter(sections_of(code)), "")
    return is_date(first) and not shows_whole_day(first)


def _shown(code: str, value: Decimal) -> str | None:
    sections = sections_of(code)
    chosen = _section_of(sections, value)
    if chosen is None:
        return "####"  # what a spreadsheet shows of a number that no section is for
    section, has_minus = chosen
    tokens = list(TOKEN.finditer(section))
    if is_date(section) or not all(map(is_known, tokens)):
        return None
    with localcontext() as context:
        context.prec = 60
        text = written(tokens, abs(value))
    return f"-{text}" if has_minus and re.search("[1-9]", text) else text


def _section_of(sections: Sequence[str], value: Decimal) -> tuple[str, bool] | None:
    """Return the section for a number, and whether a minus stands before it; None where no section is for it."""
    conditions = [condition_of(section) for section in sections]
    is_negative = value < 0
    if any(conditions):
        for section, condition in zip(sections, conditions, strict=True):
            if condition is None or meets(condition, float(value)):
                return section, is_negative
        return None
    of_numbers = sections[:3]
    if is_negative and len(of_numbers) > 1:
        return of_numbers[1], False
    if value == 0 and len(of_numbers) > 2:
        return of_numbers[2], False
    return of_numbers[0], is_negative
