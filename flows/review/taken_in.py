"""Tell which files came, by day: where each lies in the archive, by its hash, and what has become of its rows by now.

It is told by the ledger and not by the archive itself: what a row became of changes long after its file was kept.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flows.ledger.connection import Ledger
from flows.settings.archive_places import archive_places
from flows.settings.sections import Settings
from sql.taken_in import files_taken_in, states_of_files
from transforms.spoken_times import spoken_day
from transforms.vocabulary import State

# What has become of an event, as reports word it: what is on its way is not told apart from what is to be sent.
_WORDS = {State.READY: "pending", State.SENDING: "pending"}


@dataclass(frozen=True)
class TakenIn:
    """One file, what its rows were, and where its events stand now."""

    name: str
    sha256: str
    site_id: str | None
    taken_in_at: datetime
    run_id: str
    rows: Mapping[str, int]  # by fate
    now: Mapping[str, int]  # by state
    archived: str | None  # below the workspace; None where it lies there no more

    def to_json(self) -> dict[str, Any]:
        """Return the documented object."""
        return {
            "file": self.name,
            "sha256": self.sha256,
            "site_id": self.site_id,
            "taken_in_at": self.taken_in_at.isoformat().replace("+00:00", "Z"),
            "run_id": self.run_id,
            "rows_read": sum(self.rows.values()),
            **self.rows,
            "now": dict(self.now),
            "archived": self.archived,
        }


def list_taken_in(settings: Settings, ledger: Ledger, since: date, until: date) -> list[TakenIn]:
    """Return the files of these days, both inclusive, by the sites' own clock where they share one, else UTC."""
    zone = ZoneInfo(settings.shared_timezone)
    since_at = datetime.combine(since, time(), zone)
    until_at = datetime.combine(until + timedelta(days=1), time(), zone)
    with ledger.read() as connection:
        files = files_taken_in(connection, since_at, until_at)
        # Where its events stand now: the counts beside it are those of the day on which it was taken in.
        states = states_of_files(connection, since_at, until_at)
    return [_taken_in(settings, file, states.get(file.file_id, {})) for file in files]


def _taken_in(settings: Settings, file: Any, states: Mapping[State, int]) -> TakenIn:
    now: Counter[str] = Counter()
    for state, count in states.items():
        now[_WORDS.get(state, str(state))] += count
    fates = ("accepted", "duplicate", "held", "rejected")
    return TakenIn(
        name=file.name,
        sha256=file.sha256,
        site_id=file.default_site_id or None,
        taken_in_at=file.registered_at,
        run_id=file.run_id,
        rows={fate: int(getattr(file, fate)) for fate in fates},
        now=now,
        archived=_archived(settings, file),
    )


def _archived(settings: Settings, file: Any) -> str | None:
    """Return where a file lies in the archive, below the workspace; None where it lies there no more."""
    # By its name, which bears its hash: to read each file anew would take as long as the archive is large.
    for place in archive_places(Path(file.name), file.sha256, settings, file.default_site_id):
        if place.is_file():
            return place.relative_to(settings.root).as_posix()
    return None


def taken_in_lines(settings: Settings, files: Sequence[TakenIn]) -> Iterator[str]:
    """Tell a person, a day at a time."""
    zone = ZoneInfo(settings.shared_timezone)
    if not files:
        yield "No file was taken in on these days."
    day = None
    for file in files:
        here = file.taken_in_at.astimezone(zone)
        if here.date() != day:
            day = here.date()
            yield spoken_day(day)
        yield f"  {here:%H:%M} {_what_came(file)}"
        yield f"        {file.archived or 'in the archive no more'}; run {file.run_id}"


def _what_came(file: TakenIn) -> str:
    of_site = f" (site {file.site_id})" if file.site_id else ""
    rows_count = sum(file.rows.values())
    now = _counts(file.now) or "nothing of it is in the ledger"
    return f"{file.name}{of_site}: {rows_count:,} rows, {_counts(file.rows)}; now {now}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
