"""Posting: how far it is, what came of it, try again what was turned down, decide what waits, undo."""

from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import Row
from starlette.responses import Response

from flows.desk.came import TABS, Came, came_of, rows_of_tab
from flows.desk.pages.home import attached
from flows.desk.parts import MOST_SHOWN, page_of
from flows.desk.rows_to_see import RowToSee, bad_cell_to_see, row_to_see
from flows.desk.sheets import DeskSheet
from flows.desk.visit import Desk, Visit, go
from flows.desk.words import for_a_studio
from flows.review.clocks import Clocks, clocks_of
from flows.review.decide import approve, discard
from flows.review.replace import replace
from flows.review.retry import Asked, Retry, find_refused, let_try_again
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from sql import desk_rows as brought
from sql import desk_sheets as kept
from sql.plans import states_of_plan
from transforms.vocabulary import Role, Stage, State

_SOON = timedelta(seconds=30)  # until a poster is at work, on a slow machine too


def show_posting(visit: Visit) -> Response:
    """Show how far it is, or what came of it."""
    sheet: DeskSheet = visit.sheet
    if sheet.stage is Stage.OPEN:
        return go(f"/sheets/{sheet.sheet_id}")
    if sheet.stage is Stage.DROPPED:
        return go("/")
    desk = visit.desk
    came = came_of(desk, sheet)
    clocks = clocks_of(desk.settings)
    tab = _tab_asked(visit, came)
    page, pages = page_of(visit, came.cells if tab == "fix" else came.tabs[tab])
    rows = rows_of_tab(desk, came, tab, brought.Part(MOST_SHOWN, (page - 1) * MOST_SHOWN))
    return visit.show(
        "posting",
        sheet=sheet,
        came=came,
        total=came.total,
        over=came.total - came.count(State.READY, State.SENDING, State.HELD),
        tab=tab,
        counts=came.tabs,
        rows=[_to_see(row, clocks, sheet, tab) for row in rows],
        page=page,
        pages=pages,
        link=f"tab={tab}",
        refused=_why_refused(desk, came, clocks),
        trouble=for_a_studio(sheet.row.trouble) if sheet.row.trouble else "",
        not_begun=_not_begun(visit),
        is_moving=sheet.stage is Stage.POSTING,
        may_ok=may_ok(visit),
        undo_waits=undo_waits(visit),
        may_send=visit.account.may(Role.UPLOADER, sheet.site_id),
        wanted_at=clocks.of(sheet.site_id).tell_minute(sheet.row.stage_at),
        has_marked=_marked(visit) is not None,
    )


def _not_begun(visit: Visit) -> str:
    """Say why nothing has moved for a while of a sheet that is to be posted, "" where something has."""
    row = visit.sheet.row
    is_late = utc_now() - row.stage_at > _SOON
    if visit.sheet.stage is not Stage.POSTING or row.tries_count or not is_late:
        return ""
    with visit.desk.ledger.read() as connection:
        first = kept.sheets_to_post(connection)[:1]
    if any(other.tries_count for other in first):
        return "Another sheet is being posted: this one follows."
    return (
        "Nothing has begun to post it yet, and nothing of it is lost. If it does not begin soon, whoever looks after "
        "tieout finds why in its messages."
    )


def _tab_asked(visit: Visit, came: Came) -> str:
    asked = visit.request.query_params.get("tab", "")
    if asked in TABS:
        return asked
    # What needs somebody comes first.
    for tab in ("refused", "held", "unknown"):
        if came.tabs[tab]:
            return tab
    return "posted"


def _to_see(row: Row[Any], clocks: Clocks, sheet: DeskSheet, tab: str) -> RowToSee:
    return bad_cell_to_see(row, sheet.sheet_id) if tab == "fix" else row_to_see(row, clocks)


def _why_refused(desk: Desk, came: Came, clocks: Clocks) -> list[tuple[str, int]]:
    """Return why rows were turned down, the most frequent reason first, each with how many rows."""
    if not came.tabs["refused"]:
        return []
    reasons: Counter[str] = Counter()
    for row in rows_of_tab(desk, came, "refused"):
        reasons[row_to_see(row, clocks).told.removeprefix("turned down: ")] += 1
    return reasons.most_common()


def do_again(visit: Visit) -> Response:
    """Let posting go on that had stopped."""
    if visit.sheet.stage is not Stage.STUCK:
        raise WrongUsage("It is not stopped any more: look at how it stands.")
    _post_again(visit)
    return go(f"/sheets/{visit.sheet.sheet_id}/posting")


def _post_again(visit: Visit) -> None:
    with visit.desk.ledger.begin() as connection:
        kept.want_again(connection, visit.sheet.sheet_id, utc_now())


def do_try_again(visit: Visit) -> Response:
    """Let what was turned down be tried again, now that its cause is gone; it is looked up first."""
    sheet: DeskSheet = visit.sheet
    desk = visit.desk
    rows = rows_of_tab(desk, came_of(desk, sheet), "refused")
    if not rows:
        raise WrongUsage("Nothing of it is turned down any more.")
    # Exactly these: what is refused by another sheet at the same moment is not meant.
    event_ids = tuple(row.event_id for row in rows)
    shown = find_refused(desk.settings, desk.ledger, Asked(event_ids=event_ids))
    if not shown.events:
        raise WrongUsage(f"It cannot be tried again: {_why_nothing(shown)}.")
    reason = visit.form.get("reason").strip() or "tried again at the desk"
    let_try_again(desk.settings, desk.ledger, shown, by=visit.account.name, reason=reason)
    _post_again(visit)
    return go(f"/sheets/{sheet.sheet_id}/posting")


def _why_nothing(shown: Retry) -> str:
    if not shown.left_out:
        return shown.nothing
    _, why = shown.left_out[0]
    return why


def do_decide(visit: Visit) -> Response:
    """Post a row that waits, leave it out, or let it take the place of the earlier one that it corrects."""
    row = row_meant(visit)
    # What waits as a whole is decided as a whole, by whoever may.
    if visit.sheet.stage in (Stage.WAITING, Stage.POSTING):
        raise WrongUsage("The sheet as a whole is decided about first.")
    if row.state != State.HELD:
        raise WrongUsage("Somebody else has decided about that row.")
    settings, ledger, by = visit.desk.settings, visit.desk.ledger, visit.account.name
    decision = visit.form.get("decision")
    if decision == "leave out":
        discard(settings, ledger, row.event_id, by, "left out at the desk", waits_still=True)
    elif decision in ("post", "correct"):
        _refuse_own(visit)
        if decision == "post":
            approve(settings, ledger, row.event_id, by, "looked at by itself at the desk")
        else:
            replace(settings, ledger, row.event_id, by, "it corrects the earlier one, as was said at the desk")
        _post_again(visit)
    return go(f"/sheets/{visit.sheet.sheet_id}/posting?tab=held")


def _refuse_own(visit: Visit) -> None:
    if not may_ok(visit):
        raise WrongUsage("Somebody else has to give the OK to that.")


def may_ok(visit: Visit) -> bool:
    """Return whether this person may give the OK: another than who sent it, where the settings say so."""
    row, account, site_id = visit.sheet.row, visit.account, visit.sheet.site_id
    is_approver = account.may(Role.APPROVER, site_id)
    if visit.desk.settings.desk.second_person:
        is_another = account.name != row.wanted_by
        return is_approver and is_another
    # What is unusual asks for somebody who may give the OK, be it the same.
    if row.needs_another:
        return is_approver
    return is_approver or account.may(Role.UPLOADER, site_id)


def undo_waits(visit: Visit) -> bool:
    """Return whether something of the sheet is planned to be taken back, and nobody has decided yet."""
    plan_id = visit.sheet.row.undo_plan_id
    if plan_id is None:
        return False
    with visit.desk.ledger.begin() as connection:
        return states_of_plan(connection, plan_id).get(State.HELD, 0) > 0


def row_meant(visit: Visit) -> Row[Any]:
    """Return the row that a form is about, which has to be one of this very sheet.

    Whoever may post at one studio could name an event of another: its sheet is what says whose it is.
    """
    came = came_of(visit.desk, visit.sheet)
    with visit.desk.ledger.read() as connection:
        found = brought.row_of_event(connection, visit.form.get("row"))
    if found is None or found.file_id != came.file_id:
        raise WrongUsage("There is no such row in this sheet.")
    return found


def give_result(visit: Visit) -> Response:
    """Hand the sheet out with what became of each row."""
    path = _marked(visit)
    if path is None:
        raise WrongUsage("There is none yet.")
    return attached(path.read_bytes(), path.name)


def _marked(visit: Visit) -> Any:
    run_id = visit.sheet.row.run_id
    if not run_id:
        return None
    # The run wrote it, under a name that is the sheet's own.
    copies = sorted((visit.desk.settings.reports_folder / run_id).glob("*.marked.xls?"))
    return copies[0] if copies else None
