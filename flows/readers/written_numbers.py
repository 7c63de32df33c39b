"""Write a number by a section of its format, as a spreadsheet does: places, thousands, percents, powers, fractions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from flows.readers.format_tokens import literal
from flows.readers.number_formats import filled

_PLACES = "0#?"


def written(tokens: Sequence["re.Match[str]"], value: Decimal) -> str:
    """Write a number that is not negative by the tokens of its section."""
    if any(map(_is_all_of_it, tokens)):
        text = f"{value:f}"
        return "".join(text if _is_all_of_it(token) else literal(token) for token in tokens).strip()
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
            self._parts.append((literal(token), False))
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
    literals = "".join(literal(token) for token in tokens if token["quoted"] or token["escaped"])
    if not rest:
        return f"{whole}{literals}"
    if rest == 1:
        return f"{whole + 1}{literals}"
    return f"{whole} {text}{literals}" if whole else f"{text}{literals}"
