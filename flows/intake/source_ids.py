"""Look up what the SourceIds of checked files name, and judge the files anew by it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection

from flows.intake.check import check_file
from flows.intake.checked_file import CheckedFile
from flows.ledger.connection import Ledger
from flows.reference.at_hand import Completed, _fresh_since, _with_kept, reference_at_hand
from flows.reference.sweep import sweep
from flows.runtime.clock import utc_now
from flows.runtime.errors import FileRejected
from flows.services.mindbody.lookups import Allowance
from flows.settings.sections import Settings
from sql.reference import calls_spoken_for, keep_reference, known_events
from sql.register import find_file
from transforms.check.cross_check import judge_source_ids, what_is_asked
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
    answers = sweep(settings, ledger, asked, Allowance(_allowance(settings, ledger, files)))
    now = utc_now()
    with ledger.begin() as connection:
        keep_reference(connection, answers.facts, answers.reads, now, _fresh_since(settings, now))
    notes = tuple(f"reference data could not be read: {trouble}" for trouble in answers.troubles)
    return Completed(_with_kept(settings, ledger, reference), len(asked), notes)


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
    found = sweep_for(settings, ledger, [file], reference_at_hand(settings, ledger).reference)
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
    return pd.concat(filled).drop_duplicates(ignore_index=True) if filled else pd.DataFrame()


def _left_of(connection: Connection, events: pd.DataFrame, reference: Reference, now: datetime) -> pd.DataFrame:
    finding = judge_source_ids(events, reference, now)
    asked = what_is_asked(events)[finding.isin([why.value for why in _TO_ASK])]
    event_id = events.loc[asked.index, "event_id"]
    known = event_id.isin(known_events(connection, event_id.tolist()))
    new: pd.DataFrame = asked[~known].fillna({"action_at": pd.Timestamp(now)})
    return new


def _allowance(settings: Settings, ledger: Ledger, files: Sequence[CheckedFile]) -> int:
    """Return how many of today's calls posting, and reading every client back, will not need."""
    sites = {site_id for file in files for target, site_id in file.destinations if target is Target.MINDBODY}
    new = sum(_calls_for(file) for file in files) + _TOKENS * len(sites)
    with ledger.begin() as connection:
        return settings.mindbody.calls_per_day - new - calls_spoken_for(connection, utc_now().date())


def _calls_for(file: CheckedFile) -> int:
    """Count one call per event, to post it, and one per client, to read back."""
    clients: set[tuple[str, str]] = set()
    for events in file.events.parts:
        of_clients = events.loc[events["target"] == Target.MINDBODY, ["site_id", "client_id"]].drop_duplicates()
        clients.update(of_clients.itertuples(index=False, name=None))
    return file.file_totals.events[Kind.EARNED] + file.file_totals.events[Kind.REDEEMED] + len(clients)
