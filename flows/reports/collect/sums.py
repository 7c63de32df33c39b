"""Sums that must tie: by file, batch and ledger, of a run and of all that the ledger ever held."""

from decimal import Decimal

import pandas as pd
from sqlalchemy import Connection

from sql.reporting import (
    accepted_by_files,
    amount_of_events,
    batches_of_run,
    footing_of_batches,
    footing_of_events,
    points_of_breaks,
)
from transforms.match.balances import balance_breaks
from transforms.match.compared import service_rows
from transforms.match.reconciled import Reconciliation
from transforms.totals.control_totals import control_totals
from transforms.totals.ties import Footing
from transforms.vocabulary import Kind, State

_FOOTING = ["level", "kind", "site_id", "events", "points", "amount"]


def control_totals_of_run(
    connection: Connection, run_id: str, events: pd.DataFrame, reconciliation: Reconciliation | None
) -> pd.DataFrame:
    """Return what files, batches, ledger and services come to, of what the run accepted and posted."""
    batches = list(batches_of_run(connection, run_id))
    # The events of a run are also those that earlier runs accepted and this one sent; files and batches of this run
    # know nothing of them.
    accepted = events[events["is_accepted"]]
    posted = events[events["state"].eq(State.POSTED)]
    shown = service_rows(posted, reconciliation)
    return control_totals(accepted, batches, posted, shown)


def footing_of_ledger(connection: Connection) -> Footing:
    """Return what all files, all batches and all events that the ledger ever accepted come to."""
    updated = amount_of_events(connection)
    lines = []
    for row in footing_of_events(connection):
        amount = updated if row["kind"] == Kind.REWARD_UPDATE else None
        lines.append({"level": "file", **row, "amount": amount})
    for row in footing_of_batches(connection):
        amount = Decimal(row["amount"])
        lines.append({"level": "batch", **row, "events": row["event_count"], "amount": amount})
    # As objects, or the amounts would become floats.
    totals = pd.DataFrame(lines, columns=_FOOTING, dtype="object")
    return Footing(totals, accepted_by_files(connection))


def points_in_balance_breaks(connection: Connection, reconciliation: Reconciliation | None) -> int:
    """Return the points in the breaks about balances that are open."""
    if reconciliation is None:
        return 0
    ids = [record["break_id"] for record in balance_breaks(reconciliation.balances)]
    return points_of_breaks(connection, ids)
