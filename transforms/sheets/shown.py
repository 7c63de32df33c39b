"""What a person sees in a cell holds, where its number format shows something else than the cell keeps.

Ids are read as shown, 123 under "AB"000000 as AB000123; so is a quantity that is shown as another number by signs put
between its digits (1000 under 0"."00 as 10.00), and an amount that is rounded to its cents. All else that is shown as
another value, or not at all, is an error of its cell: nobody can tell which of the two is meant, and money would be
sent that nobody has seen.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from transforms.sheets.headings import Table
from transforms.sheets.notes import Observation
from transforms.sheets.sheet import SHOWN_OTHERWISE

IDS_OF_TEXT = ("client_id", "reward_id", "payout_id")
_IDS = (*IDS_OF_TEXT, "source_id")
_QUANTITIES = ("points", "source_id", "amount")
_JUDGED = (*IDS_OF_TEXT, *_QUANTITIES, "site_id", "action", "source")
_TIMES = ("action_date_time", "eligibility_date")
_CENTS = 2  # decimals; whoever shows fewer has hidden more than what a formula left behind
_WITH_WORDS = re.compile(r"(?:([^\W\d_]{2,}) ?)?([0-9]+)(?: ?([^\W\d_]{2,}))?")
# 9/15/26 is taken for a day of 2026, also where the cell keeps 1926 or 2126.
_OF_ANOTHER_CENTURY = r"(?:1[0-8]|19[0-2]|20[5-9]|2[1-9]|[3-9])[0-9]+-[0-9]{2}-[0-9]{2}"
_NO_ID = re.compile(r"[0-9]+\.[0-9]+")
_NO_QUANTITY = re.compile(r"-.*|0|[0-9]+\.[0-9]+")
_POWER = re.compile(r"[0-9]+(?:\.[0-9]+)?E\+?[0-9]{1,2}")
_MARKED = re.compile(r"[0-9][0-9.,'’ ]*")

# Words that turn the number beside them round, and those that multiply it; any other leaves it as it is.
_TURNING_WORDS = frozenset({"minus", "negative", "neg", "less"})
MULTIPLYING_WORDS = frozenset(
    {"dozen", "hundred", "thousand", "thousands", "tsd", "million", "millions", "mio", "mn", "mm", "mln"}
    | {"billion", "billions", "bn", "mrd", "percent", "pct"}
)


def as_shown(fields: Mapping[str, pd.Series], table: Table) -> dict[str, pd.Series]:
    """Return the text of every field as a person sees it; `SHOWN_OTHERWISE` where that cannot be what is meant."""
    read = dict(fields)
    ids = _by_column(table.sheet.shown_cells)
    otherwise = _by_column(table.sheet.shown_otherwise)
    for field in IDS_OF_TEXT:
        read[field] = _replaced(read[field], _of_field(ids, table, field, read[field]))
    # A quantity is what the cell keeps, unless a person sees another one there.
    for field in _QUANTITIES:
        shown = _of_field(ids, table, field, read[field])
        others = {row: text for row, text in shown.items() if not _is_number_with_words(text, str(read[field][row]))}
        read[field] = _replaced(read[field], others)
    for field in (*_JUDGED, *_TIMES, "description"):
        shown = _of_field(otherwise, table, field, read[field])
        said = {row: _said(field, text, str(read[field][row])) for row, text in shown.items()}
        read[field] = _replaced(read[field], {row: text for row, text in said.items() if text is not None})
    return read


def find_shown_otherwise(table: Table, cells: pd.DataFrame) -> Iterator[Observation]:
    """Tell what was read though its cell shows less: amounts that are rounded, shortened ids, a part of a date."""
    otherwise = _by_column(table.sheet.shown_otherwise)
    for field in ("amount", *_IDS):
        column = table.columns.get(field)
        if column not in otherwise:
            continue
        shown = _of_field(otherwise, table, field, cells[column])
        told = {row: _told(field, text, str(cells[column][row])) for row, text in shown.items()}
        yield from _observed(table, field, {row: text for row, text in told.items() if text is not None})
    for field in _TIMES:
        column = table.columns.get(field)
        rows = [row for row, place in table.sheet.partial_dates if place == column and row in cells.index]
        what = "its cell shows a part of the date alone, and all of it was read:"
        yield from _observed(table, field, {row: f"{what} {cells[column][row]}" for row in rows})
        if column is not None and table.sheet.has_addresses:
            far = cells[column][cells[column].str.match(_OF_ANOTHER_CENTURY).fillna(value=False).astype(bool)]
            of_years = {row: f"its cell may show the year of {far[row]} in two digits" for row in far.index.tolist()}
            yield from _observed(table, field, of_years, kind="century")


def _told(field: str, shown: str, kept: str) -> str | None:
    if field == "amount":
        amount = rounded_to_cents(shown, kept)
        return None if amount is None else f"read as its cell shows it, rounded, {kept} as {amount}"
    if is_shortened(shown, kept):
        return f"its cell shows {shown}, and all digits were read: {kept}"
    return None


def _observed(table: Table, field: str, told: Mapping[int, str], kind: str = "shown") -> Iterator[Observation]:
    if told:
        first = min(told)
        heading = str(table.heading(field))
        yield Observation(told[first], table.sheet.name, heading, first, len(told), kind=kind)


def _said(field: str, shown: str, kept: str) -> str | None:
    """Return the text that a cell is read as; None where what it keeps holds."""
    if field == "description":
        return shown
    if field == "amount":
        return rounded_to_cents(shown, kept) or SHOWN_OTHERWISE
    if field in _TIMES and any(sign.isdigit() for sign in shown):
        # A day that is counted as a number is shown as one, rounded perhaps, and told beside as a date.
        return None
    if field in _IDS and is_shortened(shown, kept):
        return None
    # What is no id and no quantity, whatever its cell shows, is told by the rule that it breaks.
    broken = {"points": _NO_QUANTITY, "source_id": _NO_QUANTITY}.get(field, _NO_ID)
    return None if broken.fullmatch(kept) else SHOWN_OTHERWISE


def rounded_to_cents(shown: str, kept: str) -> str | None:
    """Return a shown amount as a plain number, where it is the kept one, rounded to its cents or finer; else None.

    >>> rounded_to_cents("$1,234.57", "1234.5678"), rounded_to_cents("1.234,57 €", "1234.5678")
    ('1234.57', '1234.57')
    >>> rounded_to_cents("1", "1000"), rounded_to_cents("13", "12.6"), rounded_to_cents("12.35", "-12.345")
    (None, None, None)
    """
    found = _MARKED.findall(shown)
    if len(found) != 1 or re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", kept) is None:
        return None
    amount = Decimal(kept)
    is_shown_negative = any(sign in shown for sign in ("-", "−", "("))
    if is_shown_negative != (amount < 0) or "%" in shown:
        return None
    marks = re.sub("['’ ]", "", found[0])
    for reading in (marks.replace(",", ""), marks.replace(".", "").replace(",", ".")):
        _, _, decimals = reading.partition(".")
        if reading.count(".") != 1 or len(decimals) < _CENTS:
            continue
        rounded = abs(amount).quantize(Decimal(1).scaleb(-len(decimals)), rounding=ROUND_HALF_UP)
        if rounded == Decimal(reading):
            return f"{-rounded if amount < 0 else rounded:f}"
    return None


def is_shortened(shown: str, kept: str) -> bool:
    """Tell a whole number that is shown as a power of ten, as programs do by themselves with long ones.

    >>> is_shortened("1.00E+11", "100001000000"), is_shortened("1.00E+11", "200001000000"), is_shortened("1", "1000")
    (True, False, False)
    """
    if _POWER.fullmatch(shown) is None or not kept.isdigit():
        return False
    power = Decimal(shown)
    return Decimal(kept).quantize(Decimal((0, (1,), int(power.as_tuple().exponent))), rounding=ROUND_HALF_UP) == power


def _by_column(cells: Mapping[tuple[int, int], str]) -> dict[int, dict[int, str]]:
    """Return what is shown in cells by their column, and there by their row."""
    # Once for all fields: a million cells of a column that nobody reads may have such a format.
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for (row, column), text in cells.items():
        found[column][row] = text
    return found


def _of_field(by_column: Mapping[int, Mapping[int, str]], table: Table, field: str, texts: pd.Series) -> dict[int, str]:
    """Return what is shown in the filled cells of a field, by row; nothing where the table has no such column."""
    column = table.columns.get(field)
    shown = by_column.get(column, {}) if column is not None else {}
    if not shown:
        return {}
    filled = set(texts.index[texts.notna()])
    return {row: text for row, text in shown.items() if row in filled}


def _replaced(texts: pd.Series, by_row: Mapping[int, str]) -> pd.Series:
    if not by_row:
        return texts
    return texts.index.to_series().map(by_row).fillna(texts).astype("str")


def _is_number_with_words(shown: str, kept: str) -> bool:
    """Tell a number that is shown as it is, with a word beside it, from one that is shown as another one.

    >>> _is_number_with_words("10 pts", "10"), _is_number_with_words("10k", "10"), _is_number_with_words("(10)", "10")
    (True, False, False)
    >>> _is_number_with_words("10 thousand", "10"), _is_number_with_words("minus 10", "10")
    (False, False)
    """
    found = _WITH_WORDS.fullmatch(shown)
    if found is None or found[2] != kept:
        return False
    words = {word.casefold() for word in (found[1], found[3]) if word}
    return not words & (MULTIPLYING_WORDS | _TURNING_WORDS)
