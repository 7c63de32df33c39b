"""A row, and a reward: pages that can be linked to, for whoever may look at the studio that it belongs to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row
from starlette.responses import Response

from flows.desk.row_cells import cells_of_row, content_of
from flows.desk.row_story import Story, tell_story
from flows.desk.rows_to_see import row_to_see
from flows.desk.sheets import DeskSheet, sheet_from
from flows.desk.visit import Desk, Visit, not_there
from flows.desk.words import for_a_studio, money
from flows.people.accounts import ALL_SITES
from flows.review.clocks import clocks_of
from flows.runtime.visible import storable
from sql import desk_rows as brought
from sql import desk_sheets as kept
from sql.file_rows import FileRow, duplicates_at, events_at, rejections_at, skipped_at
from sql.reversals import takes_another_back
from sql.trace import events_of_reward, find_event
from transforms.identity.reward_ids import without_case
from transforms.spoken_times import spoken_date
from transforms.vocabulary import Role

_LONGEST_ROW = 9  # digits
_MOST_SHOWN = 200


@dataclass
class WrongCell:
    """A cell of a row that could not be posted."""

    column: str
    value: str
    told: str


@dataclass
class Found:
    """What a row of a file brought: an event, an earlier one again, or nothing, and why."""

    stories: list[Story] = field(default_factory=list)
    again: str = ""
    wrong: list[WrongCell] = field(default_factory=list)
    skipped: str = ""

    @property
    def is_any(self) -> bool:
        """Whether anything is known of it."""
        return bool(self.stories or self.again or self.wrong or self.skipped)


def show_sheet_row(visit: Visit) -> Response:
    """Show one row of a sheet: its cells, what became of it, and its story."""
    sheet: DeskSheet = visit.sheet
    asked, on = visit.path["row"], storable(visit.request.query_params.get("on", ""))
    if not asked.isdecimal() or len(asked) > _LONGEST_ROW:
        return not_there(visit)
    number = int(asked)
    with visit.desk.ledger.read() as connection:
        file = brought.file_of(connection, sheet.row.sha256, sheet.row.default_site_id)
        found = Found() if file is None else _found(visit.desk, connection, file, on, number)
        mends = _mends_of_row(connection, sheet, number)
    if file is None or not found.is_any:
        return not_there(visit)
    return _show(visit, file, on, number, found, sheet, mends)


def _mends_of_row(connection: Connection, sheet: DeskSheet, number: int) -> list[Row[Any]]:
    return [mend for mend in kept.mends_of(connection, sheet.sheet_id) if mend.row_number == number]


def show_row(visit: Visit) -> Response:
    """Show the row that brought an event, whichever way it came."""
    with visit.desk.ledger.read() as connection:
        event = find_event(connection, storable(visit.path["event_id"]))
        if event is None or not _may_see(visit, connection, event):
            return not_there(visit)
        file = brought.file_by_id(connection, event.file_id)
        found = Found([tell_story(visit.desk, connection, event)])
        sheet = _sheet_to_see(visit, connection, file)
        mends = [] if sheet is None else _mends_of_row(connection, sheet, event.row_number)
    is_opposite = takes_another_back(event)
    return _show(visit, file, event.sheet or "", event.row_number, found, sheet, mends, is_opposite=is_opposite)


def _sheet_to_see(visit: Visit, connection: Connection, file: Row[Any]) -> DeskSheet | None:
    """Return the newest sheet of the desk with this content that somebody may look at; None where there is none."""
    for row in kept.sheets_of_content(connection, file.sha256, file.default_site_id):
        if visit.account.may(Role.VIEWER, row.site_id):
            return sheet_from(visit.desk, row)
    return None


def _show(
    visit: Visit,
    file: Row[Any],
    on: str,
    number: int,
    found: Found,
    sheet: DeskSheet | None,
    mends: Sequence[Row[Any]],
    *,
    is_opposite: bool = False,
) -> Response:
    """Show a row with its cells and its story; what takes an entry back is in no file, whatever stands for its name."""
    paths = () if sheet is None else (sheet.path,)
    content = content_of(visit.desk, paths, file.name, file.sha256, file.default_site_id)
    row = f"Row {number:,}"
    return visit.show(
        "row",
        place=f"{row}, {on}" if on else row,
        file="" if is_opposite else file.name,
        is_opposite=is_opposite,
        sheet=sheet,
        found=found,
        mends=mends,
        cells=cells_of_row(visit.desk, content, file.rows_read, on or None, number),
        may_review=visit.account.sites(Role.REVIEWER, visit.desk.site_ids),
    )


def _may_see(visit: Visit, connection: Connection, event: Row[Any]) -> bool:
    """Return whether somebody may look at an event: at its studio; of a reward, at that whose people sent it.

    A reward names no studio, and whoever looks after one may not read what another one pays out.
    """
    account, desk = visit.account, visit.desk
    if event.site_id:
        return account.may(Role.VIEWER, event.site_id)
    sees_all = account.may(Role.VIEWER, ALL_SITES)
    if sees_all or len(desk.site_ids) == 1:
        return bool(account.sites(Role.VIEWER, desk.site_ids))
    return any(account.may(Role.VIEWER, site_id) for site_id in _senders(connection, event))


def _senders(connection: Connection, event: Row[Any]) -> list[str]:
    """Return the studios whose people sent the file that brought an event."""
    file = brought.file_by_id(connection, event.file_id)
    sheets = kept.sheets_of_content(connection, file.sha256, file.default_site_id)
    site_ids = [*(sheet.site_id for sheet in sheets), file.default_site_id]
    return [site_id for site_id in site_ids if site_id]


def _found(desk: Desk, connection: Connection, file: Row[Any], on: str, number: int) -> Found:
    row = FileRow(file.file_id, on, number)
    found = Found()
    for event in events_at(connection, row):
        found.stories.append(tell_story(desk, connection, event))
    for duplicate in duplicates_at(connection, row):
        original = find_event(connection, duplicate.event_id)
        if original is not None:
            found.again = _first_of(original, file)
            found.stories.append(tell_story(desk, connection, original))
    found.wrong = [_wrong_cell(rejection) for rejection in rejections_at(connection, row)]
    reasons = [for_a_studio(skipped.reason) for skipped in skipped_at(connection, row)]
    found.skipped = "; ".join(reasons)
    return found


def _wrong_cell(row: Row[Any]) -> WrongCell:
    return WrongCell(row.column_heading or "", row.value or "", for_a_studio(row.message))


def _first_of(event: Row[Any], file: Row[Any]) -> str:
    of_file = "this sheet" if event.file_id == file.file_id else event.file
    place = f"row {event.row_number}"
    if event.sheet:
        place += f", {event.sheet},"
    return f"{place} of {of_file}"


@dataclass(frozen=True)
class Change:
    """One change of a reward."""

    event_id: str
    place: str
    what: str
    when: str
    told: str


def show_reward(visit: Visit) -> Response:
    """Ask for a reward, or show what was changed of it."""
    asked = storable(visit.request.query_params.get("reward", "").strip())[:100]
    if not asked:
        return visit.show("reward", asked="", told="", changes=[])
    with visit.desk.ledger.read() as connection:
        changes = list(_changes(visit, connection, asked))
    # Whether there is such a reward at another studio is nobody's to learn here.
    unknown = "Nothing is known of a reward with this number, or it is none of your studio's."
    return visit.show("reward", asked=asked, told="" if changes else unknown, changes=changes[-_MOST_SHOWN:])


def _changes(visit: Visit, connection: Connection, reward_id: str) -> Iterator[Change]:
    clocks = clocks_of(visit.desk.settings)
    for event in events_of_reward(connection, without_case(reward_id)):
        row = brought.row_of_event(connection, event.event_id)
        if row is None or not _may_see(visit, connection, event):
            continue
        seen = row_to_see(row, clocks)
        registered_at = event.registered_at.replace(microsecond=0)
        yield Change(
            event_id=event.event_id,
            place=f"{seen.place} of {event.file}",
            what=_set_to(event),
            when=clocks.of(None).tell_minute(registered_at),
            told=seen.told,
        )


def _set_to(event: Row[Any]) -> str:
    parts = []
    if event.amount is not None:
        parts.append(f"amount {money(event.amount)}")
    if event.eligibility_on is not None:
        parts.append(f"may be paid from {spoken_date(event.eligibility_on)}")
    if event.description is not None:
        parts.append(f"described as “{event.description}”")
    return ", ".join(parts) or f"payout {event.payout_id}"
