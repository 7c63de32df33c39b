"""What a block of the report is made of, whichever form draws it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pandas as pd

from flows.reports.values import Show, Value, values


@dataclass(frozen=True)
class Column:
    """One column as shown: where its values come from, its heading, how they are meant, how wide it is.

    The width is the most characters that it may take on a sheet of its own (more wrap), and columns of the grid on the
    summary.
    """

    key: str
    heading: str
    show: Show
    width: float
    total: bool = False  # summed
    zero: bool = False  # anything but zero is marked


@dataclass(frozen=True)
class Block:
    """One table as shown; `frame` has the keys of `columns`, one row per line, in the order to read them."""

    name: str
    note: str
    empty: str  # said instead of lines
    columns: tuple[Column, ...]
    frame: pd.DataFrame
    sum_name: str = "Sum"
    scope: str = ""  # what its lines are of: said in its title, since tables side by side are not always of the same
    strong: str = ""  # key of a flag in `frame`: lines that are totals
    line: str = ""  # key in `frame` of what each line is known by, where totals of other tables lead to it

    @property
    def title(self) -> str:
        """The name, and what the lines are of."""
        return f"{self.name}: {self.scope}" if self.scope else self.name


def lines(block: Block, zone: ZoneInfo, most: int | None = None) -> Iterator[tuple[Value, ...]]:
    """Yield the lines of `block`, or the first `most` of them, each a value per column, as the columns mean them."""
    frame = block.frame if most is None else block.frame.head(most)
    if frame.empty:
        return iter(())
    filled = [values(frame[column.key], column.show, zone) for column in block.columns]
    return by_line(filled)


def by_line(filled: Sequence[Sequence[Value]]) -> Iterator[tuple[Value, ...]]:
    """Yield the lines of what was filled column by column, each column of one kind."""
    return zip(*filled, strict=True)
