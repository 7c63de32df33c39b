"""Put together what SourceIds are checked against: extracts, what the ledger keeps of earlier sweeps, a new sweep.

Events that the ledger has already, and files that it knows, are asked about no more.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pandas as pd

from flows.ledger.connection import Ledger
from flows.reference.extracts import Extracts, read_extracts
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.reference import kept_reference
from transforms.reference.reference import Reference, coverage_frame, facts_frame


@dataclass(frozen=True)
class Completed:
    """What is known after a sweep, how many ids it was about, and what went wrong."""

    reference: Reference
    asked_count: int = 0
    notes: tuple[str, ...] = ()


def reference_at_hand(settings: Settings, ledger: Ledger) -> Extracts:
    """Return the extracts, with what earlier sweeps found where sweeping is on; no call is made."""
    extracts = read_extracts(settings, utc_now())
    if not settings.reference.sweep:
        return extracts
    return replace(extracts, reference=with_kept(settings, ledger, extracts.reference))


def with_kept(settings: Settings, ledger: Ledger, reference: Reference) -> Reference:
    """Add what the ledger keeps of earlier sweeps, as far as it is still fresh."""
    oldest_at = fresh_since(settings, utc_now())
    with ledger.begin() as connection:
        fact_rows, read_rows = kept_reference(connection, oldest_at)
    kept = facts_frame((row.site_id, row.named, row.item_id, row.client_id) for row in fact_rows)
    # A sweep reads all that there is of a client, so what it kept covers the client's whole time.
    whole_time = (None, None)
    stretches = [(row.site_id, row.subject, row.client_id, *whole_time, row.fetched_at) for row in read_rows]
    covered = coverage_frame(stretches)
    facts = pd.concat([reference.facts, kept], ignore_index=True)
    coverage = pd.concat([reference.coverage, covered], ignore_index=True)
    return replace(
        reference,
        facts=facts.drop_duplicates(ignore_index=True),
        coverage=coverage,
    )


def fresh_since(settings: Settings, now: datetime) -> datetime:
    """Return since when data must have been read to be of use."""
    return now - timedelta(hours=settings.reference.fresh_hours)
