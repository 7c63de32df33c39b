"""From the text of cells to points in time (UTC) and dates.

Read in one step: ISO 8601 ("2024-11-08T10:26:33.2282749Z", "2024-11-08 10:26", "2024-11-08"), any number of decimals,
an offset or none; and day/month/year with an optional clock ("24/4/2023 8:38:19 pm"), where a layout or the column
says which comes first. What people and programs write otherwise is read one by one (`transforms.sheets.spellings`). An
offset is obeyed. Without one the zone of the clock holds, and an hour that the zone has twice or never is refused.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

import pandas as pd

from transforms.sheets.counted_times import Count, counted_at
from transforms.sheets.date_signs import may_be_exchanged
from transforms.sheets.letters import letters_of
from transforms.sheets.spellings import DateOrder as DateOrder
from transforms.sheets.spellings import as_iso
from transforms.vocabulary import Code

ISO = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,12})?)? ?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?)?"
)
DAY_MONTH_YEAR = (
    r"(?P<first>[0-9]{1,2})[/.-](?P<second>[0-9]{1,2})[/.-](?P<year>[0-9]{4})"
    r"(?:,? +(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<seconds>[0-9]{2})(?:[.,][0-9]{1,12})?)?"
    r" ?(?P<half>[AaPp]\.?[Mm]\.?)?)?"
)
_MONTHS = 12
# Where the year comes first the clock has 24 hours.
_LACKS_HALF = re.compile(r"(?![0-9]{4})(?:.*\s)?0?(?:[1-9]|1[0-2]):[0-9]{2}(?::[0-9]{2})?(?:[.,][0-9]+)?")
_PLAIN, _PLAIN_CLOCK = "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S"
_FRACTION = r"[.,][0-9]+"
# What comes after the second, as far as a service could keep it: the documents show up to seven digits.
_DIGITS = r":[0-9]{2}:[0-9]{2}[.,]([0-9]{1,7})"
# A date with a clock, and one whose clock says no more than the date.
_CLOCK = r".*[0-9]:[0-9]{2}.*"
_MIDNIGHT = r".*[Tt ]0?0:00(?::00(?:[.,]0+)?)? ?(?:[Zz]|[+-]00:?00)?"
_OFFSET = r".*[0-9] ?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})"
# Earlier than any booking system: the services write an unset time as the year 1.
EARLIEST = pd.Timestamp("1900-01-01", tz=UTC)


@dataclass(frozen=True)
class Clock:
    """How the times of a sheet are written, where they do not say it themselves."""

    zone: tzinfo = UTC  # of times without an offset
    date_order: DateOrder | None = None  # None: only what can be read in one way is read
    count: Count | None = None  # what a plain number is
    has_halves: bool = False  # the column has am and pm, so an hour without them is refused
    lacks_halves: bool = False  # all of it is by a clock of 12 hours, so the same holds
    is_exchanged: bool = False  # day and month of dates that both could be have been exchanged, it seems: refused


class ReadTimes(NamedTuple):
    """Points in time, what is wrong with a cell (a `Code` value, NA where nothing is), and what clocks showed.

    at: datetime64[us, UTC], cut to the second, NaT where the cell is empty or wrong. local: datetime64[us], naive, of
    the cells alone that can be read and name no zone, good or wrong.
    """

    at: pd.Series
    problem: pd.Series
    local: pd.Series


_NO_CLOCK = Clock()


def parse_times(texts: pd.Series, clock: Clock, now: datetime) -> ReadTimes:
    """Read points in time, and say why one cannot be read or must not be used."""
    local, at = _read(texts, clock)
    problem = pd.Series(None, index=texts.index, dtype="str")
    # To the second: what lies a part of one ahead is over before it is sent, and a rejected row would not come back.
    problem[at > pd.Timestamp(now)] = Code.ACTION_TIME_IN_FUTURE
    is_unread = at.isna() & texts.notna()
    problem[is_unread] = _why_not_in_zone(local[is_unread], clock.zone)
    usable = at.mask(problem.notna())
    return ReadTimes(usable, problem, local)


def parse_fractions(texts: pd.Series) -> pd.Series:
    """Return the digits after the second, as they are shown; NA where there are none.

    A cell that a spreadsheet keeps as a date is read to the millisecond, and without a fraction where that is zero:
    what lies below is the noise of dates that are fractions of a day (`flows.readers.values`).
    """
    found: pd.Series = pd.Series(None, index=texts.index, dtype="str")
    letters = letters_of(texts)
    if b"." not in letters and b"," not in letters:
        return found
    has_point = texts.str.contains(":[0-9]{2}[.,]", regex=True, na=False)
    pointed = texts[has_point]
    if len(pointed):
        found[pointed.index] = pointed.str.extract(_DIGITS, expand=False)
    return found


def with_fractions(at: pd.Series, fractions: pd.Series) -> pd.Series:
    """Return times to the microsecond, given times to the second and the digits after it."""
    shown = fractions.dropna()
    if shown.empty:
        return at
    microseconds = shown.str[:6].str.ljust(6, "0").astype("int64").reindex(at.index, fill_value=0)
    return at + pd.to_timedelta(microseconds, unit="us").astype("timedelta64[us]")


def parse_dates(texts: pd.Series, clock: Clock = _NO_CLOCK) -> pd.Series:
    """Read dates as ISO text: the day that the cell shows, whatever time of day and offset stand beside it.

    Half past eleven at night in New York is the next day in UTC: whoever wrote the cell meant the day that is in it.
    What is no time at all ("2024-11-08T99:00") is no date either.
    """
    _, at = _read(texts, replace(clock, zone=UTC))
    are_times = texts.where(at.notna())
    shown = _all_as_iso(are_times, clock)
    return shown.str[: len("2024-11-08")]


def has_time_of_day(texts: pd.Series) -> pd.Series:
    """Tell which texts of dates say more than a day: a time that is not midnight, or midnight elsewhere than in UTC."""
    return texts.notna() & _matches(texts, _CLOCK).fillna(False) & ~_matches(texts, _MIDNIGHT).fillna(False)


def _read(texts: pd.Series, clock: Clock) -> tuple[pd.Series, pd.Series]:
    """Return clock times without an offset, and the points in time of all; NaT where there is none.

    What most exports and workbooks hold is read in one step, the rest with care, once for every different text.
    """
    # pandas takes a minute's second 60 for the first one of the next minute.
    texts = texts.mask((texts.str[4:5] == "-") & (texts.str[17:19] == "60"))
    length = texts.str.len()
    if clock.is_exchanged:
        texts = texts.mask(may_be_exchanged(texts))

    may_be_plain = length == len("2024-11-08T10:26:33Z")
    at = _read_iso(texts.where(may_be_plain), _PLAIN)
    may_be_clock = length == len("2024-11-08T10:26:33")
    clocks = texts[may_be_clock].str.replace(" ", "T", regex=False)
    local = _read_iso(clocks, _PLAIN_CLOCK).dt.tz_localize(None).reindex(texts.index)

    rest = texts[at.isna() & local.isna()].dropna()
    if len(rest):
        found_local, found_at = _read_rest(rest, clock)
        local[rest.index] = found_local
        at[rest.index] = found_at
    return local, at.fillna(_in_zone(local, clock.zone))


def _read_rest(texts: pd.Series, clock: Clock) -> tuple[pd.Series, pd.Series]:
    """Read texts that are written otherwise, each spelling once: local times, and points in time."""
    spellings = pd.Series(texts.unique(), dtype="str")
    place = pd.Index(spellings).get_indexer(pd.Index(texts))
    local, at = _read_with_care(_all_as_iso(spellings, clock))

    def of_every(read: pd.Series) -> pd.Series:
        return read.reindex(place).set_axis(texts.index)

    return of_every(local), of_every(at)


def _all_as_iso(texts: pd.Series, clock: Clock) -> pd.Series:
    """Keep what is ISO, write in its way what has one meaning, and leave NA for the rest."""
    # An end of a day (24:00) is ISO too, and no clock shows it.
    is_end_of_day = texts.str.contains("[Tt ]24:", regex=True)
    iso = texts.where(_matches(texts, ISO) & ~is_end_of_day)
    rest = texts[iso.isna()].dropna()
    if rest.empty:
        return iso
    in_parts = rest[_matches(rest, DAY_MONTH_YEAR)].str.extract(DAY_MONTH_YEAR)
    if len(in_parts):
        iso = iso.fillna(_rewrite(in_parts, clock))
    others = rest.drop(in_parts.index).unique().tolist()
    if not others:
        return iso
    iso_of = {text: _odd_as_iso(text, clock) for text in others}
    return iso.fillna(texts.map(iso_of).astype("str"))


def _odd_as_iso(text: str, clock: Clock) -> str | None:
    if clock.count is not None:
        counted = counted_at(text, clock.count)
        if counted is not None:
            # Days are by the clock on the wall, the others by that of Greenwich.
            return counted.replace(tzinfo=None).isoformat() if clock.count is Count.DAYS else counted.isoformat()
    if (clock.has_halves or clock.lacks_halves) and _LACKS_HALF.fullmatch(text):
        return None
    return as_iso(text, clock.date_order)


def _matches(texts: pd.Series, pattern: str) -> pd.Series:
    return texts.str.fullmatch(pattern)


def _rewrite(parts: pd.DataFrame, clock: Clock) -> pd.Series:
    """Write day, month and year as ISO 8601 does; NA where nobody says which is which."""
    is_day_first = _is_day_first(parts, clock.date_order)
    day = parts["first"].where(is_day_first, parts["second"])
    month = parts["second"].where(is_day_first, parts["first"])
    date = parts["year"] + "-" + _two_digits(month) + "-" + _two_digits(day)
    hour = _two_digits(_hour_of_day(parts, clock).astype("str"))
    minute = parts["minute"].fillna("00")
    seconds = parts["seconds"].fillna("00")
    time_of_day = hour + ":" + minute + ":" + seconds
    written = date + "T" + time_of_day
    if clock.date_order is None:
        return written[_is_told(parts)]
    return written


def _two_digits(numbers: pd.Series) -> pd.Series:
    return numbers.str.zfill(2)


def _is_day_first(parts: pd.DataFrame, order: DateOrder | None) -> pd.Series:
    if order is None:
        return parts["first"].astype("int64") > _MONTHS
    return pd.Series(order is DateOrder.DAY_FIRST, index=parts.index)


def _is_told(parts: pd.DataFrame) -> pd.Series:
    """Tell days of which one number is too large for a month, or both are equal: they can be read in one way."""
    first = parts["first"].astype("int64")
    second = parts["second"].astype("int64")
    is_one_too_large = (first > _MONTHS) ^ (second > _MONTHS)
    return is_one_too_large | (first == second)


def _hour_of_day(parts: pd.DataFrame, clock: Clock) -> pd.Series:
    """Return the hour from 0 to 23; 99 where there is no such hour."""
    hour = parts["hour"].fillna("0").astype("int64")
    half = parts["half"].str[0].str.lower()
    has_half = half.notna()
    # 12 am is the hour 0, and 12 pm the hour 12.
    of_day = hour % 12 + 12 * (half == "p")
    # 0 pm and 13 am are no hours: 99 makes the time unreadable instead of another one.
    is_wrong = has_half & ~hour.between(1, 12)
    if clock.has_halves or clock.lacks_halves:
        is_wrong |= ~has_half & parts["hour"].notna() & hour.between(1, 12)
    return hour.where(~has_half, of_day).mask(is_wrong, 99)


def _read_with_care(iso: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the clock times of ISO texts without an offset, and the points in time of those with one."""
    # Fractions are cut, not rounded: an event's time is to the second, and its key must not hang on the decimals that
    # one export writes and another leaves out.
    text = iso.str.upper()
    text = text.str.replace(_FRACTION, "", regex=True)
    text = text.str.replace(" (?=[Z+-])", "", regex=True)
    # The end of a plain date, as "-08", looks like an offset.
    has_offset = _matches(text, _OFFSET) & (text.str.len() > len("2024-11-08"))
    local = _read_iso(text.where(~has_offset)).dt.tz_localize(None)
    at = _read_iso(text.where(has_offset))
    return local, at


def _in_zone(local: pd.Series, zone: tzinfo) -> pd.Series:
    # An hour that the zone has twice is not settled by taking one of them: the key of the event holds the time, so the
    # wrong one would make another event of it.
    placed = local.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    in_utc: pd.Series = placed.dt.tz_convert(UTC)
    return in_utc


def _read_iso(texts: pd.Series, format_: str = "ISO8601") -> pd.Series:
    read = pd.to_datetime(texts, format=format_, utc=True, errors="coerce")
    at = read.astype("datetime64[us, UTC]")
    # What is earlier is no day of a studio: a slip in the year, or how a program writes that it has none (0001-01-01).
    return at.where(at >= EARLIEST)


def _why_not_in_zone(local: pd.Series, zone: tzinfo) -> pd.Series:
    """Tell the hour that a zone has twice from the one it never has, and both from what is no time at all."""
    code = pd.Series(str(Code.ACTION_TIME_UNREADABLE), index=local.index, dtype="str")
    times = local.dropna()
    # Whatever could be either of two hours is taken for the first: what cannot be placed even so, the zone never has.
    takes_first = [True] * len(times)
    placed = times.dt.tz_localize(zone, ambiguous=takes_first, nonexistent="NaT")
    code[times.index] = str(Code.ACTION_TIME_AMBIGUOUS)
    code[times.index[placed.isna()]] = str(Code.ACTION_TIME_NONEXISTENT)
    return code
