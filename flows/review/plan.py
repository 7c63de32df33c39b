"""Say what a file would do before it does it, and keep it as a plan that a person approves or discards.

Both take the file through the same registering as a run: a preview is rolled back, a plan holds every new event.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from flows.intake.archive import keep_file
from flows.intake.checked_file import CheckedFile
from flows.intake.guarded import stop_notes
from flows.intake.known_rows import learn_rows
from flows.intake.register import register_within
from flows.ledger.connection import Ledger
from flows.ledger.counted import counted
from flows.ledger.run_id import new_run_id
from flows.review.shown import keep_shown
from flows.runtime.clock import utc_now
from flows.services.binding import refuse_other_services
from flows.settings.sections import Settings
from sql.guards import Stop, WholeHold
from sql.plans import (
    NO_TOTALS,
    ClientPoints,
    PlanTotals,
    count_held,
    known_file,
    plan_totals,
    states_of_plan,
    take_up_plan,
)
from sql.runs import record_run
from transforms.spoken_times import spoken_minute
from transforms.vocabulary import HeldFor, Kind, State

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
    notes: tuple[str, ...] = ()  # what a person should know before deciding
    stops: tuple[Stop, ...] = ()  # what is over a limit
    seen: str = ""  # the code of what was shown, which an approval may name
    brings: bool = True  # whether anything would change: something new, or something that waits for a person again

    @property
    def waits(self) -> bool:
        """Whether something of it waits for a person."""
        return self.plan_id is not None or bool(self.rejected)

    def to_json(self) -> dict[str, Any]:
        """Return the documented object."""
        totals = self.totals
        events: dict[str, Any] = {
            kind.value: {"count": totals.events.get(kind, 0), "points": totals.points.get(kind, 0)}
            for kind in (Kind.EARNED, Kind.REDEEMED)
        }
        updates_count = totals.events.get(Kind.REWARD_UPDATE, 0)
        events["reward_update"] = {"count": updates_count, "amount": str(totals.amount)}
        return {
            "plan_id": self.plan_id,
            "file": self.file,
            "sha256": self.sha256,
            "rows_read": self.rows_read,
            "new": self.new,
            "duplicate": self.duplicate,
            "held": self.held,
            "rejected": self.rejected,
            "events": events,
            "clients": [_client_json(row) for row in totals.clients],
            "notes": [*(note.message for note in stop_notes(self.stops)), *self.notes],
        }


def _client_json(row: ClientPoints) -> dict[str, Any]:
    return {
        "site_id": row.site_id,
        "client_id": row.client_id,
        "events": row.events_count,
        "earned": row.earned,
        "redeemed": row.redeemed,
    }


class _RolledBack(Exception):  # noqa: N818 - it says what becomes of the transaction
    """Ends a preview."""


Look: TypeAlias = "Callable[[Connection, Plan], None]"


def see_nothing(_connection: Connection, _plan: Plan) -> None:
    """Look at nothing of what was registered."""


def preview(settings: Settings, ledger: Ledger, file: CheckedFile, look: Look = see_nothing) -> Plan:
    """Return what a run would do with the file as the ledger stands; nothing is kept.

    What was registered can be looked at before it is taken back.
    """
    refuse_other_services(settings, ledger)
    learn_rows(settings, ledger)
    plan = None
    # It is registered and rolled back, so that a preview can never say anything else than the run then does.
    with suppress(_RolledBack), ledger.begin() as connection:
        run_id = new_run_id("upload")
        record_run(connection, run_id, "upload", utc_now(), {})
        held_before = count_held(connection)
        plan = _take_in(connection, settings, run_id, file, whole=None)
        plan = replace(plan, brings=plan.new > 0 or count_held(connection) > held_before)
        look(connection, plan)
        raise _RolledBack
    assert plan is not None  # noqa: S101 - any other error has left the block
    return plan


def keep_plan(settings: Settings, ledger: Ledger, file: CheckedFile, by: str) -> Plan:
    """Register the file with every new event held for a person.

    A file that is known is not taken in again; one whose plan was discarded as a whole is taken up again.
    """
    refuse_other_services(settings, ledger)
    learn_rows(settings, ledger)
    # Before the ledger knows it: what waits for weeks must be there when somebody asks what the sheet said.
    keep_file(file.path, file.sha256, file.default_site_id, settings)
    with counted(settings, ledger), ledger.begin() as connection:
        run_id = new_run_id("plan")
        known = known_file(connection, file.sha256, file.default_site_id or "")
        if known is not None:
            plan = _take_up(connection, settings, file, known, by)
        else:
            record_run(connection, run_id, "plan", utc_now(), {})
            whole = WholeHold(f"planned by {by}", HeldFor.PLAN)
            plan = _take_in(connection, settings, run_id, file, whole)
        if plan.plan_id is None:
            return plan
        return replace(plan, seen=keep_shown(connection, settings, plan.plan_id, to=by, files=[file.path]))


def _take_up(connection: Connection, settings: Settings, file: CheckedFile, known: Row[Any], by: str) -> Plan:
    """Hold again what a known file brought and was discarded with its plan; else say where it is known from."""
    taken_up_count = take_up_plan(connection, known.run_id, by=by, now=utc_now())
    if taken_up_count == 0:
        plan = _known_plan(connection, settings, file, known)
        still_waits = states_of_plan(connection, known.run_id).get(State.HELD)
        return replace(plan, plan_id=known.run_id) if still_waits else plan
    rows_read = file.file_totals.rows_read
    totals = plan_totals(connection, known.run_id, clients=_MOST_CLIENTS)
    new = sum(totals.events.values())
    return Plan(
        plan_id=known.run_id,
        file=file.path.name,
        sha256=file.sha256,
        rows_read=rows_read,
        new=new,
        duplicate=rows_read - taken_up_count,
        held=taken_up_count - new,
        rejected=0,
        totals=totals,
    )


def _take_in(
    connection: Connection, settings: Settings, run_id: str, file: CheckedFile, whole: WholeHold | None
) -> Plan:
    """Register the file and say what is new; without a whole hold nothing waits but for reasons of its own."""
    known = known_file(connection, file.sha256, file.default_site_id or "")
    registered = register_within(connection, settings, run_id, file, whole)
    if registered is None:
        assert known is not None  # noqa: S101 - that is why nothing was registered
        return _known_plan(connection, settings, file, known)
    totals = plan_totals(connection, run_id, clients=_MOST_CLIENTS)
    new = sum(totals.events.values())
    return Plan(
        plan_id=run_id if whole and registered.held else None,
        file=file.path.name,
        sha256=file.sha256,
        rows_read=registered.rows_read,
        new=new,
        duplicate=registered.duplicate,
        # A plan holds all that is new, so that what is left is held for a reason of its own.
        held=registered.accepted + registered.held - new,
        rejected=registered.rejected,
        totals=totals,
        # Of a preview every row that is held is told by itself.
        notes=(*registered.alike, *registered.notes) if whole else registered.notes,
        stops=registered.stops,
    )


def _known_plan(connection: Connection, settings: Settings, file: CheckedFile, known: Row[Any]) -> Plan:
    """Return what a file brings whose content the ledger knows: nothing, and where it is known from."""
    taken_in = spoken_minute(known.registered_at.astimezone(ZoneInfo(settings.shared_timezone)))
    where = f"{known.name}, {taken_in}, run {known.run_id}"
    held = states_of_plan(connection, known.run_id).get(State.HELD)
    if held:
        where += f", of which {_counted(held, 'event')} still wait{'s' if held == 1 else ''}"
    rows_read = file.file_totals.rows_read
    return Plan(
        plan_id=None,
        file=file.path.name,
        sha256=file.sha256,
        rows_read=rows_read,
        new=0,
        duplicate=rows_read,
        held=0,
        rejected=0,
        totals=NO_TOTALS,
        known=where,
    )


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def plan_lines(plan: Plan) -> Iterator[str]:
    """Tell a plan to a person: what is new and what is not, points by kind, and the clients with the most of them."""
    if plan.known:
        yield f"{plan.file}: this very file was taken in before ({plan.known}): nothing is new."
        return
    yield (
        f"{plan.file}: {plan.rows_read:,} rows: {plan.new:,} new, {plan.duplicate:,} known already, "
        f"{plan.held:,} to be decided by a person, {plan.rejected:,} rejected."
    )
    for kind, count in plan.totals.events.items():
        yield f"  {_kind_line(plan.totals, kind, count)}"
    for row in plan.totals.clients:
        whose = f"client {row.client_id} of site {row.site_id}"
        events = _counted(row.events_count, "event")
        yield f"  {whose}: {row.earned:,} earned, {row.redeemed:,} redeemed, in {events}"
    yield from (f"  {note.message}" for note in stop_notes(plan.stops))
    yield from (f"  {note}" for note in plan.notes)


def _kind_line(totals: PlanTotals, kind: Kind, count: int) -> str:
    if kind is Kind.REWARD_UPDATE:
        updates = "reward update" if count == 1 else "reward updates"
        return f"{count:>8,} {updates}, {totals.amount:,} in all"
    return f"{count:>8,} {kind}, {totals.points[kind]:,} points"
