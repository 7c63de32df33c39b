"""What one cell of the page shows and how it looks; the classes are those of the style sheet."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from flows.reports.table import Block, Column
from flows.reports.values import Show, Value, second_text, total

_NUMBERS: Final = (Show.COUNT, Show.AMOUNT, Show.QUANTITY)
_TIMES: Final = (Show.UTC, Show.LOCAL, Show.WALL, Show.DATE)


@dataclass(frozen=True)
class Cell:
    """A cell as the template draws it."""

    text: str
    looks: str = ""
    is_number: bool = False
    is_command: bool = False
    is_link: bool = False
    target: str = ""  # the part of the page that it leads to
    said: str = ""  # what must be found there

    def leading_to(self, target: str, said: str = "") -> "Cell":
        """Return the cell as a link to a part of the page."""
        return replace(self, target=target, said=said)


def cell(column: Column, value: Value) -> Cell:
    """Return the cell of one value."""
    return Cell(
        text=_said(value),
        looks=_looks(column, value),
        is_number=is_number(column),
        is_command=column.key == "command",
        is_link=column.show is Show.LINK,
    )


def is_number(column: Column) -> bool:
    """Return whether the column stands right, where digits stand one below the other."""
    return column.show in _NUMBERS


def sum_cells(block: Block) -> list[Cell]:
    """Return the line of sums, a cell per column; the first holds how many lines they are of."""
    count = len(block.frame)
    told = "1 line" if count == 1 else f"{count:,} lines"
    if has_sums(block):
        told = f"{block.sum_name} of {told}"
    _, *others = block.columns
    return [Cell(told), *(_sum(block, column) for column in others)]


def has_sums(block: Block) -> bool:
    """Return whether any column of the block is summed."""
    return any(column.total for column in block.columns)


def _sum(block: Block, column: Column) -> Cell:
    if not column.total:
        return Cell("")
    return Cell(f"{total(block.frame[column.key], column.show):,}", is_number=True)


def _looks(column: Column, value: Value) -> str:
    """Return the classes of a cell: its kind first, then how wide it is and whether it is off."""
    classes = [_kind(column)]
    # A browser would squeeze sentences to a word a line to make room for the other columns.
    if column.show is Show.TEXT and value is not None:
        if column.width >= 17:
            classes.append("wide")
        if column.width >= 40:
            classes.append("long")
    if value == 0 and not isinstance(value, bool):
        classes.append("nothing")
    if _is_odd(column, value):
        classes.append("odd")
    return " ".join(classes)


def _kind(column: Column) -> str:
    if column.show in _NUMBERS:
        return "number"
    if column.show in _TIMES:
        return "time"
    return str(column.show)


def _is_odd(column: Column, value: Value) -> bool:
    # Null is not odd: what nobody could count is neither right nor wrong.
    if value is None:
        return False
    if column.show is Show.FLAG:
        return value is False
    return column.zero and value != 0


def _said(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            # In capitals, since color alone does not reach everybody, nor a printed page.
            return "yes" if value else "NO"
        case int() | Decimal():
            return f"{value:,}"
        case datetime():
            return second_text(value)
        case _:
            return str(value)
