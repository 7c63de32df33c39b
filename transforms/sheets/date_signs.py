"""What all cells of a column of dates say of how it is written, so that none of them is read for itself.

25/10/2026 has the day first, whoever wrote it, and so have all others of its column; 05/10/2026 alone says nothing. The
signs of parts of a file are added up, and only those of the whole file decide.

A spreadsheet that reads the month first makes the 10th of May of 05/10/2026, and leaves 25/10/2026 as the text that it
is. So text dates that can have one order only, beside real dates none of which is later than the 12th of its month, are
the sign that day and month of the real ones were exchanged.
"""

import re
from dataclasses import dataclass, fields, replace

import pandas as pd

from transforms.sheets.counted_times import MILLISECONDS, SECONDS, SERIAL
from transforms.sheets.spellings import plain_text

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBERS = re.compile(r"'?(?P<first>[0-9]{1,2})[/.-](?P<second>[0-9]{1,2})[/.-][0-9]{4}(?![0-9])")
_LONGEST_DAY = len("'25/10/2026")
_HALF = r"[0-9]\s?[AaPp]\.?[Mm]\b"
_SMALL_HOUR = r"\s[1-4]:[0-9]{2}"
_WIDE_HOUR = r"\s(?:0[0-9]?|1[3-9]|2[0-4]):[0-9]{2}"
_NUMBER = r"[0-9]{5}(?:\.[0-9]+)?|[0-9]{10}|[0-9]{13}"


@dataclass(frozen=True)
class Seen:
    """Cells of one kind: the first, and how many."""

    row: int
    text: str
    count: int = 1

    def __add__(self, later: "Seen | None") -> "Seen":
        """Join what was found further down."""
        if later is None:
            return self
        return Seen(self.row, self.text, self.count + later.count)


def seen_in(texts: pd.Series, rows: pd.Series) -> Seen | None:
    """Return what was seen in these cells; None where there are none. ``rows`` tells the row of each cell."""
    if texts.empty:
        return None
    first_row = int(rows[texts.index[0]])
    return Seen(first_row, str(texts.iloc[0]), len(texts))


def joined(above: Seen | None, below: Seen | None) -> Seen | None:
    """Return what was seen in two parts of a column, the upper one first."""
    if above is None:
        return below
    return above + below


@dataclass(frozen=True)
class Span:
    """Plain numbers of one kind: how many, the least and the most."""

    count: int
    least: float
    most: float

    def __add__(self, later: "Span | None") -> "Span":
        """Join what was found further down."""
        if later is None:
            return self
        return Span(
            count=self.count + later.count,
            least=min(self.least, later.least),
            most=max(self.most, later.most),
        )


@dataclass(frozen=True)
class DateSigns:
    """What the cells of a column hold; None where there is none of the kind."""

    day_first: Seen | None = None  # 25/10/2026
    month_first: Seen | None = None  # 10/25/2026
    either: Seen | None = None  # 05/10/2026
    early: Seen | None = None  # a date such as 2026-05-10, that could be of 2026-10-05
    late: Seen | None = None  # one that could not
    half: Seen | None = None  # with am or pm
    small_hour: Seen | None = None  # 1:30 to 4:59, as a clock of 12 hours shows them
    wide_hour: Seen | None = None  # 0:30, 01:30 or 13:30, as only a clock of 24 hours does
    filled: Seen | None = None
    first_number: Seen | None = None
    seconds: Span | None = None
    milliseconds: Span | None = None
    days: Span | None = None

    def __add__(self, later: "DateSigns") -> "DateSigns":
        """Join what was found further down."""
        joined = {}
        for field in fields(self):
            mine, other = getattr(self, field.name), getattr(later, field.name)
            joined[field.name] = other if mine is None else mine + other
        return DateSigns(**joined)

    @property
    def is_mixed(self) -> bool:
        """Whether no order fits every cell."""
        return self.day_first is not None and self.month_first is not None

    @property
    def is_open(self) -> bool:
        """Whether both orders fit every cell that has one."""
        return self.either is not None and self.day_first is None and self.month_first is None


def date_signs(texts: pd.Series, rows: pd.Series) -> DateSigns:
    """Look at the cells of a column, or of a part of it; `rows` are their rows in the sheet."""
    filled = texts.dropna()
    if filled.empty:
        return DateSigns()
    # Nearly all columns hold ISO dates and nothing else, which one look at the fifth sign tells.
    is_iso = filled.str[4:5] == "-"
    of_sheets = filled[is_iso & ~names_zone(filled)]
    is_late = of_sheets.str[8:10] > "12"
    signs = DateSigns(
        filled=Seen(0, "", len(filled)),
        early=seen_in(of_sheets[may_be_exchanged(of_sheets)], rows),
        late=seen_in(of_sheets[is_late], rows),
    )
    others = filled[~is_iso]
    if others.empty:
        return signs
    signs = _with_orders(signs, others, rows)
    signs = _with_hours(signs, others, rows)
    return _with_counts(signs, others, rows)


def names_zone(texts: pd.Series) -> pd.Series:
    """Tell ISO times with an offset, which no spreadsheet has made."""
    # The sixth sign from the end is a sign too in a plain date, which is shorter.
    is_time = texts.str.len() > len("2026-05-10T10:00")
    has_sign = texts.str[-6:-5].isin(["+", "-"])
    is_utc = texts.str[-1:].isin(["Z", "z"])
    return is_utc | (is_time & has_sign)


def may_be_exchanged(texts: pd.Series) -> pd.Series:
    """Tell dates such as 2026-05-10, which a spreadsheet may have made of 05/10/2026 by the wrong order."""
    is_iso = texts.str[4:5] == "-"
    month = texts.str[5:7]
    day = texts.str[8:10]
    # Past the 12th there is no such month, and the 10th of October is one day either way.
    could_be_month = day <= "12"
    is_other_day = could_be_month & (day != month)
    return is_iso & is_other_day & ~names_zone(texts)


def _with_orders(signs: DateSigns, texts: pd.Series, rows: pd.Series) -> DateSigns:
    """Add which order the days allow that are written in numbers alone."""
    begins = texts.str[:_LONGEST_DAY]
    order_of = {begin: _orders(begin) for begin in begins.unique().tolist()}
    orders = begins.map(order_of)
    return replace(
        signs,
        day_first=seen_in(texts[orders == "day_first"], rows),
        month_first=seen_in(texts[orders == "month_first"], rows),
        either=seen_in(texts[orders == "either"], rows),
    )


def _with_hours(signs: DateSigns, texts: pd.Series, rows: pd.Series) -> DateSigns:
    """Add whether the hours are by a clock of 12 hours or of 24."""
    has_half = texts.str.contains(_HALF, regex=True)
    whole = texts[~has_half]
    is_small = whole.str.contains(_SMALL_HOUR, regex=True)
    is_wide = whole.str.contains(_WIDE_HOUR, regex=True)
    return replace(
        signs,
        half=seen_in(texts[has_half], rows),
        small_hour=seen_in(whole[is_small], rows),
        wide_hour=seen_in(whole[is_wide], rows),
    )


def _with_counts(signs: DateSigns, texts: pd.Series, rows: pd.Series) -> DateSigns:
    """Add what plain numbers there are, by their length."""
    return replace(
        signs,
        first_number=seen_in(texts[texts.str.fullmatch(_NUMBER)], rows),
        days=_span(texts, SERIAL),
        seconds=_span(texts, SECONDS),
        milliseconds=_span(texts, MILLISECONDS),
    )


def _orders(begin: str) -> str:
    found = _NUMBERS.match(plain_text(begin))
    if found is None:
        return ""
    first, second = int(found["first"]), int(found["second"])
    if first > 12 or second > 12:
        return "day_first" if second <= 12 else "month_first" if first <= 12 else ""
    # The 5th of May is the same in both.
    return "either" if first != second else ""


def _span(texts: pd.Series, pattern: "re.Pattern[str]") -> Span | None:
    are_such = texts.str.fullmatch(pattern.pattern)
    numbers = texts[are_such].astype("float64")
    if numbers.empty:
        return None
    return Span(len(numbers), float(numbers.min()), float(numbers.max()))
