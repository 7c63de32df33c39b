"""Read a service's JSON within bounds, so that no answer can hold a run up or end it.

Decimals are exact. A number that is too long or too large for anything that a service tells is given as text that is
no number, so that it spoils the one entry that it stands in, and not the answer: `1e99999999` takes hours to be made a
whole number, and a whole number of 4,301 digits is refused by Python itself.
"""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

_MOST_DIGITS = 60
_MOST_MAGNITUDE = 60  # powers of ten, up and down
_MOST_DEPTH = 32  # of lists and objects; the documented answers have four


def parse_json(body: bytes) -> Any:
    """Return what the body says; ValueError where it is broken, or nested deeper than any answer is."""
    try:
        text = body.decode(json.detect_encoding(body))
        parsed = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    # What opens so few lists and objects cannot be deep: nearly every answer to an event.
    if text.count("[") + text.count("{") > _MOST_DEPTH:
        _check_depth(parsed)
    return parsed


def _check_depth(parsed: object) -> None:
    # Level by level and not by recursion, which would end before the deepest answers do.
    level = [parsed]
    for _ in range(_MOST_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise ValueError("nested too deeply")


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= _MOST_DIGITS else _no_number(text)


def _decimal(text: str) -> Decimal | str:
    if len(text) > 2 * _MOST_DIGITS:
        return _no_number(text)
    number = Decimal(text)
    return number if abs(number.adjusted()) <= _MOST_MAGNITUDE else _no_number(text)


def _no_number(text: str) -> str:
    return f"{text[:20]}…"


_DECODER = json.JSONDecoder(parse_float=_decimal, parse_int=_whole, parse_constant=_no_number)
