"""Propose to take back what a service shows more often than it was sent; a person approves it, or does not."""

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
    known = breaks_with_reversals(connection)
    extra = transactions[transactions["outcome"].eq(Outcome.DUPLICATE_REMOTE) & ~transactions["break_id"].isin(known)]
    columns = [extra[name] for name in ("site_id", "client_id", "action", "points", "break_id")]
    entries = [
        Entry(site_id, client_id, Action(action), int(points), break_id=break_id)
        for site_id, client_id, action, points, break_id in zip(*columns, strict=True)
        if _has_opposite(settings, action)
    ]
    if entries:
        request = Request("reversals of extra entries", "tieout", _WHY, utc_now())
        plan_reversal(connection, new_run_id("reverse"), entries, request)
    return len(entries)


def _has_opposite(settings: Settings, action: str) -> bool:
    """Return whether it can be offset from here: an opposite Earned has no Source, which a setting may ask for."""
    return action == Action.EARNED or (action == Action.REDEEMED and not settings.guards.require_source)
