"""Balances over a period, by site and by client."""

from dataclasses import replace

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
    return replace(block, note=block.note + note)


def _with_other_days(balances: pd.DataFrame) -> pd.DataFrame:
    """Return the balances with what was posted of other days in the opening ones, so that each line adds up."""
    opening = balances["opening"] + balances["other_days"].fillna(0)
    return balances.assign(opening=opening)


def by_client_of_month(month: Month) -> Block:
    """Return the balance of each client over the period."""
    block = client_balances_block(month.balances, "the clients that the period posted to")
    # As in the report of a night, but for two columns: a period counts other days' entries, and tells times by its
    # own clock.
    *columns, _ = block.columns
    columns.insert(3, Column("other_days", "± of other days", Show.COUNT, 13, total=True))
    columns.append(Column("proved_since_at", f"Read ({month.timezone})", Show.LOCAL, 20))
    frame = to_the_second(block.frame, "proved_since_at")
    return replace(block, columns=tuple(columns), frame=frame)
