"""Tell rows that would be lost: such as look like events, where nobody reads them as any."""

from collections.abc import Sequence

import pandas as pd

from transforms.sheets.cells import is_whole, parse_choice
from transforms.sheets.fields import REQUIRED
from transforms.sheets.headings import Table
from transforms.vocabulary import Action, Target

_SAMPLE_ROWS = 1_000  # of a table, to tell what its ids look like
_FEWEST_OF_EVENT = 3  # values of a row: who, earned or redeemed, and one more
_FEWEST_OF_UPDATE = 2  # the reward and its payout


def rows_like_events(cells: pd.DataFrame, table: Table) -> list[int]:
    """Return the rows that would be events if the table's headings held for them too."""
    cells = _with_columns_of(table, cells)
    is_event = pd.Series(False, index=cells.index)
    if Target.MINDBODY in table.targets:
        is_event |= _like_points(cells, table)
    if Target.REFERRAL_ROCK in table.targets:
        is_event |= _like_update(cells, table)
    return _rows(is_event)


def _with_columns_of(table: Table, cells: pd.DataFrame) -> pd.DataFrame:
    """Return cells that reach to the table's last column; a narrower sheet has nothing there."""
    last = max(table.columns.values())
    if set(table.columns.values()) <= set(cells.columns):
        return cells
    return cells.reindex(columns=range(last + 1)).astype("str")


def _like_points(cells: pd.DataFrame, table: Table) -> pd.Series:
    client, points, action = (cells[table.columns[field]] for field in REQUIRED[Target.MINDBODY])
    is_action = parse_choice(action, Action).notna()
    has_points = is_whole(points).eq(True)
    return client.notna() & has_points & is_action


def _like_update(cells: pd.DataFrame, table: Table) -> pd.Series:
    reward, payout = (cells[table.columns[field]] for field in REQUIRED[Target.REFERRAL_ROCK])
    return _is_code(reward) & _is_code(payout)


def rows_maybe_events(cells: pd.DataFrame, tables: Sequence[Table]) -> list[int]:
    """Return the rows that hold what a row of a table holds, in whatever columns, good or bad.

    That is the word of an action, beside an id of the shape that ids of the tables have and one more value; or the ids
    of a reward and its payout. The line of a summary ("Earned", 340) has no such id, and a list of clients no action.
    """
    shapes = cells.apply(_shapes)
    filled = cells.notna().sum(axis=1)
    has_client = _holds(shapes, tables, "client_id")
    # Enough to ask a person, and too little to pay by: a wrong guess costs a question here, and a row that is passed
    # over is never paid.
    is_event = has_client & _has_action(cells) & (filled >= _FEWEST_OF_EVENT)
    has_reward = _holds(shapes, tables, "reward_id")
    has_payout = _holds(shapes, tables, "payout_id")
    is_update = has_reward & has_payout & (filled >= _FEWEST_OF_UPDATE)
    return _rows(is_event | is_update)


def _has_action(cells: pd.DataFrame) -> pd.Series:
    """Tell rows with the word of an action in any column."""
    actions = cells.apply(lambda texts: parse_choice(texts.astype("str"), Action))
    return actions.notna().any(axis=1)


def _holds(shapes: pd.DataFrame, tables: Sequence[Table], field: str) -> pd.Series:
    """Tell rows with an id in any column that looks like those of a field."""
    of_tables: set[str] = set()
    for table in tables:
        if field in table.columns:
            of_tables |= _shapes_in(table, field)
    return shapes.isin(of_tables).any(axis=1)


def _shapes_in(table: Table, field: str) -> set[str]:
    cells = table.sheet.cells
    is_below = cells.index > table.heading_row
    sample = cells.loc[is_below, table.columns[field]].head(_SAMPLE_ROWS)
    return set(_shapes(sample).dropna())


def _shapes(texts: pd.Series) -> pd.Series:
    """Write 9 for every digit and A for every letter, of texts with a digit; NA for others."""
    ids = texts.where(_is_code(texts)).astype("str")
    digits = ids.str.replace("[0-9]", "9", regex=True)
    return digits.str.replace("[A-Za-z]", "A", regex=True)


def _is_code(texts: pd.Series) -> pd.Series:
    """Tell what could be an id from the words of a title: it has a digit and no blank."""
    return texts.str.fullmatch(r"\S*[0-9]\S*").eq(True)


def _rows(is_one: pd.Series) -> list[int]:
    return [int(row) for row in is_one.index[is_one]]
