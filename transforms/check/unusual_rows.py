"""Rows that are right by every rule, and yet may be a slip: two equal ones side by side, points far above the others'.

They are told before anything is posted, and never held: a client takes two equal classes a day, and now and then
somebody buys a year.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from transforms.sheets.notes import Note

_SAME = ["sheet", "site_id", "client_id", "action", "points", "source", "source_id", "action_at", "action_fraction"]
_GROUP = ["sheet", "action"]
_FEWEST_ROWS = 4  # of which something can be called usual
_TIMES_USUAL = 5
_TIMES_NEXT = 3
_MOST_SHARE = 0.05  # more of them than that, and they are usual themselves


@dataclass(frozen=True)
class SeenRows:
    """What is to be remembered of some rows of a file, to judge the whole; small, however many rows there are.

    points: one row per sheet, action and points: count, and the first row. equal: one row per row that equals the one
    above: sheet, row. last: the last row, to be compared with the next part's first.
    """

    points: pd.DataFrame
    equal: pd.DataFrame
    last: pd.DataFrame


def see_rows(events: pd.DataFrame, above: SeenRows | None = None) -> SeenRows:
    """Return what is to be remembered of the next good rows of a file (`transforms.check.events`)."""
    of_clients = events.loc[events["points"].notna(), [*_SAME, "row", "receipt"]]
    counted = of_clients.fillna({"sheet": ""}).groupby([*_GROUP, "points"], sort=False)["row"]
    points = counted.agg(rows_count="count", first_row="first").reset_index()
    joined = of_clients if above is None else pd.concat([above.last, of_clients])
    # What bears a receipt was taken in before, and a person has seen it since.
    is_equal = _equals_the_one_above(joined[_SAME]) & joined["receipt"].isna()
    return SeenRows(points, joined.loc[is_equal, ["sheet", "row"]], joined.tail(1))


def _equals_the_one_above(rows: pd.DataFrame) -> pd.Series:
    is_equal = pd.Series(data=True, index=rows.index)
    for name in rows.columns:
        column, before = rows[name], rows[name].shift()
        is_equal &= (column == before).fillna(value=False) | (column.isna() & before.isna())
    is_equal.iloc[:1] = False
    return is_equal.astype(bool)


def tell_unusual(seen: Sequence[SeenRows]) -> Iterator[Note]:
    """Say of a whole file which rows may be a slip."""
    yield from _tell_equal(seen)
    if not seen:
        return
    points = pd.concat([part.points for part in seen]).groupby([*_GROUP, "points"], sort=False)
    whole = points.agg(rows_count=("rows_count", "sum"), first_row=("first_row", "first")).reset_index()
    for _, rows in whole.groupby(_GROUP, sort=False):
        yield from _tell_far_above(rows.sort_values("points"))


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
    yield Note(told, sheet, row)


def _tell_far_above(rows: pd.DataFrame) -> Iterator[Note]:
    """`rows` are of one sheet and action, in order of their points."""
    counts = dict(zip(rows["points"].tolist(), rows["rows_count"].tolist(), strict=True))
    limit = _first_far_above(counts)
    if limit is None:
        return
    far = rows[rows["points"] >= limit]
    most = far.iloc[-1]
    usual = max(points for points in counts if points < limit)
    others = f" and {int(far['rows_count'].sum()) - 1:,} more" if far["rows_count"].sum() > 1 else ""
    told = (
        f"row {most['first_row']}{others}: {most['points']:,} points {most['action']} is far above all other rows of "
        f"the sheet, which have at most {usual:,}. A slip of the keyboard?"
    )
    yield Note(told, most["sheet"] or None, int(most["first_row"]))


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
