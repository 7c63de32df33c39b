"""Waiting for OK: what was sent and needs another person's word; shown with its totals, then let go or dropped."""

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
from sql.plans import count_to_let_go
from sql.reversals import offsets_waiting
from transforms.vocabulary import HeldFor, Role, Stage


def show_waiting(visit: Visit) -> Response:
    """List what waits at the studios where this person may give the OK."""
    desk = visit.desk
    clocks = clocks_of(desk.settings)
    lines, undos, offsets = [], [], []
    for site_id in visit.account.sites(Role.APPROVER, desk.site_ids):
        with desk.ledger.read() as connection:
            rows = kept.sheets_waiting(connection, site_id)
            to_undo = kept.undos_waiting(connection, site_id)
            extra = offsets_waiting(connection, site_id)
            asked_by = [kept.undo_asked_by(connection, row.undo_plan_id) for row in to_undo]
        clock, site = clocks.of(site_id), desk.site_name(site_id)
        lines += [(sheet_from(desk, row), site, clock.tell_minute(row.stage_at)) for row in rows]
        undos += [(sheet_from(desk, row), site, who) for row, who in zip(to_undo, asked_by, strict=True)]
        offsets += [(row, site, clock.tell_minute(row.requested_at), may_let_go(visit, site_id, row)) for row in extra]
    return visit.show("waiting", lines=lines, undos=undos, offsets=offsets)


def show_ok(visit: Visit) -> Response:
    """Show what one sheet would do, with what is unusual."""
    sheet: DeskSheet = visit.sheet
    if sheet.stage is not Stage.WAITING:
        return go(f"/sheets/{sheet.sheet_id}")
    shown = show_plan(visit.desk.settings, visit.desk.ledger, str(sheet.row.plan_id), visit.account.name)
    # That it was planned needs no telling: it is what the page is about.
    reasons = [why for why in shown.reasons if why.held_for is not HeldFor.PLAN]
    with visit.desk.ledger.read() as connection:
        to_let_go = count_to_let_go(connection, str(sheet.row.plan_id), spares_own=True)
    alone = shown.events_count - to_let_go
    return visit.show(
        "ok",
        sheet=sheet,
        shown=shown,
        reasons=[(for_a_studio(why.reason), why.events_count) for why in reasons],
        slips=_slips(visit),
        alone=alone,
        may_ok=may_ok(visit),
    )


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
    settings, ledger, by = visit.desk.settings, visit.desk.ledger, visit.account.name
    if sheet.stage is not Stage.WAITING:
        raise WrongUsage("Somebody else has decided about that.")
    if not may_ok(visit):
        raise WrongUsage("Somebody else than who sent it has to give the OK.")
    plan_id, reason = str(sheet.row.plan_id), visit.form.get("reason").strip()
    if visit.form.get("decision") == "drop":
        discard(settings, ledger, plan_id, by, reason)
        with ledger.begin() as connection:
            kept.move_sheet(connection, sheet.sheet_id, Stage.WAITING, Stage.DROPPED, now=utc_now())
        return go("/waiting")
    # Where each of its rows is to be decided by itself, there is nothing to let go as a whole.
    with ledger.read() as connection:
        to_let_go = count_to_let_go(connection, plan_id, spares_own=True)
    if to_let_go:
        approve(settings, ledger, plan_id, by, reason, visit.form.get("seen"), spares_own=True)
    with ledger.begin() as connection:
        kept.want_again(connection, sheet.sheet_id, utc_now())
    return go(f"/sheets/{sheet.sheet_id}/posting")
