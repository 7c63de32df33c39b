"""Waiting for OK: what was sent and needs another person's word; shown with its totals, then let go or dropped."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row
from starlette.responses import Response

from flows.desk.as_read import read_sheet
from flows.desk.looking import slips_of
from flows.desk.pages.difference import may_let_go
from flows.desk.pages.posting import may_ok
from flows.desk.sheets import DeskSheet, sheet_from
from flows.desk.visit import Visit, go
from flows.desk.words import for_a_studio
from flows.review.clocks import clocks_of
from flows.review.decide import approve, discard
from flows.review.shown import show_plan
from flows.runtime.clock import utc_now
from flows.runtime.errors import TieoutError, WrongUsage
from sql import desk_sheets as kept
from sql.plans import count_to_let_go, states_of_plan
from sql.reversals import offsets_waiting
from transforms.vocabulary import HeldFor, Role, Stage, State


def show_waiting(visit: Visit) -> Response:
    """List what waits at the studios where this person may give the OK."""
    found = [_waiting_at(visit, site_id) for site_id in visit.account.sites(Role.APPROVER, visit.desk.site_ids)]
    return visit.show(
        "waiting",
        lines=[line for at_site in found for line in at_site.sheets],
        undos=[line for at_site in found for line in at_site.undos],
        offsets=[line for at_site in found for line in at_site.offsets],
    )


class _Waiting(NamedTuple):
    """What waits at a studio: sheets, what is to be undone of one, and extra entries to be taken back."""

    sheets: Sequence[tuple[DeskSheet, str, str]]  # each with its site, and since when
    undos: Sequence[tuple[DeskSheet, str, str | None]]  # with its site, and who asked for it
    offsets: Sequence[tuple[Row[Any], str, str, bool]]  # with its site, since when, and whether they may let it go


def _waiting_at(visit: Visit, site_id: str) -> _Waiting:
    desk = visit.desk
    clock = clocks_of(desk.settings).of(site_id)
    site = desk.site_name(site_id)
    with desk.ledger.read() as connection:
        sheets = kept.sheets_waiting(connection, site_id)
        offsets = offsets_waiting(connection, site_id)
        undos_waiting = kept.undos_waiting(connection, site_id)
        undos = [(row, kept.undo_asked_by(connection, row.undo_plan_id)) for row in undos_waiting]

    def since(at: datetime) -> str:
        return clock.tell_minute(at)

    return _Waiting(
        sheets=[(sheet_from(desk, row), site, since(row.stage_at)) for row in sheets],
        undos=[(sheet_from(desk, row), site, who) for row, who in undos],
        offsets=[(row, site, since(row.requested_at), may_let_go(visit, site_id, row)) for row in offsets],
    )


def show_ok(visit: Visit) -> Response:
    """Show what one sheet would do, with what is unusual."""
    sheet: DeskSheet = visit.sheet
    desk, plan_id = visit.desk, str(sheet.row.plan_id)
    if sheet.stage is not Stage.WAITING:
        return go(f"/sheets/{sheet.sheet_id}")
    shown = show_plan(desk.settings, desk.ledger, plan_id, visit.account.name)
    # That it was planned needs no telling: it is what the page is about.
    reasons = [why for why in shown.reasons if why.held_for is not HeldFor.PLAN]
    return visit.show(
        "ok",
        sheet=sheet,
        shown=shown,
        reasons=[(for_a_studio(why.reason), why.events_count) for why in reasons],
        slips=_slips(visit),
        alone=shown.events_count - _to_let_go(visit),
        may_ok=may_ok(visit),
    )


def _to_let_go(visit: Visit) -> int:
    """Count what goes with an OK to the whole sheet; the others are decided about each by itself."""
    with visit.desk.ledger.read() as connection:
        return count_to_let_go(connection, str(visit.sheet.row.plan_id), spares_own=True)


def _refuse_decided(visit: Visit) -> None:
    with visit.desk.ledger.read() as connection:
        states = states_of_plan(connection, str(visit.sheet.row.plan_id))
    if State.HELD not in states:
        raise WrongUsage("Somebody else has decided about that.")


def _slips(visit: Visit) -> list[str]:
    """Return what whoever sent it was told may be a slip: whoever gives the OK has to see it, too."""
    try:
        checked = read_sheet(visit.desk, visit.sheet).checked
    except (TieoutError, OSError) as error:
        return [f"The sheet itself could not be read again: {for_a_studio(str(error))}"]
    return [] if checked is None else slips_of(checked)


def do_ok(visit: Visit) -> Response:
    """Let what was shown go, or drop it; of two who decide at once one wins, and the other is told."""
    sheet: DeskSheet = visit.sheet
    if sheet.stage is not Stage.WAITING:
        raise WrongUsage("Somebody else has decided about that.")
    if not may_ok(visit):
        raise WrongUsage("Somebody else than who sent it has to give the OK.")
    settings, ledger, by = visit.desk.settings, visit.desk.ledger, visit.account.name
    plan_id, reason = str(sheet.row.plan_id), visit.form.get("reason").strip()
    if visit.form.get("decision") == "drop":
        discard(settings, ledger, plan_id, by, reason, waits_still=True)
        with ledger.begin() as connection:
            kept.move_sheet(connection, sheet.sheet_id, Stage.WAITING, Stage.DROPPED, now=utc_now())
        return go("/waiting")
    _refuse_decided(visit)
    # Where each of its rows is to be decided by itself, there is nothing to let go as a whole.
    if _to_let_go(visit):
        approve(settings, ledger, plan_id, by, reason, visit.form.get("seen"), spares_own=True)
    with ledger.begin() as connection:
        kept.want_again(connection, sheet.sheet_id, utc_now())
    return go(f"/sheets/{sheet.sheet_id}/posting")
