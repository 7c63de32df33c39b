"""What all cells of a column of amounts say of its decimals: 1.250 is 1.25 for some, and 1250 for others.

A comma before the decimals (12,50) is of somebody to whom a dot means thousands, or of a program that has read only
what it took for numbers: then no cell with a dot is sure. Decimals after a dot that cannot be thousands (12.50) make
1.250 a number with three of them. Where neither is there, a person says it.
"""

import math
from dataclasses import dataclass, field

import pandas as pd

from transforms.sheets.date_signs import Seen, joined, seen_in

# What stands around a number: signs of money, blanks.
_AROUND = r"^[^0-9.,-]+|[^0-9]+$"
# A comma that cannot be thousands, or dots that can be nothing else.
_COMMA = r"-?[0-9]+(?:[.'’ ][0-9]{3})*,(?:[0-9]{1,2}|[0-9]{4,})|-?[0-9]{1,3}(?:\.[0-9]{3}){2,}"
_EITHER = r"-?[1-9][0-9]{0,2}\.[0-9]{3}"
_DOT = r"-?[0-9,'’ ]*\.[0-9]+"
_FAR = 100  # times as large as every other amount
_DOTTED = r"-?[0-9]*(?:\.[0-9]+)+"


@dataclass(frozen=True)
class AmountSigns:
    """What the cells of a column hold; None where there is none of the kind."""

    comma: Seen | None = None  # 12,50
    dot: Seen | None = None  # 12.50: no thousands
    either: Seen | None = None  # 1.250
    is_typed: bool = False  # 1.250 ends with a zero, which no program writes after a number
    most_whole: float = 0  # the largest number without a sign
    least_thousand: float = math.inf  # the least number of thousands that a dot could make

    def __add__(self, later: "AmountSigns") -> "AmountSigns":
        """Join what was found further down."""
        return AmountSigns(
            comma=joined(self.comma, later.comma),
            dot=joined(self.dot, later.dot),
            either=joined(self.either, later.either),
            is_typed=self.is_typed or later.is_typed,
            most_whole=max(self.most_whole, later.most_whole),
            least_thousand=min(self.least_thousand, later.least_thousand),
        )

    @property
    def is_open(self) -> bool:
        """Whether nothing in the column says what a dot is.

        Beside 5 and 7, 12.345 is no twelve thousand, unless somebody has typed it with a zero at its end.
        """
        if self.either is None:
            return False
        # 1,500.00 and 1.500,00 say by their second sign what the first one is. 1.500 alone says nothing, and is one and
        # a half or fifteen hundred.
        is_told_by_another = self.comma is not None or self.dot is not None
        is_far_from_others = 0 < self.most_whole * _FAR < self.least_thousand
        is_told_by_size = is_far_from_others and not self.is_typed
        return not is_told_by_another and not is_told_by_size


@dataclass(frozen=True)
class AmountHabit:
    """How a column writes its amounts, as a layout or all of its cells say."""

    decimals: str = "."  # the sign before them
    is_said: bool = False  # by a layout
    comma: Seen | None = field(default=None, compare=False)  # a cell that shows it


def amount_signs(texts: pd.Series, rows: pd.Series) -> AmountSigns:
    """Look at the cells of a column, or of a part of it; `rows` are their rows in the sheet."""
    filled = texts.dropna()
    has_mark = filled.str.contains("[.,]", regex=True)
    marked = filled[has_mark]
    most_whole = _most(filled.drop(marked.index))
    if marked.empty:
        return AmountSigns(most_whole=most_whole)
    numbers = marked.str.replace(_AROUND, "", regex=True)
    is_comma = numbers.str.fullmatch(_COMMA)
    is_either = numbers.str.fullmatch(_EITHER)
    is_dot = numbers.str.fullmatch(_DOT) & ~is_either
    could_be_either = numbers[is_either]
    return AmountSigns(
        comma=seen_in(marked[is_comma], rows),
        dot=seen_in(marked[is_dot & ~is_comma], rows),
        either=seen_in(marked[is_either], rows),
        is_typed=bool(could_be_either.str.endswith("0").any()),
        most_whole=most_whole,
        least_thousand=_least(could_be_either),
    )


def _most(wholes: pd.Series) -> float:
    """Return the largest number without a mark; 0 where there is none."""
    plain = wholes[wholes.str.fullmatch("[0-9]{1,15}")]
    if plain.empty:
        return 0
    return float(plain.astype("float64").max())


def _least(thousands: pd.Series) -> float:
    numbers = thousands.str.replace("[^0-9]", "", regex=True)
    return float(numbers.astype("float64").min()) if len(numbers) else math.inf


def tell_amounts(signs: AmountSigns, said: str | None) -> AmountHabit:
    """Decide how a column is written; what a layout has `said` holds before all signs."""
    if said is not None:
        return AmountHabit(said, is_said=True)
    return AmountHabit("," if signs.comma is not None else ".", comma=signs.comma)


def without_doubt(texts: pd.Series, habit: AmountHabit) -> pd.Series:
    """Return the cells that can be read, with a dot before the decimals; NA for those that may be another number.

    A comma is read where a person has said that it stands before the decimals, and a dot never beside it.
    """
    if habit.decimals == ".":
        return texts
    doubtful = texts.str.fullmatch(_DOTTED).eq(True)
    sure = texts.mask(doubtful)
    if not habit.is_said:
        return sure
    return sure.str.replace(r"^(-?[0-9]+),([0-9]+)$", r"\1.\2", regex=True)
