"""Know a row again by its raw cells, whatever it was read as.

The key of an event is what a row was read as. Where a layout's zone or order of dates is answered later, or a reader is
mended, the same row reads as another event, whose key nobody has met. The fingerprint of its cells tells it all the
same: a raw row that the ledger knows as another event is held for a person, never sent (``sql.register``).

The rule, of which every word keeps a row from being paid again, or an honest one from being held:

- It covers the cells that a rule reads, each with its heading, as text as shown, and the site that the row is for. Two
  sites have their own clients, so equal rows of two sites are two rows; whether a column, a folder or the settings
  named the site makes no difference.
- Columns that no rule reads are left out, so a running number, a balance or a new column of an export changes nothing;
  so are Receipt and Status of a marked copy. An empty cell is as if its column were not there, and the order of
  columns does not matter. Whether a column is read depends on the layouts: where their headings change, `row_rule`
  does, and the rows of before are read once more from the archive.
- Spellings that always read alike count as one: case and blanks of headings, actions and sources, zeros around
  numbers, the case of a reward's id, "T" or a blank before the clock, a left-out midnight or second, Z or +00:00, and
  fractions of a second, which one export writes and another cuts. So the row of a .csv is known in an .xlsx; only a
  date that one file writes as 10/11/2026 and the other keeps as a date is not.
- Equal rows of one file have one fingerprint, and need no more: it is what they read as that must agree.
- It is made of every good row, also of one that brought a known event again: the same event in another spelling is
  known in both. A rejected row has none, so that it is new once it can be read.
"""

import re
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import repeat

import pandas as pd

from transforms.identity.digests import SEPARATOR
from transforms.identity.reward_ids import without_case

# Raised where a reader, or this module, gives the same cell another text than before: then the rows of the archive are
# read once more.
_VERSION = 4
_AFTER_HEADING = "\x1e"
_ISO = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?P<minute>[0-9]{2}:[0-9]{2})(?P<second>:[0-9]{2})?(?:[.,][0-9]+)?"
    r" ?(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_FRACTION = re.compile(r"(:[0-9]{2}:[0-9]{2})[.,][0-9]+")
_NUMBER = re.compile(r"-?[0-9]*(?:\.[0-9]*)?")


def row_rule(layouts: Sequence[Mapping[str, str]]) -> str:
    """Name what fingerprints depend on beside the cells; `layouts` are the columns of each layout, by own heading."""
    # A layout without headings of its own says how times are written, and changes nothing of what is read.
    read = sorted(repr(sorted(columns.items())) for columns in layouts if columns)
    if not read:
        return str(_VERSION)
    content = SEPARATOR.join(read)
    digest = blake2b(content.encode(), digest_size=6).hexdigest()
    return f"{_VERSION}.{digest}"


def digest_cells(rows: pd.DataFrame, headings: Mapping[str, str]) -> pd.Series:
    """Return a number of 64 bits per row, of its raw cells: the first half of a fingerprint.

    `rows` are of one table and one service, with a text column for every field; `headings` name, without case and
    blanks, the heading of each field that is read, in an order that is always the same.
    """
    filled = {field: heading for field, heading in headings.items() if rows[field].notna().any()}
    columns: list[Iterable[str]] = [_named(rows, filled)]
    # Every field has its place, filled or not: what stands in other rows must not change the number of this one.
    for field in headings:
        if field in filled:
            columns.append(_plain_texts(rows[field], field))
        else:
            columns.append(repeat("", len(rows)))
    lines = map(SEPARATOR.join, zip(*columns, strict=True))
    return pd.Series(_numbers(lines), index=rows.index, dtype="int64")


def fingerprints(cells: pd.Series, site_ids: pd.Series) -> pd.Series:
    """Return the fingerprint of rows from the numbers of their cells and their sites, as Int64."""
    # A collision holds an honest row for a person. Of a hundred million rows in a ledger, a million more meet one with
    # odds of 1 in 200,000.
    sites = site_ids.fillna("").astype("str")
    unique = sites.unique().tolist()
    number_of = dict(zip(unique, _numbers(unique), strict=True))
    found: pd.Series = cells.astype("int64") ^ sites.map(number_of).astype("int64")
    return found.astype("Int64")


def _numbers(texts: Iterable[str]) -> list[int]:
    digests = [blake2b(text.encode(), digest_size=8).digest() for text in texts]
    # All at once: unpacked one by one, a million take a second more.
    as_signed = struct.unpack(f">{len(digests)}q", b"".join(digests))
    return list(as_signed)


def _named(rows: pd.DataFrame, headings: Mapping[str, str]) -> list[str]:
    """Name, row by row, the headings of the cells that are filled."""
    # Of a million rows there are few kinds, so each is named once: a heading beside every cell would cost as much as
    # all of the check.
    kind = pd.Series(0, index=rows.index)
    for place, field in enumerate(headings):
        is_filled = rows[field].notna().astype("int64")
        kind += is_filled * 2**place
    of_columns = list(headings.values())
    names = {number: _names_of(number, of_columns) for number in kind.unique().tolist()}
    return [names[number] for number in kind.tolist()]


def _names_of(kind: int, headings: Sequence[str]) -> str:
    return _AFTER_HEADING.join(heading for place, heading in enumerate(headings) if kind >> place & 1)


def _plain_texts(texts: pd.Series, field: str) -> list[str]:
    """Write the filled cells of a column in one spelling; an empty one is nothing."""
    # Most columns are filled from end to end, and need no copy.
    filled = texts if texts.notna().all() else texts.fillna("")
    written: list[str] = filled.tolist()
    if field in _NUMBERS:
        return [text if text.isdigit() and text[0] != "0" else _plain_number(text) for text in written]
    if field in _TIMES:
        return [text if _is_plain_time(text) else _plain_time(text) for text in written]
    plain = _PLAIN.get(field)
    if plain is None:
        return written
    spelled = {text: plain(text) for text in set(written)}
    return [spelled[text] for text in written]


def _plain_words(text: str) -> str:
    return " ".join(text.split()).casefold()


def _plain_number(text: str) -> str:
    """Write a number without the zeros around it; anything else as it is.

    >>> _plain_number("012.0"), _plain_number("25.50"), _plain_number("12 p"), _plain_number("0")
    ('12', '25.5', '12 p', '0')
    """
    if not text or not _NUMBER.fullmatch(text):
        return text
    whole, _, decimals = text.partition(".")
    sign = "-" if whole.startswith("-") else ""
    digits = whole.removeprefix("-").lstrip("0") or "0"
    decimals = decimals.rstrip("0")
    return f"{sign}{digits}.{decimals}" if decimals else f"{sign}{digits}"


def _is_plain_time(text: str) -> bool:
    """Tell a time as most exports write it, which is spared the pattern."""
    return len(text) == len("2026-09-20T17:00:00Z") and text[10] == "T" and text[16] == ":" and text[19] == "Z"


def _plain_time(text: str) -> str:
    """Write a time to the second, as it stands: no zone and no order of dates is applied.

    >>> _plain_time("2026-09-20T17:00:00.123+00:00"), _plain_time("2026-09-20"), _plain_time("24/4/2023 8:38:19.5 PM")
    ('2026-09-20T17:00:00Z', '2026-09-20T00:00:00', '24/4/2023 8:38:19 pm')
    """
    if not text:
        return ""
    if len(text) == len("2026-09-20 17:00:00") and text[10] == " " and text[16] == ":":
        return f"{text[:10]}T{text[11:]}"
    found = _ISO.fullmatch(text.upper())
    if found is None:
        return _FRACTION.sub(r"\1", _plain_words(text))
    offset = (found["offset"] or "").replace(":", "")
    if offset in ("+0000", "-0000"):
        offset = "Z"
    return f"{found['day']}T{found['minute'] or '00:00'}{found['second'] or ':00'}{offset}"


# Only what every reading takes for the same may be written alike: else two honest rows would be one.
_NUMBERS = ("points", "source_id", "amount")
_TIMES = ("action_date_time", "eligibility_date")
_PLAIN: Mapping[str, Callable[[str], str]] = {
    "action": _plain_words,
    "source": _plain_words,
    "reward_id": without_case,
    "payout_id": without_case,
}
