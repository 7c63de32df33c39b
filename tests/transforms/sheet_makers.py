"""Sheets made from rows of text, as a reader would give them."""

from datetime import UTC, datetime

import pandas as pd

from transforms.check.parameters import Rules
from transforms.check.part import Checked, check_sheets
from transforms.sheets.sheet import Sheet

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
RULES = Rules(NOW, default_site_id="-99")
CLIENT = ["ClientId", "Points", "Action", "Source", "SourceId", "ActionDateTime"]
REWARD = ["RewardId", "PayoutId", "Amount", "EligibilityDate", "Description"]


def sheet_of(*rows: list[str], name: str = "Rewards") -> Sheet:
    """Return a spreadsheet's sheet; short rows are filled up with empty cells."""
    width = max(map(len, rows))
    cells = pd.DataFrame([row + [""] * (width - len(row)) for row in rows], dtype="str")
    return Sheet(name, cells.mask(cells == "").set_axis(range(1, len(rows) + 1)), has_addresses=True)


def check_rows(*rows: list[str], headings: list[str] = CLIENT, rules: Rules = RULES) -> Checked:
    """Check rows under the given headings, the first of which is row 2."""
    return check_sheets([sheet_of(headings, *rows)], rules)


def codes(checked: Checked) -> list[tuple[str | None, str]]:
    """Return (cell, code) of every error; None for a whole row."""
    cells = checked.errors["cell"]
    return [(None if pd.isna(cell) else cell, code) for cell, code in zip(cells, checked.errors["code"], strict=True)]
