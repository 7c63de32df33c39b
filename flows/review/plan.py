"""Say what a file would do before it does it, and keep it as a plan that a person approves or discards.

Both take the file through the same registering as a run: a preview is rolled back, a plan holds every new event.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row

from flows.intake.checked_file import CheckedFile
from flows.intake.register import register_within
from flows.ledger.connection import Ledger
from flows.ledger.run_id import new_run_id
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.plans import NO_TOTALS, PlanTotals, known_file, plan_totals, states_of_plan, take_up_plan
from sql.register import Registered
from sql.runs import record_run
from transforms.vocabulary import Kind, State

_MOST_CLIENTS = 10


@dataclass(frozen=True)
class Plan:
    """What a file brings; ``plan_id`` is None where nothing of it waits, ``known`` says where it is known from.

    Every row is in one of ``new``, ``duplicate``, ``held`` (for a reason of its own) and ``rejected``.
    """

    plan_id: str | None
    file: str
    sha256: str
    rows_read: int
    new: int
    duplicate: int
    held: int
    rejected: int
    totals: PlanTotals
    known: str = ""

    @property
    def waits(self) -> bool:
        """Whether something of it waits for a person."""
        return self.plan_id is not None or bool(self.rejected)

    def to_json(self) -> dict[str, Any]:
        """Return the documented object."""
        events: dict[str, Any] = {
            kind.value: {"count": self.totals.events.get(kind, 0), "points": self.totals.points.get(kind, 0)}
            for kind in (Kind.EARNED, Kind.REDEEMED)
        }
        updates = self.totals.events.get(Kind.REWARD_UPDATE, 0)
        events["reward_update"] = {"count": updates, "amount": str(self.totals.amount)}
        counts = ("rows_read", "new", "duplicate", "held", "rejected")
        return {
            "plan_id": self.plan_id,
            "file": self.file,
            "sha256": self.sha256,
            **{name: getattr(self, name) for name in counts},
            "events": events,
            "clients": [
                {"site_id": row.site_id, "client_id": row.client_id, "events": row.events_count}
                | {"earned": int(row.earned), "redeemed": int(row.redeemed)}
                for row in self.totals.clients
            ],
        }


class _RolledBack(Exception):  # noqa: N818 - it says what becomes of the transaction
    """Ends a preview."""


def preview(settings: Settings, ledger: Ledger, file: CheckedFile) -> Plan:
    """Return what a run would do with the file as the ledger stands; nothing is kept."""
    plan = None
    with suppress(_RolledBack), ledger.begin() as connection:
        run_id = new_run_id("upload")
        record_run(connection, run_id, "upload", utc_now(), {})
        plan = _take_in(connection, settings, run_id, file, None)
        raise _RolledBack
    assert plan is not None  # noqa: S101 - any other error has left the block
    return plan


def keep_plan(settings: Settings, ledger: Ledger, file: CheckedFile, by: str) -> Plan:
    """Register the file with every new event held for a person.

    A file that is known is not taken in again; one whose plan was discarded as a whole is taken up again.
    """
    with ledger.begin() as connection:
        run_id, now = new_run_id("plan"), utc_now()
        known = known_file(connection, file.sha256, file.default_site_id or "")
        if known is not None:
            return _take_up(connection, file, known, by)
        record_run(connection, run_id, "plan", now, {})
        return _take_in(connection, settings, run_id, file, f"planned by {by}")


def _take_up(connection: Connection, file: CheckedFile, known: Row[Any], by: str) -> Plan:
    count = take_up_plan(connection, known.run_id, by=by, now=utc_now())
    totals = plan_totals(connection, known.run_id, f"planned again by {by}", clients=_MOST_CLIENTS)
    if not count:
        still_waits = states_of_plan(connection, known.run_id).get(State.HELD)
        return replace(_known(connection, file, known), plan_id=known.run_id if still_waits else None)
    rest = file.file_totals.rows_read - count
    return Plan(known.run_id, file.path.name, file.sha256, file.file_totals.rows_read, count, rest, 0, 0, totals)


def _take_in(
    connection: Connection, settings: Settings, run_id: str, file: CheckedFile, hold_reason: str | None
) -> Plan:
    known = known_file(connection, file.sha256, file.default_site_id or "")
    registered = register_within(connection, settings, run_id, file, hold_reason)
    if registered is None:
        assert known is not None  # noqa: S101 - that is why nothing was registered
        return _known(connection, file, known)
    totals = plan_totals(connection, run_id, hold_reason or "", clients=_MOST_CLIENTS)
    new = sum(totals.events.values())
    plan_id = run_id if hold_reason and registered.held else None
    counts = _counts(registered, new)
    return Plan(plan_id, file.path.name, file.sha256, registered.rows_read, new, *counts, totals)


def _counts(registered: Registered, new: int) -> tuple[int, int, int]:
    """Return duplicate, held for another reason than the plan, and rejected."""
    return registered.duplicate, registered.accepted + registered.held - new, registered.rejected


def _known(connection: Connection, file: CheckedFile, known: Row[Any]) -> Plan:
    where = f"{known.name}, registered on {known.registered_at:%Y-%m-%d %H:%M}Z by {known.run_id}"
    held = states_of_plan(connection, known.run_id).get(State.HELD)
    where += f", of which {held:,} events still wait" if held else ""
    rows = file.file_totals.rows_read
    return Plan(None, file.path.name, file.sha256, rows, 0, rows, 0, 0, NO_TOTALS, where)


def plan_lines(plan: Plan) -> Iterator[str]:
    """Tell a plan to a person: what is new and what is not, points by kind, and the clients with the most of them."""
    if plan.known:
        yield f"{plan.file}: the ledger knows this content already ({plan.known}): nothing is new."
        return
    yield (
        f"{plan.file}: {plan.rows_read:,} rows: {plan.new:,} new, {plan.duplicate:,} known already, "
        f"{plan.held:,} held for another reason, {plan.rejected:,} rejected."
    )
    for kind, count in plan.totals.events.items():
        what = f"{plan.totals.points[kind]:,} points"
        if kind is Kind.REWARD_UPDATE:
            yield f"  {count:>8,} reward updates, {plan.totals.amount:,} in all"
        else:
            yield f"  {count:>8,} {kind}, {what}"
    for row in plan.totals.clients:
        yield (
            f"  client {row.client_id} of site {row.site_id}: {int(row.earned):,} earned, "
            f"{int(row.redeemed):,} redeemed, in {row.events_count:,} events"
        )
