"""Where the totals of a workbook stand, so that each can lead to the one that it must equal.

The first sheet is written first: where its totals stand is noted as they are put there. The sums of every other sheet
stand in one row, the same on all, and are known before they are written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xlsxwriter.utility import xl_rowcol_to_cell  # type: ignore[import-untyped]  # no marker, see ink

from flows.reports.equal_totals.leads import Lead, Place, place_of
from flows.reports.table import Block
from flows.reports.workbook.ink import Ink, Sheet, lead_to

_FIRST_SHEET = "Summary"
At = tuple[int, int]


@dataclass(frozen=True)
class Totals:
    """Where totals stand, and which leads where."""

    leads: Mapping[Place, Lead]
    sums_row: int  # of every sheet but the first
    behind: Mapping[str, Sequence[str]]  # the keys of the columns of each sheet behind the first
    on_first: dict[Place, At] = field(default_factory=dict)
    blocks_on_first: dict[str, At] = field(default_factory=dict)

    def block_at(self, name: str, at: At) -> None:
        """Note where a block of the first sheet begins."""
        self.blocks_on_first[name] = at

    def put_at(self, place: Place, at: At) -> None:
        """Note where a total of the first sheet stands."""
        self.on_first[place] = at

    def lead(self, ink: Ink, sheet: Sheet, place: Place, at: At) -> None:
        """Let the cell of a total lead to the one that it must equal; its value is put in after that."""
        lead = self.leads.get(place)
        if lead is None:
            return
        where = self._where(place_of(lead.to))
        if where is not None:
            lead_to(ink, sheet, at, where, lead.said)

    def beginning(self, name: str) -> str:
        """Return the cell where a table begins: a sheet of its own, or a part of the first one."""
        if name in self.behind:
            return f"'{name}'!A1"
        return _on_first_sheet(self.blocks_on_first.get(name, (0, 0)))

    def _where(self, place: Place) -> str | None:
        """Return the cell of a total; the beginning of its block, where none is its own."""
        name, _, key = place
        if name in self.behind:
            keys = self.behind[name]
            column = keys.index(key) if key in keys else 0
            return f"'{name}'!{xl_rowcol_to_cell(self.sums_row, column)}"
        at = self.on_first.get(place) or self.blocks_on_first.get(name)
        return None if at is None else _on_first_sheet(at)


def _on_first_sheet(at: At) -> str:
    row, column = at
    return f"'{_FIRST_SHEET}'!{xl_rowcol_to_cell(row, column)}"


def totals_of(blocks: Sequence[Block], leads: Mapping[Place, Lead], sums_row: int) -> Totals:
    """Return the totals of a workbook that has these blocks behind its first sheet."""
    behind = {block.name: [column.key for column in block.columns] for block in blocks}
    return Totals(leads, sums_row, behind)
