"""What has come of a sheet so far: counted by state and by tab, its rows a part at a time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from flows.desk.sheets import DeskSheet
from flows.desk.visit import Desk
from sql import desk_rows as brought
from transforms.vocabulary import State

TABS = ("posted", "refused", "changed", "held", "unknown", "fix", "all", "known")
_TAB_OF: Mapping[tuple[State, str], str] = {
    (State.POSTED, ""): "posted",
    (State.POSTED, "taken back"): "posted",
    (State.REFUSED, ""): "refused",
    (State.REFUSED, "changed"): "changed",
    (State.HELD, ""): "held",
    (State.UNKNOWN, ""): "unknown",
}


@dataclass(frozen=True)
class Came:
    """What has become of a sheet so far, counted; its rows are read a page at a time."""

    states: Mapping[State, int]
    tabs: Mapping[str, int]
    cells: int  # wrong ones, of which a row may have several
    file_id: int | None

    @property
    def total(self) -> int:
        """How many events it brought."""
        return self.tabs["all"]

    def count(self, *states: State) -> int:
        """Count events in any of these states."""
        return sum(self.states.get(state, 0) for state in states)


_NOTHING = Came({}, dict.fromkeys(TABS, 0), 0, None)


def came_of(desk: Desk, sheet: DeskSheet) -> Came:
    """Return what the ledger has of a sheet now."""
    with desk.ledger.read() as connection:
        file = brought.file_of(connection, sheet.row.sha256, sheet.row.default_site_id)
        if file is None:
            return _NOTHING
        became = brought.became_of(connection, file.file_id)
        cells_count = brought.count_bad_cells(connection, file.file_id) if file.rejected else 0
    tabs = _counts_by_tab(became)
    tabs["known"] = int(file.duplicate)
    tabs["fix"] = int(file.rejected)
    return Came(
        states=_counts_by_state(became),
        tabs={tab: tabs[tab] for tab in TABS},
        cells=cells_count,
        file_id=file.file_id,
    )


def _counts_by_state(became: Mapping[tuple[State, str], int]) -> Mapping[State, int]:
    states: Counter[State] = Counter()
    for (state, _), count in became.items():
        states[state] += count
    return states


def _counts_by_tab(became: Mapping[tuple[State, str], int]) -> Counter[str]:
    tabs: Counter[str] = Counter()
    for state_and_since, count in became.items():
        tabs["all"] += count
        tab = _TAB_OF.get(state_and_since)
        if tab is not None:
            tabs[tab] += count
    return tabs


def rows_of_tab(desk: Desk, came: Came, tab: str, part: brought.Part = brought.ALL_ROWS) -> Sequence[Row[Any]]:
    """Return rows of a tab; what was turned down and came corrected since is no one's to fix any more."""
    if came.file_id is None:
        return ()
    with desk.ledger.read() as connection:
        if tab == "known":
            return brought.known_rows_of(connection, came.file_id, part)
        if tab == "fix":
            return brought.bad_cells_of(connection, came.file_id, part)
        return brought.rows_of(connection, came.file_id, tab, part)
