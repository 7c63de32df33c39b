"""A number format taken apart into what it is written of: places for digits, texts, room, colors, signs of money."""

import re

from flows.readers.number_formats import is_silent

TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<room>[_*].)|\[(?P<bracket>[^\]]*)\]|(?P<power>[Ee][+-])'
    r"|(?P<general>General|Standard)|(?P<half>AM/PM|A/P)|(?P<sign>.)",
    re.DOTALL | re.IGNORECASE,
)
_OF_DATES = frozenset("ymdhsgbe")
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_CURRENCY = re.compile(r"\$[^-\]]*(?:-[0-9A-Fa-f]+)?")


def is_known(token: "re.Match[str]") -> bool:
    """Tell a token that is understood here; the letters of other calendars and digits are none."""
    bracket, sign = token["bracket"], token["sign"]
    if bracket is not None:
        return is_silent(bracket) or _CURRENCY.fullmatch(bracket) is not None
    return sign is None or not (sign.isalpha() and sign.isascii())


def literal(token: "re.Match[str]") -> str:
    """Return the text that a token adds: nothing for room, colors and what the sign of money is."""
    if token["room"] is not None or token["bracket"] is not None:
        return ""
    for name in ("quoted", "escaped"):
        if token[name] is not None:
            return token[name]
    return token["sign"] or ""


def bare(section: str) -> str:
    """Return the signs of a section that are no texts, no room and in no brackets."""
    return "".join(token["sign"] or "" for token in TOKEN.finditer(section))


def is_date(section: str) -> bool:
    """Tell a section that shows a moment, or how long something took."""
    if "@" in bare(section):
        return False
    for token in TOKEN.finditer(section):
        if token["bracket"] is not None and _ELAPSED.fullmatch(token["bracket"]):
            return True
        if token["half"] is not None:
            return True
        if token["sign"] and token["sign"].lower() in _OF_DATES:
            return True
    return False


def shows_whole_day(section: str) -> bool:
    """Tell whether year, month and day stand in a format of dates; m beside h or s is of minutes."""
    signs = re.sub("[^ymdhs]", "", bare(section).lower())
    without_minutes = re.sub(r"h+m+|m+s+", "h", signs)
    return all(part in without_minutes for part in "ymd")
