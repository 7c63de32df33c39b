"""What a person sees of any number, date or text under a number format, where that is not what the cell keeps.

1000 under `0,` is shown as 1, 5 under `0%` as 500%, and under `;;;` as nothing. Points or a payout must not be sent as
another number than the one that somebody has looked at. Signs of money, thousands, decimals that lose nothing and words
such as "pts" say the same number. Formats that are not understood here (other digits, other calendars) say nothing, and
the cell counts as it is. Source: the number formats of ECMA-376, part 1, section 18.8.31.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from fractions import Fraction
from functools import lru_cache

from flows.readers.number_formats import condition_of, filled, id_format, is_silent, meets, sections_of
from transforms.sheets.shown import MULTIPLYING_WORDS

# The formats that every program knows by their number alone, so that no file defines them.
BUILT_IN: Mapping[int, str] = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: "$#,##0_);($#,##0)",
    6: "$#,##0_);[Red]($#,##0)",
    7: "$#,##0.00_);($#,##0.00)",
    8: "$#,##0.00_);[Red]($#,##0.00)",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "m/d/yyyy",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "m/d/yyyy h:mm",
    37: "#,##0_);(#,##0)",
    38: "#,##0_);[Red](#,##0)",
    39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);[Red](#,##0.00)",
    41: '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)',
    42: '_($* #,##0_);_($* (#,##0);_($* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)',
    44: '_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
}

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<room>[_*].)|\[(?P<bracket>[^\]]*)\]|(?P<power>[Ee][+-])'
    r"|(?P<general>General|Standard)|(?P<half>AM/PM|A/P)|(?P<sign>.)",
    re.DOTALL | re.IGNORECASE,
)
_PLACES = "0#?"
_OF_DATES = frozenset("ymdhsgbe")
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_CURRENCY = re.compile(r"\$[^-\]]*(?:-[0-9A-Fa-f]+)?")
_SIGN_OF_MONEY = re.compile(
    r"(?:(?<![^\W\d_])[A-Z]{1,3})?[$\u00a2-\u00a5\u0e3f\u20a0-\u20cf\ufdfc\uff04\uffe0\uffe1\uffe5\uffe6]"
)
_WORD = re.compile(r"[^\W\d_]{2,}\.?")
_WITH_FRACTION = re.compile(r"(?:([0-9]+) +)?([0-9]+) */ *([0-9]+)")
_WITH_POWER = re.compile(r"[0-9.,]+E[+-]?[0-9]+", re.IGNORECASE)
_ENGLISH = re.compile(r"(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{2,3})+)?(?:\.[0-9]*)?")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,'’ ][0-9]{2,3})+(?:[.,][0-9]*)?|[0-9]*[.,]?[0-9]*")
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
    if _is_date(sections[0]):
        return None if _shows_whole_day(sections[0]) else Format(code, is_odd=True)
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
    own = sections[3] if len(sections) > 3 else next((one for one in sections if "@" in _bare(one)), None)
    if own is None:
        return None
    shown = "".join(text if token["sign"] == "@" else _literal(token) for token in _TOKEN.finditer(own)).strip()
    return None if shown == text else shown


def hides_part_of(code: str) -> bool:
    """Tell a format of dates that leaves out the year, the month or the day.

    >>> hides_part_of("mmm d"), hides_part_of("yyyy-mm-dd"), hides_part_of("h:mm"), hides_part_of("0.00")
    (True, False, True, False)
    """
    first = next(iter(sections_of(code)), "")
    return _is_date(first) and not _shows_whole_day(first)


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


def _shown(code: str, value: Decimal) -> str | None:
    sections = sections_of(code)
    chosen = _section_of(sections, value)
    if chosen is None:
        return "####"  # what a spreadsheet shows of a number that no section is for
    section, has_minus = chosen
    tokens = list(_TOKEN.finditer(section))
    if _is_date(section) or not all(map(_is_known, tokens)):
        return None
    with localcontext() as context:
        context.prec = 60
        text = _written(tokens, abs(value))
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


def _written(tokens: Sequence["re.Match[str]"], value: Decimal) -> str:
    """Write a number that is not negative by the tokens of its section."""
    if any(map(_is_all_of_it, tokens)):
        text = f"{value:f}"
        return "".join(text if _is_all_of_it(token) else _literal(token) for token in tokens).strip()
    marks = "".join(_mark(token) for token in tokens)
    if re.search(r"[0#?][^0#?.]*/ *[0#?1-9]", marks):
        return _as_fraction(tokens, marks, value)
    whole, _, behind = marks.partition(".")
    thousands = _thousands(whole) + _thousands(behind)
    return _filled(tokens, value.scaleb(2 * marks.count("%") - 3 * thousands))


def _is_all_of_it(token: "re.Match[str]") -> bool:
    """Tell a place that takes a whole number or text."""
    return token["general"] is not None or token["sign"] == "@"


def _thousands(marks: str) -> int:
    """Count the commas behind the last place for a digit, each of which leaves three digits out."""
    found = re.search(r"[0#?](,+)[^0#?,]*$", marks)
    return len(found[1]) if found is not None else 0


def _mark(token: "re.Match[str]") -> str:
    """Return one sign that counts for a number, or "x" for what is only shown beside it, or "" for room."""
    if token["room"] is not None or token["bracket"] is not None:
        return ""
    if token["power"] is not None:
        return "E"
    return token["sign"] if token["sign"] and token["sign"] in "0#?.,%/ 123456789" else "x"


@dataclass
class _Places:
    """The places for digits of a section, in their order, with the texts between them (False)."""

    whole: list[tuple[str, bool]] = field(default_factory=list)
    decimals: list[tuple[str, bool]] = field(default_factory=list)
    has_point: bool = False
    has_power: bool = False
    power_digits: int = 0  # that a power of ten is shown with at least

    def add(self, token: "re.Match[str]") -> None:
        """Take in the next token; what stands behind a power of ten is of the power."""
        sign = token["sign"]
        if token["power"] is not None:
            self.has_power = True
        elif sign == "." and not self.has_point and not self.has_power:
            self.has_point = True
        elif sign == ",":
            return
        elif not (sign and sign in _PLACES):
            self._parts.append((_literal(token), False))
        elif self.has_power:
            self.power_digits += 1
        else:
            self._parts.append((sign, True))

    @property
    def _parts(self) -> list[tuple[str, bool]]:
        return self.decimals if self.has_point else self.whole


def _filled(tokens: Sequence["re.Match[str]"], value: Decimal) -> str:
    """Put the digits of a number into their places."""
    places = _Places()
    for token in tokens:
        places.add(token)
    whole_count = sum(is_place for _, is_place in places.whole)
    decimals_count = sum(is_place for _, is_place in places.decimals)
    exponent = 0
    if places.has_power:
        value, exponent = _normalized(value, whole_count or 1, decimals_count)
    rounded = value.quantize(Decimal(1).scaleb(-decimals_count), rounding=ROUND_HALF_UP)
    digits, _, behind = f"{rounded:f}".partition(".")
    digits = digits.lstrip("0")
    if whole_count:
        text = "".join(filled(places.whole, digits))
    else:
        # Without a place of its own, what stands before the point is shown all the same, where there is a point.
        text = "".join(text for text, _ in places.whole) + (digits if decimals_count else "")
    if places.has_point:
        text += "." + _decimals(places.decimals, behind)
    if places.has_power:
        power = f"{abs(exponent):0{places.power_digits or 1}d}"
        text = text.rstrip() + f"E{'-' if exponent < 0 else '+'}{power}"
    return text.strip()


def _normalized(value: Decimal, whole_places: int, decimals: int) -> tuple[Decimal, int]:
    """Return a power of ten, and what stands before it: as many digits before the point as there are places."""
    if not value:
        return value, 0
    exponent = value.adjusted() // whole_places * whole_places
    mantissa = value.scaleb(-exponent).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    # 9.99 may have become 10.0.
    if mantissa.adjusted() >= whole_places:
        return mantissa.scaleb(-whole_places), exponent + whole_places
    return mantissa, exponent


def _decimals(parts: Sequence[tuple[str, bool]], digits: str) -> str:
    """Write the digits behind the point; zeros at the end are shown where the format has a 0 there."""
    texts = []
    rest = list(digits)
    for text, is_place in parts:
        if not is_place:
            texts.append(text)
            continue
        digit = rest.pop(0)
        is_needless = text != "0" and not "".join([digit, *rest]).strip("0")
        texts.append("" if is_needless else digit)
    return "".join(texts)


def _as_fraction(tokens: Sequence["re.Match[str]"], marks: str, value: Decimal) -> str:
    """Write a number as a whole one and a fraction, the nearest that the format has places for."""
    before, _, behind = marks.partition("/")
    fixed = re.match(r" *([1-9][0-9]*)", behind)
    exact = Fraction(value)
    whole = int(exact) if re.search(r"[0#?][^0#?]+[0#?]", before) else 0
    if fixed is not None:
        denominator = int(fixed[1])
        rest = Fraction(round((exact - whole) * denominator), denominator)
        text = f"{round((exact - whole) * denominator)}/{denominator}"
    else:
        places = len(re.findall("[0#?]", behind))
        rest = (exact - whole).limit_denominator(10**places - 1)
        text = f"{rest.numerator}/{rest.denominator}"
    literals = "".join(_literal(token) for token in tokens if token["quoted"] or token["escaped"])
    if not rest:
        return f"{whole}{literals}"
    if rest == 1:
        return f"{whole + 1}{literals}"
    return f"{whole} {text}{literals}" if whole else f"{text}{literals}"


def _is_known(token: "re.Match[str]") -> bool:
    bracket, sign = token["bracket"], token["sign"]
    if bracket is not None:
        return is_silent(bracket) or _CURRENCY.fullmatch(bracket) is not None
    return sign is None or not (sign.isalpha() and sign.isascii())


def _literal(token: "re.Match[str]") -> str:
    """Return the text that a token adds: nothing for room, colors and what the sign of money is."""
    if token["room"] is not None or token["bracket"] is not None:
        return ""
    for name in ("quoted", "escaped"):
        if token[name] is not None:
            return token[name]
    return token["sign"] or ""


def _bare(section: str) -> str:
    """Return the signs of a section that are no texts, no room and in no brackets."""
    return "".join(token["sign"] or "" for token in _TOKEN.finditer(section))


def _is_date(section: str) -> bool:
    if "@" in _bare(section):
        return False
    for token in _TOKEN.finditer(section):
        if token["bracket"] is not None and _ELAPSED.fullmatch(token["bracket"]):
            return True
        if token["half"] is not None:
            return True
        if token["sign"] and token["sign"].lower() in _OF_DATES:
            return True
    return False


def _shows_whole_day(section: str) -> bool:
    """Tell whether year, month and day stand in a format of dates; m beside h or s is of minutes."""
    signs = re.sub("[^ymdhs]", "", _bare(section).lower())
    without_minutes = re.sub(r"h+m+|m+s+", "h", signs)
    return all(part in without_minutes for part in "ymd")
