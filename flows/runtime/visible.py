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
LONGEST_NAME: Final = 255  # bytes, of every file system that is in use
_LONGEST_SUFFIX: Final = 16  # one that is longer names no kind of file
_STARTS_A_FORMULA: Final = ("=", "+", "-", "@")
_SHORT: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def visible(text: str) -> str:
    r"""Return `text` with every character that cannot be seen, or cannot stand in a file, written out.

    >>> visible("Main\x0bHall\n")
    'Main\\x0bHall\\n'
    """
    return text if text.isprintable() else UNSEEN.sub(_written_out, text)


def plain_cell(text: str) -> str:
    r"""Return `text` as a cell of a CSV file: visible, and no formula to a spreadsheet program that opens it.

    >>> plain_cell("=1+1"), plain_cell("a\x1b[2J\nb")
    ("'=1+1", 'a\\x1b[2J\\nb')
    """
    shown = visible(text)
    return f"'{shown}" if shown.startswith(_STARTS_A_FORMULA) else shown


def storable(text: str) -> str:
    r"""Return `text` with what no database takes written out: NUL, and the bytes of a name that are no characters.

    >>> storable("caf\udce9.csv")
    'caf\\udce9.csv'
    """
    return _UNSTORABLE.sub(_written_out, text)


def fitting_name(name: str, added_bytes: int) -> str:
    """Return a file's name that leaves room for what is added to it, and that any folder and database takes.

    No folder takes a name of more than 255 bytes, and people's files have such names. It is cut before its suffix.

    >>> len(fitting_name("x" * 251 + ".csv", added_bytes=20)), fitting_name("march.xlsx", added_bytes=20)
    (235, 'march.xlsx')
    """
    name = storable(name)
    most = LONGEST_NAME - added_bytes
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix) > _LONGEST_SUFFIX:
        stem, dot, suffix = name, "", ""
    room = most - len((dot + suffix).encode())
    # A letter that is cut in two is left out.
    return stem.encode()[:room].decode(errors="ignore") + dot + suffix


def _written_out(match: re.Match[str]) -> str:
    sign = match.group()
    if sign in _SHORT:
        return _SHORT[sign]
    number = ord(sign)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
