"""What a person sees of a whole number whose cell has a number format: 123 under 000000 is 000123.

Ids are often kept as numbers that only their format makes an id of. Followed here are the formats of whole numbers
alone: digits, texts between and around them, colors, conditions, and a section for each sign. Dates, amounts, percents,
thousands and powers of ten say how to show a quantity, and are left to the number itself. Source: the number formats
of ECMA-376, part 1, section 18.8.31.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

_PIECE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|(?P<end>;)|.', re.DOTALL)
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<room>[_*].)|\[(?P<bracket>[^\]]*)\]|(?P<sign>.)', re.DOTALL
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9]+(?:\.[0-9]+)?)")
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
_COLOR = re.compile(r"(?:black|blue|cyan|green|magenta|red|white|yellow|color ?[0-9]{1,2})", re.IGNORECASE)
_LANGUAGE = re.compile(r"\$-[0-9A-Fa-f]+")
_DIGITS = "0#?"
_SHOWN_AS_THEY_ARE = " -+/():!^&'~{}<>="  # what needs no quotation marks
_SAMPLES = (7, 1234567890)
_LONGEST = 15  # digits that a spreadsheet keeps of a number


def id_format(code: str) -> str:
    """Return the format where it shows whole numbers otherwise than their digits, else "".

    >>> id_format("000000"), id_format("0"), id_format("#,##0.00"), id_format("General"), id_format("yyyy-mm-dd")
    ('000000', '', '', '', '')
    """
    return code if any(shown_whole(code, sample) is not None for sample in _SAMPLES) else ""


def shown_whole(code: str, value: int) -> str | None:
    r"""Write a whole number that is not negative as its format shows it; None where that is its digits alone.

    >>> shown_whole("000000_)", 123), shown_whole("[<=99999]00000;00000\\-0000", 123456789), shown_whole('"AB"000', 7)
    ('000123', '12345-6789', 'AB007')
    """
    section = _section_of(code, value)
    parts = None if section is None else _parts(section)
    if not parts:
        return None
    has_digits = any(part in _DIGITS and is_placeholder for part, is_placeholder in parts)
    if not has_digits:
        return None
    text = "".join(filled(parts, str(value))).strip()
    # Groups of three with a blank between them are thousands, and still the number.
    is_number_alone = text.replace(" ", "") == str(value)
    return None if is_number_alone else text


def is_plain_whole(text: str) -> bool:
    """Tell the digits of a whole number that is not negative, and no longer than a cell holds exactly."""
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST


def _section_of(code: str, value: int) -> str | None:
    """Return the section that holds for a number: the first whose condition it meets, or that of its sign."""
    sections = sections_of(code)
    conditions = [condition_of(section) for section in sections]
    if not any(conditions):
        return _section_by_sign(sections, value)
    for section, condition in zip(sections, conditions, strict=True):
        if condition is None or meets(condition, value):
            return section
    return None


def sections_of(code: str) -> list[str]:
    """Split a format into its sections, an empty one among them; none where there is no format.

    >>> sections_of('0;"a;b"0'), sections_of(";;;"), sections_of("")
    (['0', '"a;b"0'], ['', '', '', ''], [])
    """
    if not code:
        return []
    sections = [""]
    for piece in _PIECE.finditer(code):
        if piece["end"] is None:
            sections[-1] += piece[0]
        else:
            sections.append("")
    return sections


def meets(condition: "re.Match[str]", value: float) -> bool:
    """Tell whether a number meets the condition of a section."""
    return _COMPARE[condition[1]](value, float(condition[2]))


def condition_of(section: str) -> "re.Match[str] | None":
    """Return the condition of a section, such as [<5]; None where it has none."""
    in_brackets = re.findall(r"\[([^\]]*)\]", section)
    return _CONDITION.search("".join(in_brackets))


def _section_by_sign(sections: Sequence[str], value: int) -> str | None:
    """Return the first section, of numbers above zero; or the third, of zero, where there is one."""
    if not sections:
        return None
    is_zero_apart = value == 0 and len(sections) > 2
    return sections[2] if is_zero_apart else sections[0]


def _parts(section: str) -> list[tuple[str, bool]] | None:
    """Split a section into texts and single places for digits (True); None where it shows more than a whole number."""
    parts: list[tuple[str, bool]] = []
    for token in _TOKEN.finditer(section):
        sign = token["sign"]
        if token["bracket"] is not None:
            if not is_silent(token["bracket"]):
                return None
        elif token["room"] is not None:
            continue
        elif sign is None:
            parts.append((token["quoted"] or token["escaped"] or "", False))
        elif sign in _DIGITS:
            parts.append((sign, True))
        elif sign == "/" and any(is_placeholder for _, is_placeholder in parts):
            return None  # a fraction
        elif sign in _SHOWN_AS_THEY_ARE:
            parts.append((sign, False))
        else:
            return None
    return parts


def is_silent(bracket: str) -> bool:
    """Tell a color, a condition or a language, which add no text, from a currency or an elapsed time."""
    return any(silent.fullmatch(bracket) for silent in (_COLOR, _CONDITION, _LANGUAGE))


def filled(parts: list[tuple[str, bool]], digits: str) -> Iterator[str]:
    """Put the digits of a whole number into their places, from the last on; the first place takes all that is left."""
    places = sum(is_placeholder for _, is_placeholder in parts)
    first = digits[: max(len(digits) - places + 1, 0)] if len(digits) >= places else ""
    rest = list(digits[len(first) :]) if first else list(digits)
    missing = places - len(rest) - (1 if first else 0)
    seen = 0
    for text, is_placeholder in parts:
        if not is_placeholder:
            yield text
            continue
        if seen == 0 and first:
            yield first
        elif seen < missing:
            yield {"0": "0", "?": " ", "#": ""}[text]
        else:
            yield rest.pop(0)
        seen += 1
