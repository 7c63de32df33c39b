"""What a person is shown of what a run holds, and whether an approval is still about that.

An approval is bound to a fingerprint of the rows, of what stands beside them in the ledger, and of the settings that
matter to them. Whoever gives the fingerprint approves exactly that (`--seen`). Without it the approval is about what
this person saw last, or anybody where they did not: less than that may be left, since others have decided about some,
but nothing that was not there.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.readers.files import sha256_of
from flows.review.deciding import deciding
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.settings.sections import Settings
from sql.chain import digest
from sql.plans import ClientPoints, lookalikes_of_plan
from sql.showings import (
    Held,
    Total,
    WhyHeld,
    accepted_beside_since,
    files_of_held,
    held_amount,
    held_clients,
    held_since,
    held_totals,
    last_showing,
    plan_of,
    record_showing,
    what_is_held,
    why_held,
)
from transforms.vocabulary import HAS_SITES, Kind

_CODE_LENGTH = 12  # of the fingerprint's 64 digits: as many as a person copies
_MOST_CLIENTS = 10
_MOST_REASONS = 10


@dataclass(frozen=True)
class Shown:
    """What a run holds, by totals; ``code`` is the beginning of its fingerprint."""

    plan_id: str
    files: Sequence[str]
    totals: Sequence[Total]
    amount: str
    clients: Sequence[ClientPoints]
    reasons: Sequence[WhyHeld]
    alike_count: int
    code: str

    @property
    def events_count(self) -> int:
        """How many events wait."""
        return sum(total.events_count for total in self.totals)

    def to_json(self) -> dict[str, Any]:
        """Return the documented object."""
        return {
            "plan_id": self.plan_id,
            "files": list(self.files),
            "held": self.events_count,
            "totals": [_total_json(total) for total in self.totals],
            "amount": self.amount,
            "reasons": [{"reason": why.reason, "events": why.events_count} for why in self.reasons],
            "looks_like": self.alike_count,
            "seen": self.code,
        }


def _total_json(total: Total) -> dict[str, Any]:
    return {
        "kind": str(total.kind),
        "site_id": total.site_id or None,
        "events": total.events_count,
        "points": total.points,
    }


def keep_shown(
    connection: Connection, settings: Settings, plan_id: str, *, to: str = "", files: Iterable[Path] = ()
) -> str:
    """Keep that this was shown, "" to whoever reads the run's report, and return its code; "" where nothing waits.

    Of ``files`` on a person's disk the content is kept in mind: whoever mends one means the mended rows.
    """
    held = what_is_held(connection, plan_id)
    if not held.events_count:
        return ""
    parts = _settings_that_matter(settings, held)
    fingerprint = _fingerprint(held, parts)
    record_showing(
        connection,
        plan_id,
        to=to.strip(),
        now=utc_now(),
        fingerprint=fingerprint,
        settings=parts,
        files={str(path.resolve()): sha256_of(path) for path in files if path.is_file()},
    )
    return fingerprint[:_CODE_LENGTH]


def show_plan(settings: Settings, ledger: Ledger, plan_id: str, to: str) -> Shown:
    """Return what a run still holds, and keep that this person has seen it; `WrongUsage` where nothing waits."""
    with deciding(settings, ledger) as connection:
        before = last_showing(connection, plan_id, to)
        files = json.loads(before.files) if before else {}
        code = keep_shown(connection, settings, plan_id, to=to, files=map(Path, files))
        if not code:
            raise WrongUsage(f"Nothing of {plan_id} waits: `tieout plan` lists what does.")
        return Shown(
            plan_id=plan_id,
            files=files_of_held(connection, plan_id),
            totals=held_totals(connection, plan_id),
            amount=str(held_amount(connection, plan_id)),
            clients=held_clients(connection, plan_id, most=_MOST_CLIENTS),
            reasons=why_held(connection, plan_id),
            alike_count=lookalikes_of_plan(connection, plan_id),
            code=code,
        )


def is_plan(ledger: Ledger, named: str) -> bool:
    """Return whether the ledger knows a run by this name."""
    with ledger.read() as connection:
        return plan_of(connection, named) == named


def refuse_changed(
    connection: Connection, settings: Settings, held_id: str, *, by: str, seen: str | None = None
) -> str | None:
    """Return the fingerprint of what an approval is about; None where the ledger does not know what is named.

    `WrongUsage` where it is not what was shown any more. The caller holds the ledger's turn, so that nothing changes
    between this look and the approval.
    """
    plan_id = plan_of(connection, held_id)
    if plan_id is None:
        return None
    held = what_is_held(connection, plan_id)
    parts = _settings_that_matter(settings, held)
    fingerprint = _fingerprint(held, parts)
    if not held.events_count:
        return fingerprint
    before = last_showing(connection, plan_id, by)
    if seen is not None and _is_code_of(seen, fingerprint):
        # A code says all but what stands on a person's disk.
        changes = list(_changed_files(before))
    else:
        # Whoever names no code means what they saw last. Where nobody has seen anything, nothing can have changed.
        changes = [] if before is None else list(_changes(connection, plan_id, parts, before, plan_id == held_id))
        if seen is not None and not changes:
            changes = [f"{seen} is not what stands there now"]
    if changes:
        raise WrongUsage(
            f"What {held_id} would do is not what was shown{_when(before)}: {'; '.join(changes)}. Nothing was "
            f"approved: `tieout plan {plan_id}` shows it as it is now."
        )
    return fingerprint


def _is_code_of(seen: str, fingerprint: str) -> bool:
    """Return whether a code is that of a fingerprint; a shorter one would be of many."""
    code = seen.strip().lower()
    return len(code) >= _CODE_LENGTH and fingerprint.startswith(code)


def _when(before: Row[Any] | None) -> str:
    if before is None:
        return ""
    to = f" to {before.shown_to}" if before.shown_to else " by the report"
    return f"{to} at {before.shown_at:%Y-%m-%d %H:%M:%S}Z"


def _changes(
    connection: Connection, plan_id: str, parts: Mapping[str, str], before: Row[Any], is_plan: bool
) -> Iterator[str]:
    """Say what has changed since it was shown."""
    shown_at: datetime = before.shown_at
    anew = held_since(connection, plan_id, shown_at)
    if anew:
        yield f"{_counted(anew, 'event')} came to wait there since"
    beside = accepted_beside_since(connection, plan_id, shown_at, is_plan=is_plan)
    if beside:
        yield f"another file has brought the same reward or row for {_counted(beside, 'event')} since"
    then = json.loads(before.settings)
    # Sites of which nothing waits any more, since others have decided, matter no more.
    changed = [name for name, value in parts.items() if then.get(name) != value]
    if changed:
        yield f"settings changed since: {', '.join(changed)}"
    yield from _changed_files(before)


def _changed_files(before: Row[Any] | None) -> Iterator[str]:
    """Name the files on a person's disk that were mended since: the plan would send what they were before."""
    if before is None:
        return
    for name, sha256 in json.loads(before.files).items():
        path = Path(name)
        # One that is gone was put into the inbox, or archived: that changes nothing.
        if path.is_file() and sha256_of(path) != sha256:
            yield f"{path.name} was changed since"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _fingerprint(held: Held, parts: Mapping[str, str]) -> str:
    return digest([held.rows_digest, sorted(parts.items())])


def _settings_that_matter(settings: Settings, held: Held) -> dict[str, str]:
    """Return a hash of each setting that decides what is sent, to whom, and how the rows were read; never a secret."""
    limits = settings.guards.model_dump(mode="json", exclude={"sites", "look_back_after_hours"})
    columns = json.dumps(settings.columns, sort_keys=True, default=str)
    parts = {"guards": digest([limits]), "columns": digest([columns])}
    for target, site_id in held.destinations:
        parts[f"{target}.base_url"] = digest([settings.of_service(target).base_url])
        if HAS_SITES[target]:
            parts[f"site {site_id}"] = _site_that_matters(settings, site_id)
    return parts


def _site_that_matters(settings: Settings, site_id: str) -> str:
    """Return a hash of what a site is read and sent with: its clock, who posts there, and its own limits."""
    site = next((site for site in settings.mindbody.sites if site.site_id == site_id), None)
    of_site = [] if site is None else [site.timezone, site.times, site.username]
    own_limits = settings.guards.sites.get(site_id)
    limits = {} if own_limits is None else own_limits.model_dump(mode="json")
    return digest([of_site, limits])


def shown_lines(shown: Shown, *, with_rows: bool = True) -> Iterator[str]:
    """Tell a person what waits, why, and how to decide; without the rows, neither clients nor what quotes a cell."""
    yield f"{shown.plan_id}: {_counted(shown.events_count, 'event')} held of {', '.join(shown.files)}"
    for total in shown.totals:
        yield f"  {_total_line(shown, total)}"
    yield from _reason_lines(shown, with_rows=with_rows)
    if with_rows:
        yield from _client_lines(shown)
    if shown.alike_count:
        yield f"  {shown.alike_count:>8,} of them look like rows of earlier files: each is decided by its own id."
    yield (
        f"Nothing was sent. `tieout approve {shown.plan_id} --seen {shown.code}` approves just this; "
        f"`tieout discard {shown.plan_id}` drops it."
    )


def _total_line(shown: Shown, total: Total) -> str:
    if total.kind is Kind.REWARD_UPDATE:
        return f"{_counted(total.events_count, 'reward update')}, {shown.amount} in all"
    return f"{total.events_count:>8,} {total.kind} of site {total.site_id}, {total.points:,} points"


def _reason_lines(shown: Shown, *, with_rows: bool) -> Iterator[str]:
    told = [why for why in shown.reasons if with_rows or _quotes_nothing(why)][:_MOST_REASONS]
    for why in told:
        yield f"  {why.events_count:>8,} wait: {why.reason}"
    untold_count = len(shown.reasons) - len(told)
    if untold_count:
        yield f"  and {untold_count:,} more reasons: `tieout plan --json` lists every event."


def _client_lines(shown: Shown) -> Iterator[str]:
    for row in shown.clients:
        whose = f"client {row.client_id} of site {row.site_id}"
        events = _counted(row.events_count, "event")
        yield f"  {whose}: {row.earned:,} earned, {row.redeemed:,} redeemed, in {events}"


def _quotes_nothing(why: WhyHeld) -> bool:
    """Return whether a reason is one of a plan or a guard: others may quote what stands in a row."""
    return why.held_for is not None
