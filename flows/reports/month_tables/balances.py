"""Balances over a period, by site and by client."""

import pandas as pd

from flows.reports.balance_tables import client_balances_block, site_balances_block
from flows.reports.month import Month
from flows.reports.month_tables.columns import to_the_second
from flows.reports.table import Block, Column
from flows.reports.values import Show


def balances_of_month(month: Month) -> Block:
    """Return the balances of each site over the period."""
    block = site_balances_block(_with_other_days(month.balances), "the clients that the period posted to")
    note = (
        " From the last reading before the first event of the period was posted to the last one within it, or "
        "the first after; what was posted between them of other days is in the opening balance, and By client tells it."
    )
    return Block(**{**vars(block), "note": block.note + note})


def _with_other_days(balances: pd.DataFrame) -> pd.DataFrame:
    """Return the balances with what was posted of other days in the opening ones, so that each line adds up."""
    opening = balances["opening"] + balances["other_days"].fillna(0)
    return balances.assign(opening=opening)


def by_client_of_month(month: Month) -> Block:
    """Return the balance of each client over the period."""
    block = client_balances_block(month.balances, "the clients that the period posted to")
    columns = [*block.columns[:-1], Column("proved_since_at", f"Read ({month.timezone})", Show.LOCAL, 20)]
    columns.insert(3, Column("other_days", "± of other days", Show.COUNT, 13, total=True))
    frame = to_the_second(block.frame, "proved_since_at")
    return Block(**{**vars(block), "columns": tuple(columns), "frame": frame})
