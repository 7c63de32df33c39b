"""Which clock holds for the rows of each table and site: as layouts, sites and the documents say, brought together."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from transforms.check.habits import Habits, column_key
from transforms.check.parameters import Rules
from transforms.sheets.amount_signs import AmountHabit
from transforms.sheets.clocks import UNKNOWN_SITE, SaidBy, SaidClock, is_utc, said_clock
from transforms.sheets.date_habits import DateHabit
from transforms.sheets.headings import Table
from transforms.sheets.layout import Layout
from transforms.sheets.times import Clock

NO_CLOCK = Clock()
NO_HABIT = AmountHabit()


class TableClocks:
    """The clocks of a file's tables, each of which may hold rows of several sites."""

    def __init__(self, tables: Sequence[Table], rules: Rules, habits: Habits) -> None:
        self._tables = tables
        self._habits = habits
        self._rules = rules
        self.saids: list[SaidClock] = []
        self._clocks: list[Clock] = []
        self._place_of: dict[tuple[SaidClock, Clock], int] = {}

    def places(self, table: pd.Series, site_id: pd.Series) -> pd.Series:
        """Return the place of the clock that holds for each row; tables and sites that share one have one place."""
        # Asked once for each table and site: a million rows are of a few.
        pairs = pd.DataFrame({"table": table, "site_id": site_id})
        number = pairs.groupby(["table", "site_id"], dropna=False, sort=False).ngroup()
        is_first = ~number.duplicated()
        place_of: dict[int, int] = {}
        firsts = zip(number[is_first], table[is_first], site_id[is_first], strict=True)
        for own_number, of_table, site in firsts:
            own_site = None if pd.isna(site) else site
            place_of[own_number] = self._place(int(of_table), own_site)
        return number.map(place_of).astype("int64")

    def clock(self, place: int) -> Clock:
        """Return the clock at a place."""
        return self._clocks[place]

    def of_dates(self, table: int, field: str) -> Clock:
        """Return how a column writes days, whatever their zone."""
        habit = self._habits.get(column_key(self._tables[table], field))
        if not isinstance(habit, DateHabit):
            return NO_CLOCK
        return Clock(
            date_order=habit.date_order,
            count=habit.count,
            has_halves=habit.has_halves,
            lacks_halves=habit.lacks_halves,
            is_exchanged=habit.is_exchanged,
        )

    def of_amounts(self, table: int) -> AmountHabit:
        """Return how a table writes amounts."""
        habit = self._habits.get(column_key(self._tables[table], "amount"))
        return habit if isinstance(habit, AmountHabit) else NO_HABIT

    def _place(self, table: int, site_id: str | None) -> int:
        said = self._said(self._tables[table], site_id)
        how = self.of_dates(table, "action_date_time")
        # In UTC the evening of a studio may well be between one and five.
        clock = replace(how, zone=said.zone, lacks_halves=how.lacks_halves and not is_utc(said.zone))
        place = self._place_of.setdefault((said, clock), len(self._clocks))
        if place == len(self._clocks):
            self.saids.append(said)
            self._clocks.append(clock)
        return place

    def _said(self, table: Table, site_id: str | None) -> SaidClock:
        layout = table.layout
        said = self._said_by_layout(table, layout, site_id)
        # A heading that names the clock itself is the sheet's own word.
        by_heading = layout is not None and layout.zoned_heading is not None and layout.times is None
        return replace(said, said_by=SaidBy.HEADING) if by_heading else said

    def _said_by_layout(self, table: Table, layout: Layout | None, site_id: str | None) -> SaidClock:
        return said_clock(
            None if layout is None else layout.times,
            None if layout is None else layout.zone,
            self._rules.site_clocks.get(site_id or "", UNKNOWN_SITE),
            is_of_keys=table.sheet.heading_row is not None,
        )
