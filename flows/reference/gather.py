"""Put together what SourceIds are checked against: extracts, what the ledger keeps of earlier sweeps, a new sweep.

Events that the ledger has already, and files that it knows, are asked about no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pandas as pd

from flows.clock import utc_now
from flows.ledger import Ledger
from flows.reference.folder import Extracts, read_extracts
from flows.reference.reads import Allowance
from flows.reference.sweep import sweep
from flows.registering import CheckedFile
from flows.settings import Settings
from sql.reference import calls_spoken_for, keep_reference, kept_reference, known_events
from sql.register import find_file
from transforms.identify import identify
from transforms.reference import Reference, coverage_frame, facts_frame, judge_source_ids, what_is_asked
from transforms.vocabulary import Finding, Target

_TOKENS = 3  # of a site, to post, to settle and to read back
_TO_ASK = (Finding.NO_DATA, Finding.TOO_OLD, Finding.NOT_COVERED)


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
    return replace(extracts, reference=_with_kept(settings, ledger, extracts.reference))


def sweep_for(settings: Settings, ledger: Ledger, files: Sequence[CheckedFile], reference: Reference) -> Completed:
    """Ask the service for what the rows of these files name and `reference` does not tell; keep the answers."""
    left = [_left(ledger, file, reference) for file in files]
    asked = pd.concat(left, ignore_index=True) if left else pd.DataFrame()
    if asked.empty:
        return Completed(reference)
    asked = asked.drop_duplicates(ignore_index=True)
    allowance = _allowance(settings, ledger, files)
    swept = sweep(settings, ledger, asked, Allowance(allowance))
    now = utc_now()
    with ledger.begin() as connection:
        keep_reference(connection, swept.facts, swept.reads, now, _fresh_since(settings, now))
    notes = tuple(f"reference data could not be read: {trouble}" for trouble in swept.troubles)
    return Completed(_with_kept(settings, ledger, reference), len(asked), notes)


def _left(ledger: Ledger, file: CheckedFile, reference: Reference) -> pd.DataFrame:
    """Return what the new rows of a file ask, where the data at hand does not tell."""
    events = file.checked.events
    finding = judge_source_ids(events, reference, file.rules.now)
    asked = what_is_asked(events)[finding.isin([why.value for why in _TO_ASK])]
    site_id = file.default_site_id or ""
    with ledger.begin() as connection:
        if asked.empty or find_file(connection, file.sha256, site_id) is not None:
            return asked[:0]
        event_id = identify(events, file.sha256, site_id).loc[asked.index, "event_id"]
        known = event_id.isin(known_events(connection, event_id.tolist()))
    new: pd.DataFrame = asked[~known].fillna({"action_at": pd.Timestamp(file.rules.now)})
    return new


def _allowance(settings: Settings, ledger: Ledger, files: Sequence[CheckedFile]) -> int:
    """Return how many of today's calls posting, and reading every client back, will not need."""
    of_clients = [file.checked.events[file.checked.events["target"] == Target.MINDBODY] for file in files]
    new = sum(len(events) + events["client_id"].nunique() for events in of_clients)
    new += _TOKENS * len({site_id for events in of_clients for site_id in events["site_id"].unique()})
    with ledger.begin() as connection:
        return settings.mindbody.calls_per_day - new - calls_spoken_for(connection, utc_now().date())


def _with_kept(settings: Settings, ledger: Ledger, reference: Reference) -> Reference:
    with ledger.begin() as connection:
        facts, reads = kept_reference(connection, _fresh_since(settings, utc_now()))
    kept = facts_frame((row.site_id, row.named, row.item_id, row.client_id) for row in facts)
    whole = coverage_frame((row.site_id, row.subject, row.client_id, None, None, row.fetched_at) for row in reads)
    return replace(
        reference,
        facts=pd.concat([reference.facts, kept], ignore_index=True).drop_duplicates(ignore_index=True),
        coverage=pd.concat([reference.coverage, whole], ignore_index=True),
    )


def _fresh_since(settings: Settings, now: datetime) -> datetime:
    return now - timedelta(hours=settings.reference.fresh_hours)
