"""Examine the nights: when the last one ran, when the next is due, and whether one was due and did not run."""

from collections.abc import Iterator

from flows.doctor.diagnosis import Diagnosis, bad, doubtful, good
from flows.doctor.ledger import PATIENCE_SECONDS
from flows.ledger.connection import Ledger, connect_ledger, ledger_revision, sqlite_file
from flows.reconciliation.ahead import work_ahead
from flows.runtime.errors import ExitCode, TieoutError
from flows.settings.sections import Settings
from flows.status import Status, collect_status, status_lines
from sql.claims import stale_claims
from sql.revision import head_revision
from transforms.reconcile.nights import nights_needed

_NAME = "nights"


def examine_nights(settings: Settings) -> Iterator[Diagnosis]:
    """Say how the nights stand; without a ledger to look into another diagnosis says why."""
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        return
    try:
        with connect_ledger(settings, PATIENCE_SECONDS) as ledger:
            if ledger_revision(ledger) == head_revision():
                status = collect_status(settings, ledger)
                yield _judge(status)
                if settings.mindbody.sites:
                    yield _examine_budget(status, _nights_ahead(settings, ledger))
                yield from _examine_claims(ledger)
    except TieoutError:
        return


_MORE_CALLS = "raise mindbody.calls_per_day where the plan allows more."


def _examine_budget(status: Status, ahead: str) -> Diagnosis:
    """Say how many calls are left; a night that has none sends and settles nothing at Mindbody."""
    (line,) = [line for line in status_lines(status) if line.startswith("calls to Mindbody")]
    said = f"{line}.{ahead}"
    if ahead.endswith(_TOO_FEW):
        return doubtful("calls", said, mend=_MORE_CALLS.capitalize())
    if status.calls_made < status.calls_per_day:
        return good("calls", said)
    return doubtful("calls", said, mend=f"Wait for the next UTC day, or {_MORE_CALLS}")


_TOO_FEW = "a day's calls are too few for any of it."


def _nights_ahead(settings: Settings, ledger: Ledger) -> str:
    """Say how many nights what waits for Mindbody takes, as the nights will do it; nothing where nothing waits."""
    with ledger.read() as connection:
        ahead = work_ahead(connection, settings, ledger.now())
    if not ahead.events:
        return ""
    nights = nights_needed(ahead, settings.mindbody.calls_per_day)
    what = f" {ahead.events:,} events wait for it, about {ahead.calls:,} calls with the reads"
    if nights is None:
        return f"{what}: {_TOO_FEW}"
    return f"{what}, so {nights:,} {'night' if nights == 1 else 'nights'}."


def _examine_claims(ledger: Ledger) -> Iterator[Diagnosis]:
    """Say how many events a process that died had in its hands; nothing where there are none."""
    with ledger.read() as connection:
        stale = stale_claims(connection, ledger.now())
    if not stale.events:
        return
    since = f"{stale.oldest_at:%Y-%m-%d %H:%M}Z"
    said = f"{stale.events:,} events were claimed by a process that died before {since}: they may have been sent."
    yield doubtful("claims", said, mend="`tieout run` reads back what became of them.")


def _judge(status: Status) -> Diagnosis:
    # What waits for a person is no fault of the installation.
    about_nights = ("last", "next", "late", "did not")
    lines = [line for line in status_lines(status) if line.startswith(about_nights)]
    said = ". ".join(lines) + "."
    if status.has_missed:
        mend = "See what starts your nights (`tieout serve`, a timer); `tieout run` makes up for them now."
        return bad(_NAME, said, mend=mend, exit_code=ExitCode.COULD_NOT_RUN)
    if status.last_night is not None and status.last_night.failure:
        return doubtful(_NAME, said, mend="Mend what it names; the next night takes it up.")
    return good(_NAME, said)
