"""Read JSON (a list of objects, one object, or an object around one list) and JSON Lines.

The row number is the number of the item, in JSON Lines that of the line; the headings are the keys, and two spellings
of one field ("clientId", "ClientId") in different items are one column.
"""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from flows.intake.encoding import encoding_notes, read_text
from flows.intake.limits import check_size
from flows.intake.values import sheet_of_items
from transforms.sheet import FileError, Sheet
from transforms.vocabulary import Code

Pairs = tuple[tuple[str, object], ...]  # an object with its keys in order, a key twice if it is there twice


def read_json(path: Path) -> list[Sheet]:
    """Read a JSON or JSON Lines file as one sheet without a name."""
    check_size(path.stat().st_size, "JSON")
    text, encoding = read_text(path)
    items = _items(text)
    return [sheet_of_items(items, encoding_notes(encoding))]


def _items(text: str) -> list[tuple[int, Pairs]]:
    try:
        return [*enumerate(_list_of(_parse(text)), start=1)]
    except json.JSONDecodeError as error:
        lines = text.splitlines()
        if error.msg != "Extra data" or len(lines) < 2:
            raise _broken(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    return [(number, _parse_line(number, line)) for number, line in enumerate(text.rstrip().split("\n"), start=1)]


def _parse_line(number: int, line: str) -> Pairs:
    if not line.strip():
        return ()
    try:
        return _list_of([_parse(line)])[0]
    except json.JSONDecodeError as error:
        raise _broken(f"line {number}, column {error.colno}: {error.msg}") from None


def _parse(text: str) -> object:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=tuple)
    except RecursionError:
        raise _broken("the values are nested too deeply") from None
    except json.JSONDecodeError:
        raise
    except ValueError:  # Python refuses to read a number of more than 4300 digits
        raise _broken("a number has more than 4,300 digits") from None


def _no_constant(name: str) -> object:
    raise _broken(f"{name} is no value of JSON")


def _list_of(value: object) -> Sequence[Pairs]:
    """Return the list of items: the value itself, the only list of a wrapper, or the one item."""
    if isinstance(value, tuple):
        lists = [held for _, held in value if isinstance(held, list) and held and all(map(_is_object, held))]
        value = lists[0] if len(lists) == 1 else [value]
    if not isinstance(value, list) or not all(map(_is_object, value)):
        raise _broken("a list of objects is expected")
    return value


def _is_object(value: object) -> bool:
    return isinstance(value, tuple)


def _broken(why: str) -> FileError:
    return FileError(
        Code.FILE_UNREADABLE,
        f"the JSON cannot be read: {why}. Expected is a list such as "
        '[{"ClientId": "…", "Points": 1, "Action": "Earned"}], or one such object on each line.',
    )
