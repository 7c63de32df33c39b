"""How we read it: the first rows, what each column is read as, and what only a person can say."""

from starlette.responses import Response

from flows.desk.as_read import answer, choose_columns, read_sheet
from flows.desk.visit import Visit, go
from flows.desk.words import asked, for_a_studio
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from sql.desk_sheets import move_sheet, note_read_anew, note_read_well
from transforms.vocabulary import Stage


def show_sheet(visit: Visit) -> Response:
    """Lead to where a sheet stands."""
    at = f"/sheets/{visit.sheet.sheet_id}"
    if visit.sheet.stage is Stage.OPEN:
        return go(f"{at}/check" if visit.sheet.row.is_read_well else f"{at}/read")
    return go(f"{at}/posting")


def show_reading(visit: Visit) -> Response:
    """Show how it is read."""
    if visit.sheet.stage is not Stage.OPEN:
        return show_sheet(visit)
    found = read_sheet(visit.desk, visit.sheet)
    notes = [] if found.checked is None else [for_a_studio(note.message) for note in found.checked.notes]
    return visit.show(
        "reading",
        sheet=visit.sheet,
        found=found,
        question="" if found.question is None else asked(found.question.message),
        asked=asked,
        trouble=for_a_studio(found.trouble) if found.trouble else "",
        notes=notes,
    )


def do_answer(visit: Visit) -> Response:
    """Keep an answer, and show how it is read by it."""
    answer(visit.desk, visit.sheet, visit.form.get("code"), visit.form.get("answer"))
    return go(f"/sheets/{visit.sheet.sheet_id}/read")


def do_choose(visit: Visit) -> Response:
    """Keep what each column is read as, and show how it is read by that; somebody looks at it anew."""
    form = visit.form
    if visit.sheet.stage is not Stage.OPEN:
        raise WrongUsage("It is not open any more: somebody else has had it posted, or dropped it.")
    order, clock = form.get("order"), form.get("clock")
    choose_columns(visit.desk, visit.sheet, form.get("code"), form.fields, order, clock)
    with visit.desk.ledger.begin() as connection:
        # Sheets like it are read so too, and whoever has seen how they were read has not seen this.
        note_read_anew(connection)
    return go(f"/sheets/{visit.sheet.sheet_id}/read")


def do_read_well(visit: Visit) -> Response:
    """Keep that somebody has seen how it is read, and go on."""
    found = read_sheet(visit.desk, visit.sheet)
    if found.checked is None:
        raise WrongUsage("Something about it is open still.")
    if found.undated and visit.form.get("undated") != "yes":
        raise WrongUsage("No column says when. Say that every row is to be dated as it is posted, or add the column.")
    with visit.desk.ledger.begin() as connection:
        note_read_well(connection, visit.sheet.sheet_id, is_read_well=True)
    return go(f"/sheets/{visit.sheet.sheet_id}/check")


def do_drop(visit: Visit) -> Response:
    """Drop a sheet of which nothing was posted."""
    with visit.desk.ledger.begin() as connection:
        is_dropped = move_sheet(connection, visit.sheet.sheet_id, Stage.OPEN, Stage.DROPPED, now=utc_now())
    if not is_dropped:
        raise WrongUsage("It is not open any more: somebody else has had it posted, or dropped it.")
    return go("/")
