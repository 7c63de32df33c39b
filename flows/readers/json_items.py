"""Read JSON (a list of objects, one object, or an object around one list) and JSON Lines.

The row number is the number of the item, in JSON Lines that of the line; the headings are the keys, and two spellings
of one field ("clientId", "ClientId") in different items are one column.
"""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TypeGuard

from flows.readers.encoding import encoding_notes, find_encoding, read_text
from flows.readers.limits import MAX_LINE, MEBIBYTE, check_size
from flows.readers.values import Keys, sheet_of_items, sheet_of_part
from transforms.sheets.sheet import FileError, Sheet
from transforms.vocabulary import Code

_BLOCK = MEBIBYTE
Pairs = tuple[tuple[str, object], ...]  # an object with its keys in order, a key twice if it is there twice


def read_json(path: Path, part_rows: int | None = None) -> Iterator[Sheet]:
    """Read a JSON or JSON Lines file as one sheet without a name; JSON Lines in parts of `part_rows`, if that is given.

    A JSON file is read whole, JSON Lines twice: the keys of all lines make the headings.
    """
    encoding = find_encoding(path)
    notes = encoding_notes(encoding)
    if not _is_lines(path, encoding):
        check_size(path.stat().st_size, "JSON")
        yield sheet_of_items(_items(read_text(path)[0]), notes)
        return
    keys = Keys()
    for item in _read_lines(path, encoding):
        keys.add(item)
    items = _read_lines(path, encoding)
    is_first = True
    while (part := list(islice(items, part_rows))) or is_first:
        yield sheet_of_part(keys, part, notes, is_first=is_first)
        is_first = False


def _is_lines(path: Path, encoding: str) -> bool:
    """Tell JSON Lines: the first line is a value by itself, and something follows."""
    with path.open(encoding=encoding, newline="\n") as file:
        line = "\n"
        while line and not line.strip():
            line = file.readline(MAX_LINE).removeprefix("\ufeff")
        try:
            json.loads(line)
        except (ValueError, RecursionError):
            return False
        # Blank lines may follow a whole value, which makes it no JSON Lines.
        rest = iter(lambda: file.read(_BLOCK), "")
        return any(block.strip() for block in rest)


def _read_lines(path: Path, encoding: str) -> Iterator[tuple[int, Pairs]]:
    """Give every line with its number; blank ones are items without keys, but not those at the end."""
    # Held back until a line follows, since only then they are not those at the end.
    blank: list[int] = []
    with path.open(encoding=encoding, newline="\n") as file:
        lines = iter(lambda: file.readline(MAX_LINE), "")
        for number, line in enumerate(lines, start=1):
            if len(line) == MAX_LINE:
                raise _broken(f"line {number} is longer than {MAX_LINE // MEBIBYTE} MiB")
            if not line.strip():
                blank.append(number)
                continue
            yield from ((skipped, ()) for skipped in blank)
            blank = []
            yield number, _parse_line(number, line.removeprefix("\ufeff"))


def _items(text: str) -> list[tuple[int, Pairs]]:
    try:
        return [*enumerate(_list_of(_parse(text)), start=1)]
    except json.JSONDecodeError as error:
        raise _broken(f"line {error.lineno}, column {error.colno}: {error.msg}") from None


def _parse_line(number: int, line: str) -> Pairs:
    try:
        return _list_of([_parse(line)])[0]
    except json.JSONDecodeError as error:
        raise _broken(f"line {number}, column {error.colno}: {error.msg}") from None


def _parse(text: str) -> object:
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=tuple)
    except RecursionError:
        raise _broken("the values are nested too deeply") from None
    except json.JSONDecodeError:
        raise
    except ValueError:  # Python refuses to read a number of more than 4300 digits
        raise _broken("a number has more than 4,300 digits") from None
    # Few texts hold such an escape at all, and to look for it costs less than to look through the values.
    if "\\ud" in text or "\\uD" in text:
        _refuse_half_characters(value)
    return value


def _refuse_half_characters(value: object) -> None:
    """Refuse the escape of one half of a character without its other half: no ledger and no report can hold it."""
    try:
        json.dumps(value, default=str, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _broken("an escape such as \\ud83d is half of a character, without its other half") from None


def _no_constant(name: str) -> object:
    raise _broken(f"{name} is no value of JSON")


def _list_of(value: object) -> Sequence[Pairs]:
    """Return the list of items: the value itself, the only list of a wrapper, or the one item."""
    if _is_object(value):
        lists = [held for _, held in value if held and _is_list_of_objects(held)]
        # Of two lists nobody could say which holds the rows.
        value = lists[0] if len(lists) == 1 else [value]
    if not _is_list_of_objects(value):
        raise _broken("a list of objects is expected")
    return value


def _is_list_of_objects(value: object) -> TypeGuard[list[Pairs]]:
    return isinstance(value, list) and all(map(_is_object, value))


def _is_object(value: object) -> TypeGuard[Pairs]:
    return isinstance(value, tuple)


def _broken(why: str) -> FileError:
    return FileError(
        Code.FILE_UNREADABLE,
        f"the JSON cannot be read: {why}. Expected is a list such as "
        '[{"ClientId": "…", "Points": 1, "Action": "Earned"}], or one such object on each line.',
    )
