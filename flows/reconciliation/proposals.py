"""Propose to take back what a service shows more often than it was sent; a person approves it, or does not."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from flows.ledger.run_id import new_run_id
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.reversals import Entry, Request, breaks_with_reversals, plan_reversal
from transforms.vocabulary import Action, Outcome

_WHY = "the service shows it more often than it was sent"


def propose_reversals(connection: Connection, settings: Settings, transactions: pd.DataFrame) -> int:
    """Plan to take back each extra entry that nobody proposed to take back yet; return how many.

    ``transactions`` are outcomes of a match whose ``break_id`` is open. One is proposed once: where a person discards
    the proposal, the break alone stays.
    """
    is_extra = transactions["outcome"].eq(Outcome.DUPLICATE_REMOTE)
    known = breaks_with_reversals(connection, transactions.loc[is_extra, "break_id"])
    # A proposal that somebody has discarded counts too: asked again each night, a person would let it through one day
    # to be rid of it.
    is_proposed = transactions["break_id"].isin(known)
    new = transactions[is_extra & ~is_proposed].to_dict("records")
    entries = [_entry_of(row) for row in new if _has_opposite(settings, row["action"])]
    if entries:
        request = Request(name="reversals of extra entries", by="tieout", reason=_WHY, now=utc_now())
        plan_reversal(connection, new_run_id("reverse"), entries, request)
    return len(entries)


def _entry_of(row: Mapping[Any, Any]) -> Entry:
    return Entry(
        site_id=row["site_id"],
        client_id=row["client_id"],
        action=Action(row["action"]),
        points=int(row["points"]),
        break_id=row["break_id"],
    )


def _has_opposite(settings: Settings, action: str) -> bool:
    """Return whether it can be offset from here: an opposite Earned has no Source, which a setting may ask for."""
    if action == Action.REDEEMED:
        return not settings.guards.require_source
    return action == Action.EARNED
