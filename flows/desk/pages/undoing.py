"""Undo a sheet or a row: planned and shown first, with what cannot be undone, then taken back by opposite entries."""

from typing import Any

from sqlalchemy import Row
from starlette.responses import Response

from flows.desk.pages.posting import row_meant, undo_waits
from flows.desk.sheets import DeskSheet
from flows.desk.visit import Visit, go
from flows.desk.words import for_a_studio
from flows.review.decide import approve, discard
from flows.review.reverse import Reversal, reverse_event, reverse_file
from flows.review.shown import show_plan
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from sql import desk_sheets as kept
from transforms.vocabulary import Role, Stage


def show_undo(visit: Visit) -> Response:
    """Ask why, or show what is planned."""
    sheet: DeskSheet = visit.sheet
    plan_id = sheet.row.undo_plan_id
    if plan_id is None or not undo_waits(visit):
        return visit.show("undo", sheet=sheet, shown=None, may_ok=False, cannot=(), row="")
    shown = show_plan(visit.desk.settings, visit.desk.ledger, plan_id, visit.account.name)
    return visit.show("undo", sheet=sheet, shown=shown, may_ok=_may_ok(visit), cannot=(), row="")


def _may_ok(visit: Visit) -> bool:
    """Return whether this person may let it go; where two are asked for, it takes one who gives the OK."""
    desk, sheet, account = visit.desk, visit.sheet, visit.account
    if not desk.settings.desk.second_person:
        return True
    with desk.ledger.read() as connection:
        asked_by = kept.undo_asked_by(connection, str(sheet.row.undo_plan_id))
    is_another = account.name != asked_by
    return is_another and account.may(Role.APPROVER, sheet.site_id)


def do_plan_undo(visit: Visit) -> Response:
    """Plan what takes the sheet, or a row of it, back; nothing is sent yet."""
    sheet: DeskSheet = visit.sheet
    if sheet.stage is Stage.POSTING:
        raise WrongUsage("It is being posted still: wait until that is over.")
    # Two plans at once could each take the same entry back, where one of them is about a row and one about all.
    if undo_waits(visit):
        raise WrongUsage("Something of it waits to be undone already: decide about that first.")
    reversal = _planned(visit)
    if reversal.plan_id is None:
        raise WrongUsage(_nothing(reversal))
    with visit.desk.ledger.begin() as connection:
        kept.note_undo(connection, sheet.sheet_id, reversal.plan_id)
    return go(f"/sheets/{sheet.sheet_id}/undo")


def _planned(visit: Visit) -> Reversal:
    desk, by = visit.desk, visit.account.name
    reason = visit.form.get("reason").strip()
    if not reason:
        raise WrongUsage("Say why, for whoever asks later.")
    if visit.form.get("row"):
        event_id = row_meant(visit).event_id
        return reverse_event(desk.settings, desk.ledger, event_id, by=by, reason=reason)
    file: Row[Any] = visit.sheet.row
    return reverse_file(desk.settings, desk.ledger, file.sha256, file.default_site_id, by=by, reason=reason)


def _nothing(reversal: Reversal) -> str:
    if not reversal.without_opposite:
        return "There is nothing to undo: what was posted of it is taken back, or about to be."
    _, why = reversal.without_opposite[0]
    return f"It cannot be undone from here: {for_a_studio(why)}"


def do_undo(visit: Visit) -> Response:
    """Let what was shown go, or leave everything as it is."""
    desk, by, sheet_id = visit.desk, visit.account.name, visit.sheet.sheet_id
    plan_id = visit.sheet.row.undo_plan_id
    if plan_id is None or not undo_waits(visit):
        raise WrongUsage("Somebody else has decided about that.")
    if visit.form.get("decision") == "leave":
        discard(desk.settings, desk.ledger, plan_id, by, "left as it is, at the desk", waits_still=True)
        return go(f"/sheets/{sheet_id}/posting")
    if not _may_ok(visit):
        raise WrongUsage("Somebody else has to give the OK to that.")
    # About what the page showed: a row that was decided about since is not taken back with the others.
    approve(desk.settings, desk.ledger, plan_id, by, seen=visit.form.get("seen"))
    with desk.ledger.begin() as connection:
        kept.want_again(connection, sheet_id, utc_now())
    return go(f"/sheets/{sheet_id}/posting")
