"""Rows that are right by every rule, and yet may be a slip: equal neighbors, points or a time far from the others'.

They are told before anything is posted, and never held: a client takes two equal classes a day, and now and then
somebody buys a year.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import pandas as pd

from transforms.sheets.notes import Note

_SAME = ["sheet", "site_id", "client_id", "action", "points", "source", "source_id", "action_at", "action_fraction"]
_GROUP = ["sheet", "action"]
_FEWEST_ROWS = 4  # of which something can be called usual
_TIMES_USUAL = 5
_TIMES_NEXT = 3
_MOST_SHARE = 0.05  # more of them than that, and they are usual themselves
_MONTHS_BEFORE = 9  # a slip in the year is twelve of them


@dataclass(frozen=True)
class SeenRows:
    """What is to be remembered of some rows of a file, to judge the whole; small, however many rows there are.

    points: one row per sheet, action and points: count, and the first row. equal: one row per row that equals the one
    above: sheet, row. months: one row per sheet and month (UTC, counted from year 0) of events with a time: count, and
    the first row. first, last: the first and the last row, to be compared with those of the parts beside this one.
    """

    points: pd.DataFrame
    months: pd.DataFrame
    equal: pd.DataFrame
    first: pd.DataFrame
    last: pd.DataFrame


def see_rows(events: pd.DataFrame) -> SeenRows:
    """Return what is to be remembered of some good rows of a file (`transforms.check.events`)."""
    is_of_client = events["points"].notna()
    of_clients = events.loc[is_of_client, [*_SAME, "row", "receipt"]]
    named = of_clients.fillna({"sheet": ""})
    month = _months_since_year_0(named["action_at"])
    dated = named.assign(month=month).dropna(subset="month")
    return SeenRows(
        points=_count(named, [*_GROUP, "points"]),
        months=_count(dated, ["sheet", "month"]),
        equal=_equal_rows(of_clients),
        first=of_clients.head(1),
        last=of_clients.tail(1),
    )


def _months_since_year_0(times: pd.Series) -> pd.Series:
    months: pd.Series = times.dt.year * 12 + times.dt.month - 1
    return months


def see_below(above: SeenRows, seen: SeenRows) -> SeenRows:
    """Return what is remembered of a part, as the one that comes after ``above``."""
    if seen.first.empty:
        return replace(seen, last=above.last)
    # The last row of a part and the first of the next one stand below each other in the file.
    seam = pd.concat([above.last, seen.first], ignore_index=True)
    at_seam = _equal_rows(seam)
    if at_seam.empty:
        return seen
    return replace(seen, equal=pd.concat([at_seam, seen.equal]))


def _equal_rows(of_clients: pd.DataFrame) -> pd.DataFrame:
    # What bears a receipt was taken in before, and a person has seen it since.
    is_equal = _equals_the_one_above(of_clients[_SAME]) & of_clients["receipt"].isna()
    return of_clients.loc[is_equal, ["sheet", "row"]]


def _count(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return how many rows there are of each kind, and which is the first."""
    counted = rows.groupby(keys, sort=False)["row"].agg(rows_count="count", first_row="first")
    return counted.reset_index()


def _join(parts: Sequence[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    """Return the same of all parts of a file; most files are one."""
    if len(parts) == 1:
        return parts[0]
    grouped = pd.concat(parts).groupby(keys, sort=False)
    return grouped.agg(rows_count=("rows_count", "sum"), first_row=("first_row", "first")).reset_index()


def _equals_the_one_above(rows: pd.DataFrame) -> pd.Series:
    # Few rows are of the client above them, and the others need no look at the rest of their cells.
    client_above = rows["client_id"].shift()
    is_same_client = (rows["client_id"] == client_above).fillna(value=False)
    places = is_same_client.to_numpy(bool).nonzero()[0]
    below = rows.iloc[places]
    above = rows.iloc[places - 1].set_axis(below.index)
    is_equal = pd.Series(data=False, index=rows.index)
    is_equal.iloc[places] = _are_equal(below, above)
    return is_equal


def _are_equal(rows: pd.DataFrame, others: pd.DataFrame) -> "pd.Series[bool]":
    """Tell which rows equal the ones of the same index; what is empty in both is equal."""
    are_equal = pd.Series(data=True, index=rows.index)
    for name in rows.columns:
        one = rows[name]
        other = others[name]
        is_same = (one == other).fillna(value=False)
        are_both_empty = one.isna() & other.isna()
        are_equal &= is_same | are_both_empty
    return are_equal.astype(bool)


def tell_unusual(seen: Sequence[SeenRows]) -> Iterator[Note]:
    """Say of a whole file which rows may be a slip."""
    yield from _tell_equal(seen)
    if not seen:
        return
    points = _join([part.points for part in seen], [*_GROUP, "points"])
    for _, rows in points.groupby(_GROUP, sort=False):
        yield from _tell_far_above(rows.sort_values("points"))
    months = _join([part.months for part in seen], ["sheet", "month"])
    for _, rows in months.groupby("sheet", sort=False):
        yield from _tell_long_before(rows.sort_values("month"))


def _tell_equal(seen: Sequence[SeenRows]) -> Iterator[Note]:
    count = sum(len(part.equal) for part in seen)
    if not count:
        return
    first = next(part.equal.iloc[0] for part in seen if len(part.equal))
    sheet = first["sheet"] if isinstance(first["sheet"], str) else None
    row = int(first["row"])
    more = f" ({count:,} such rows in all)" if count > 1 else ""
    told = (
        f"row {row} equals the row above it: each counts as an event of its own, so delete one where it is not{more}."
    )
    yield Note(told, sheet, row, is_slip=True)


def _tell_far_above(rows: pd.DataFrame) -> Iterator[Note]:
    """`rows` are of one sheet and action, in order of their points."""
    counts = dict(zip(rows["points"].tolist(), rows["rows_count"].tolist(), strict=True))
    limit = _first_far_above(counts)
    if limit is None:
        return
    far = rows[rows["points"] >= limit]
    count = int(far["rows_count"].sum())
    most = far.iloc[-1]
    usual = max(points for points in counts if points < limit)
    others = f" and {count - 1:,} more" if count > 1 else ""
    told = (
        f"row {most['first_row']}{others}: {most['points']:,} points {most['action']} is far above all other rows of "
        f"the sheet, which have at most {usual:,}. A slip of the keyboard?"
    )
    yield Note(told, most["sheet"] or None, int(most["first_row"]), is_slip=True)


def _tell_long_before(rows: pd.DataFrame) -> Iterator[Note]:
    """`rows` are of one sheet, in order of their months."""
    months = [int(month) for month in rows["month"]]
    counts = dict(zip(months, rows["rows_count"].tolist(), strict=True))
    limit = _first_usual_month(counts)
    if limit is None:
        return
    long_before = rows[rows["month"] < limit]
    count = int(long_before["rows_count"].sum())
    first = long_before.iloc[0]
    others = f" and {count - 1:,} more" if count > 1 else ""
    told = (
        f"row {first['first_row']}{others}: {_month(months[0])} is long before all other rows of the sheet, the "
        f"earliest of which is of {_month(limit)}. A slip of the keyboard?"
    )
    yield Note(told, first["sheet"] or None, int(first["first_row"]), is_slip=True)


def _first_usual_month(counts: dict[int, int]) -> int | None:
    """Return the month before which a few rows lie alone, by how many rows each has, in order; None where none do.

    >>> _first_usual_month({10: 1, 24: 6, 25: 3}), _first_usual_month({23: 1, 24: 6}), _first_usual_month({1: 3, 24: 6})
    (24, None, None)
    """
    total = sum(counts.values())
    if total < _FEWEST_ROWS:
        return None
    found, before_count = None, 0
    for earlier, later in pairwise(counts):
        before_count += counts[earlier]
        if before_count > max(1, _MOST_SHARE * total):
            break
        if later - earlier >= _MONTHS_BEFORE:
            found = later
    return found


def _month(number: int) -> str:
    return f"{date(number // 12, number % 12 + 1, 1):%b %Y}"


def _first_far_above(counts: dict[int, int]) -> int | None:
    """Return the lowest number of points that is far above the usual, by how many rows have each; None where none is.

    >>> _first_far_above({10: 6, 20: 2, 1000: 1}), _first_far_above({10: 3, 60: 3}), _first_far_above({10: 1, 1000: 1})
    (1000, None, None)
    """
    total = sum(counts.values())
    if total < _FEWEST_ROWS:
        return None
    usual, below = 0, 0
    for points, count in counts.items():
        usual, below = points, below + count
        if below >= 0.75 * total:
            break
    above_count = total
    for lower, higher in pairwise(counts):
        above_count -= counts[lower]
        is_alone = above_count <= max(1, _MOST_SHARE * total)
        if is_alone and higher > _TIMES_USUAL * usual and higher >= _TIMES_NEXT * lower:
            return higher
    return None
