"""Look up what the SourceIds of checked files name, and judge the files anew by it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection

from flows.intake.check import check_file
from flows.intake.checked_file import CheckedFile
from flows.ledger.connection import Ledger
from flows.reference.at_hand import Completed, fresh_since, reference_at_hand, with_kept
from flows.reference.sweep import sweep
from flows.runtime.clock import utc_now
from flows.runtime.errors import FileRejected
from flows.services.mindbody.lookups import Allowance
from flows.settings.sections import Settings
from sql.reference import calls_spoken_for, keep_reference, known_events
from sql.register import find_file
from transforms.check.cross_check import judge_source_ids, what_is_asked
from transforms.destinations import Destination
from transforms.reference.reference import Reference
from transforms.vocabulary import Finding, Kind, Target

_TOKENS = 3  # of a site, to post, to settle and to read back
_TO_ASK = (Finding.NO_DATA, Finding.TOO_OLD, Finding.NOT_COVERED)


def sweep_for(settings: Settings, ledger: Ledger, files: Sequence[CheckedFile], reference: Reference) -> Completed:
    """Ask the service for what the rows of these files name and `reference` does not tell; keep the answers."""
    left = [_left(ledger, file, reference) for file in files]
    asked = _together(left)
    if asked.empty:
        return Completed(reference)
    allowance = Allowance(calls_to_spare(settings, ledger, files))
    answers = sweep(settings, ledger, asked, allowance)
    now = utc_now()
    with ledger.begin() as connection:
        keep_reference(connection, answers.facts, answers.reads, now, fresh_since(settings, now))
    notes = tuple(f"reference data could not be read: {trouble}" for trouble in answers.troubles)
    return Completed(with_kept(settings, ledger, reference), len(asked), notes)


def check_again(settings: Settings, file: CheckedFile, reference: Reference) -> CheckedFile:
    """Judge a file anew by what is known now, as of the same moment.

    Where it is gone or another one by now, it stays judged as it was, and the service checks its SourceIds.
    """
    try:
        again = check_file(settings, file.path, file.default_site_id, reference=reference, now=file.rules.now)
    except FileRejected:
        return file
    return again if again.sha256 == file.sha256 else file


def swept(settings: Settings, ledger: Ledger, file: CheckedFile) -> tuple[CheckedFile, tuple[str, ...]]:
    """Sweep for one file, where that is switched on, and judge it anew; what went wrong comes beside it."""
    if not settings.reference.sweep:
        return file, ()
    at_hand = reference_at_hand(settings, ledger)
    found = sweep_for(settings, ledger, [file], at_hand.reference)
    return check_again(settings, file, found.reference), found.notes


def _left(ledger: Ledger, file: CheckedFile, reference: Reference) -> pd.DataFrame:
    """Return what the new rows of a file ask, where the data at hand does not tell."""
    with ledger.begin() as connection:
        if find_file(connection, file.sha256, file.default_site_id or "") is not None:
            return pd.DataFrame()
        parts = [_left_of(connection, events, reference, file.rules.now) for events in file.identified()]
    return _together(parts)


def _together(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return what is asked in any of the parts, once."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame()
    return pd.concat(filled).drop_duplicates(ignore_index=True)


def _left_of(connection: Connection, events: pd.DataFrame, reference: Reference, now: datetime) -> pd.DataFrame:
    finding = judge_source_ids(events, reference, now)
    is_untold = finding.isin([finding_to_ask.value for finding_to_ask in _TO_ASK])
    asked = what_is_asked(events)[is_untold]
    event_id = events.loc[asked.index, "event_id"]
    is_known = event_id.isin(known_events(connection, event_id.tolist()))
    # An undated row happens when it is accepted, which is about now.
    new: pd.DataFrame = asked[~is_known].fillna({"action_at": pd.Timestamp(now)})
    return new


def calls_to_spare(settings: Settings, ledger: Ledger, files: Sequence[CheckedFile]) -> int:
    """Return how many of today's calls posting, and reading every client back, will not need.

    A look-up spares a row that the service would refuse anyway; posting is what the calls are paid for.
    """
    sites: set[Destination] = set()
    calls_count = 0
    for file in files:
        sites |= {destination for destination in file.destinations if destination.target is Target.MINDBODY}
        calls_count += _calls_for(file)
    return calls_beside(settings, ledger, calls_count, len(sites))


def calls_beside(settings: Settings, ledger: Ledger, calls_count: int, sites_count: int) -> int:
    """Return how many of today's calls are left beside so many at so many sites, and what the ledger speaks for."""
    with ledger.begin() as connection:
        spoken_for = calls_spoken_for(connection, utc_now().date())
    of_tokens = _TOKENS * sites_count
    return settings.mindbody.calls_per_day - spoken_for - of_tokens - calls_count


def _calls_for(file: CheckedFile) -> int:
    """Count one call per event, to post it, and one per client, to read back."""
    clients: set[tuple[str, str]] = set()
    for events in file.events.parts:
        is_mindbody = events["target"] == Target.MINDBODY
        here = events.loc[is_mindbody, ["site_id", "client_id"]].drop_duplicates()
        clients.update(here.itertuples(index=False, name=None))
    of_kinds = file.file_totals.events
    events_count = of_kinds[Kind.EARNED] + of_kinds[Kind.REDEEMED]
    return events_count + len(clients)
