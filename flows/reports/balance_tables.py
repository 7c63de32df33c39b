"""Balances as tables: what was there, what moved it, what the service reports; by site, and by client."""

from dataclasses import replace
from typing import Final

import pandas as pd

from flows.reports.report import Report, rows
from flows.reports.site_clocks import clock_name, on_the_wall
from flows.reports.table import Block, Column
from flows.reports.values import Show
from transforms.exact_sums import whole_sum
from transforms.totals.client_balances import balances_by_site

_NOTE: Final = (
    "Opening + earned − redeemed + others' entries ± returned, removed or canceled late ± without an entry = closing, "
    "as the service reports it. Without an entry: points that expired, or entries of days that nobody read."
)
_FIGURES: Final = {
    "opening": "Opening",
    "earned": "+ Earned",
    "redeemed": "− Redeemed",
    "others": "± Others, by breaks",
    "taken_back": "± Returned, removed",
    "without_entry": "± Without an entry",
    "closing": "= Closing",
}


def site_balances_block(balances: pd.DataFrame, scope: str) -> Block:
    """Return the balances of each site, by how they were proved."""
    figures = [Column(key, name, Show.COUNT, 1, total=True) for key, name in _FIGURES.items()]
    return Block(
        name="Balances",
        scope=scope,
        note=f"{_NOTE}{_not_concluded(balances)}",
        empty="Nothing was posted to a client, and no balance was read.",
        columns=(
            Column("site_id", "Site", Show.ID, 1),
            Column("proof", "Proved by", Show.TEXT, 1),
            Column("clients", "Clients", Show.COUNT, 1, total=True),
            *figures,
        ),
        frame=balances_by_site(balances),
    )


def _not_concluded(balances: pd.DataFrame) -> str:
    """Say what the sums hold of clients whose balances prove nothing: without it they do not add up."""
    left = balances[balances["difference"].isna()]
    if left.empty:
        return ""
    earned, redeemed = (whole_sum(left[name].dropna()) for name in ("earned", "redeemed"))
    return (
        f" Empty: nothing can be concluded of {len(left):,} clients; By client names each. {earned:,} earned and "
        f"{redeemed:,} redeemed of theirs are in the sums of what was posted, and nothing else of them."
    )


def client_balances_block(balances: pd.DataFrame, scope: str) -> Block:
    """Return the balance of each client from one end to the other."""
    figures = [Column(key, name, Show.COUNT, 13, total=True) for key, name in _FIGURES.items()]
    return Block(
        name="By client",
        scope=scope,
        note=f"{_NOTE} Empty: nothing can be concluded.",
        empty="Nothing was posted to a client, and no balance was read.",
        columns=(
            Column("site_id", "Site", Show.ID, 40),
            Column("client_id", "Client", Show.ID, 40),
            *figures,
            Column("difference", "Difference", Show.COUNT, 12, total=True, zero=True),
            Column("proof", "Proved by", Show.TEXT, 14),
            Column("proved_since_at", "Read (UTC)", Show.UTC, 18),
        ),
        frame=balances.sort_values(["site_id", "client_id"], kind="stable").reset_index(drop=True),
    )


def balances_of(report: Report) -> Block:
    """Return the balances of each site, of a report of a run."""
    return site_balances_block(rows(report, "balances"), _SCOPE)


def clients_of(report: Report) -> Block:
    """Return the balance of each client, of a report of a run."""
    block = client_balances_block(rows(report, "balances"), _SCOPE)
    clients = block.frame
    # A run tells moments by the clock of each site; what the block has from others is in UTC.
    read_at = on_the_wall(report, clients["proved_since_at"], clients["site_id"])
    by_site = Column("proved_since_local", f"Read ({clock_name(report)})", Show.WALL, 18)
    *others, _in_utc = block.columns
    return replace(
        block,
        columns=(*others, by_site),
        frame=clients.assign(proved_since_local=read_at.dt.floor("s")),
    )


_SCOPE: Final = "the clients that this run posted to, and those whose balance was read"
