"""What came from a file, a file's name or a service, as it may be shown: nothing in it moves a cursor or hides a word.

On a terminal an escape sequence can erase the line above and write another one, a line break forges a line of ours, and
a sign for the direction of writing turns an id round. JSON, where signs are escaped, keeps every one of them.
"""

import re
from typing import Final

# Control characters, lone surrogates and non-characters (which XML cannot hold), line and paragraph separators, and the
# signs that turn or hide text or pass for a blank: two ids that look the same must not be two different ids.
UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\xa0\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_SHORT: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def visible(text: str) -> str:
    r"""Return `text` with every character that cannot be seen, or cannot stand in a file, written out.

    >>> visible("Main\x0bHall\n")
    'Main\\x0bHall\\n'
    """
    return text if text.isprintable() else UNSEEN.sub(_written_out, text)


def storable(text: str) -> str:
    r"""Return `text` with what no database takes written out: NUL, and the bytes of a name that are no characters.

    >>> storable("caf\udce9.csv")
    'caf\\udce9.csv'
    """
    return _UNSTORABLE.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    sign = match.group()
    if sign in _SHORT:
        return _SHORT[sign]
    number = ord(sign)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
