"""Check: what is ready, what needs fixing, what to look at again, what is known; mend it, and have it posted."""

import secrets
from collections.abc import Mapping, Sequence

from starlette.responses import Response

from flows.desk.as_read import read_sheet
from flows.desk.calls_ahead import calls_short
from flows.desk.clients_to_see import ClientsToSee, clients_to_see
from flows.desk.looking import Looked
from flows.desk.looks import look_at
from flows.desk.mending import mend, needed
from flows.desk.pages.home import attached
from flows.desk.pages.reading import show_sheet
from flows.desk.parts import MOST_SHOWN, page_of
from flows.desk.sheets import find_sheet
from flows.desk.visit import Visit, go
from flows.desk.wrong_cells import Wrong
from flows.intake.check_report import notes_of
from flows.marked_copy.write import write_marked
from flows.readers.limits import MAX_ROWS
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from sql.desk_sheets import mends_of, want_posted
from transforms.vocabulary import Stage

_TABS = ("ready", "fix", "again", "known")


def show_check(visit: Visit) -> Response:
    """Show what the sheet would do, tab by tab."""
    desk, sheet = visit.desk, visit.sheet
    if sheet.stage is not Stage.OPEN:
        return show_sheet(visit)
    found = read_sheet(desk, sheet)
    if found.checked is None or not sheet.row.is_read_well:
        return go(f"/sheets/{sheet.sheet_id}/read")
    looked = look_at(desk, sheet, found)
    clients = clients_to_see(desk, sheet, looked)
    counts = _counts(looked, clients)
    tab = _tab_asked(visit, counts)
    # Wrong cells are shown kind by kind, and what is odd of clients or may be a slip stands above the rows.
    lengths = {**counts, "fix": len(looked.wrong), "again": len(looked.again)}
    page, pages = page_of(visit, lengths[tab])
    shown = slice((page - 1) * MOST_SHOWN, page * MOST_SHOWN)
    rows = {"ready": looked.ready, "again": looked.again, "known": looked.known}.get(tab)
    with desk.ledger.read() as connection:
        mends = mends_of(connection, sheet.sheet_id)
    return visit.show(
        "check",
        sheet=sheet,
        looked=looked,
        calls_short=calls_short(desk, looked),
        counts=counts,
        tab=tab,
        rows=[] if rows is None else rows[shown],
        clients=clients,
        wrong=looked.wrong[shown],
        page=page,
        pages=pages,
        link=f"tab={tab}",
        mends=mends,
        needs_another=_needs_another(visit, looked),
    )


def _counts(looked: Looked, clients: ClientsToSee) -> Mapping[str, int]:
    return {
        "ready": len(looked.ready),
        "fix": looked.wrong_rows,
        "again": len(looked.again) + len(clients.odd) + len(looked.unusual),
        "known": len(looked.known),
    }


def _tab_asked(visit: Visit, counts: Mapping[str, int]) -> str:
    asked = visit.request.query_params.get("tab", "")
    if asked in _TABS:
        return asked
    # What needs somebody comes first.
    for tab in ("fix", "again", "ready"):
        if counts[tab]:
            return tab
    return "known"


def look_of(visit: Visit) -> Looked:
    """Return what the sheet would do; `WrongUsage` where it cannot be told before something is answered."""
    found = read_sheet(visit.desk, visit.sheet)
    if found.checked is None:
        raise WrongUsage("Something about it is open still: say how it is read first.")
    return look_at(visit.desk, visit.sheet, found)


def _needs_another(visit: Visit, looked: Looked) -> bool:
    """Return whether nothing is posted before another person has agreed: by the settings, or since it is unusual."""
    return visit.desk.settings.desk.second_person or bool(looked.stops)


def do_mend(visit: Visit) -> Response:
    """Put what belongs there into the cells of one kind, or into that of one row."""
    form = visit.form
    wrong = _wrong_meant(visit)
    text = form.get("suggested") or form.get("text")
    is_emptied = form.get("empty") == "yes" and wrong.may_be_empty
    if not is_emptied:
        text = needed(text)
    mend(visit.desk, visit.sheet, wrong, _rows_meant(visit, wrong), text, visit.account.name)
    return go(f"/sheets/{visit.sheet.sheet_id}/check?tab=fix")


def _wrong_meant(visit: Visit) -> Wrong:
    key = visit.form.get("key")
    for wrong in look_of(visit).wrong:
        if wrong.key == key:
            return wrong
    raise WrongUsage("That is mended already.")


def _rows_meant(visit: Visit, wrong: Wrong) -> Sequence[int]:
    asked = visit.form.get("row")
    is_one_of_them = asked.isdecimal() and int(asked) in wrong.rows
    return [int(asked)] if is_one_of_them else wrong.rows


def give_marked(visit: Visit) -> Response:
    """Hand the sheet out with the wrong cells marked, to be fixed in Excel."""
    looked = look_of(visit)
    if looked.rows is None or looked.plan.rows_read > MAX_ROWS:
        raise WrongUsage("The sheet has more rows than Excel holds.")
    out = visit.sheet.folder / f"marked-{secrets.token_hex(8)}.xlsx"
    try:
        write_marked(
            visit.sheet.path,
            looked.checked.sheets,
            looked.rows.errors,
            out,
            statuses=looked.rows.statuses,
            receipts=looked.rows.receipts,
            layouts=looked.checked.rules.layouts,
            noticed=notes_of(looked.checked),
        )
        content = out.read_bytes()
    finally:
        out.unlink(missing_ok=True)
    stem = visit.sheet.name.rpartition(".")[0] or visit.sheet.name
    return attached(content, f"{stem} to fix.xlsx")


def do_post(visit: Visit) -> Response:
    """Have it posted as it was shown; nothing happens where it would do anything else by now."""
    if visit.sheet.stage is not Stage.OPEN:
        return _wanted_before(visit)
    looked = look_of(visit)
    # By the code of all that the page said: a mend, an answer or another sheet since makes it another one.
    if visit.form.get("code") != looked.code or not looked.will:
        raise WrongUsage("What it would post is not what you saw. Look at it again; nothing was posted.")
    with visit.desk.ledger.begin() as connection:
        is_wanted = want_posted(
            connection,
            visit.sheet.sheet_id,
            sha256=visit.sheet.row.sha256,
            seen=looked.code,
            by=visit.account.name,
            needs_another=_needs_another(visit, looked),
            now=utc_now(),
        )
    return go(f"/sheets/{visit.sheet.sheet_id}/posting") if is_wanted else _wanted_before(visit)


def _wanted_before(visit: Visit) -> Response:
    """Lead on who has had this very thing posted already, by a second click or in another window; tell anybody else."""
    sheet = find_sheet(visit.desk, visit.sheet.sheet_id)
    mine = (visit.account.name, visit.form.get("code"))
    is_mine = sheet is not None and (sheet.row.wanted_by, sheet.row.wanted_seen) == mine
    if not is_mine:
        raise WrongUsage("Somebody else was faster: look at what became of it.")
    return go(f"/sheets/{visit.sheet.sheet_id}/posting")
