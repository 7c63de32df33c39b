"""What the ledger keeps of a period, and which of its events count as let go and as posted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from transforms.vocabulary import State


@dataclass(frozen=True)
class PeriodFacts:
    """What the ledger keeps of a period.

    ``events``: event_id, kind, site_id, client_id, reward_id, points, amount (Decimal), source, state, first_state,
    compared_at, is_taking_back, was_let_go, was_replaced. ``again``: how many rows brought an event again.
    ``rejected``: file_id, kind, site_id, row_count, points, amount. ``breaks``: those about events or entries of the
    period that are not gone: break_id, class, event_id, site_id, more, is_entry, points_ledger, points_service,
    amount_ledger, amount_service. ``proved``: events that no reading compared and a balance proves. ``offset``: breaks
    whose entry one of ours took back.
    """

    events: pd.DataFrame
    again: Mapping[str, int]
    rejected: pd.DataFrame
    breaks: pd.DataFrame
    proved: Collection[str]
    offset: Collection[str]
    currency: str


def is_answered_for(events: pd.DataFrame) -> "pd.Series[bool]":
    """Return which events were let go once: accepted from their row on, or approved since."""
    is_accepted = events["first_state"].eq(State.READY)
    # What is neither held nor discarded was let go by somebody; what was discarded may have been let go before, or not.
    has_moved_on = ~events["state"].isin([State.HELD, State.DISCARDED])
    return is_accepted | has_moved_on | events["was_let_go"]


def posted_of(events: pd.DataFrame) -> pd.DataFrame:
    """Return what the walk counts as posted: an update that a later one replaced is not."""
    return events[events["state"].eq(State.POSTED) & ~events["was_replaced"]]
