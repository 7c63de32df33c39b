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
from sql import desk_sheets as kept
from sql.trace import events_of_reward, find_event
from transforms.identity.reward_ids import without_case
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
    number, on = visit.path["row"], storable(visit.request.query_params.get("on", ""))
    if not number.isdecimal() or len(number) > _LONGEST_ROW:
        return not_there(visit)
    with visit.desk.ledger.read() as connection:
        file = kept.file_of(connection, sheet.row.sha256, sheet.row.default_site_id)
        found = Found() if file is None else _found(visit.desk, connection, file, on, int(number))
        mends = [mend for mend in kept.mends_of(connection, sheet.sheet_id) if mend.row_number == int(number)]
    if file is None or not found.is_any:
        return not_there(visit)
    return _show(visit, file, on, int(number), found, sheet, mends)


def show_row(visit: Visit) -> Response:
    """Show the row that brought an event, whichever way it came."""
    with visit.desk.ledger.read() as connection:
        event = find_event(connection, storable(visit.path["event_id"]))
        if event is None or not _may_see(visit, connection, event):
            return not_there(visit)
        file = kept.file_by_id(connection, event.file_id)
        found = Found([tell_story(visit.desk, connection, event)])
        rows = kept.sheets_of_content(connection, file.sha256, file.default_site_id)
        sheets = [sheet_from(visit.desk, row) for row in rows if visit.account.may(Role.VIEWER, row.site_id)]
        mends = [] if not sheets else list(kept.mends_of(connection, sheets[0].sheet_id))
    mends = [mend for mend in mends if mend.row_number == event.row_number]
    return _show(visit, file, event.sheet or "", event.row_number, found, sheets[0] if sheets else None, mends)


def _show(
    visit: Visit,
    file: Row[Any],
    on: str,
    number: int,
    found: Found,
    sheet: DeskSheet | None,
    mends: Sequence[Row[Any]],
) -> Response:
    is_opposite = file.name.startswith("reversal of ")
    paths = () if sheet is None else (sheet.path,)
    content = content_of(visit.desk, paths, file.name, file.sha256, file.default_site_id)
    return visit.show(
        "row",
        place=f"Row {number:,}" + (f", {on}" if on else ""),
        file="" if is_opposite else file.name,
        is_opposite=is_opposite,
        sheet=sheet,
        found=found,
        mends=mends,
        cells=cells_of_row(visit.desk, content, file.rows_read, on or None, number),
        may_review=visit.account.sites(Role.REVIEWER, visit.desk.site_ids),
    )


def _may_see(visit: Visit, connection: Connection, event: Row[Any]) -> bool:
    """Return whether somebody may look at an event: at its studio; of a reward, at that whose people sent it."""
    if event.site_id:
        return visit.account.may(Role.VIEWER, event.site_id)
    if visit.account.may(Role.VIEWER, ALL_SITES) or len(visit.desk.site_ids) == 1:
        return bool(visit.account.sites(Role.VIEWER, visit.desk.site_ids))
    file = kept.file_by_id(connection, event.file_id)
    senders = [row.site_id for row in kept.sheets_of_content(connection, file.sha256, file.default_site_id)]
    return any(visit.account.may(Role.VIEWER, site_id) for site_id in (*senders, file.default_site_id) if site_id)


def _found(desk: Desk, connection: Connection, file: Row[Any], on: str, number: int) -> Found:
    found = Found()
    for row in kept.events_at(connection, file.file_id, on, number):
        event = find_event(connection, row.event_id)
        if event is not None:
            found.stories.append(tell_story(desk, connection, event))
    for row in kept.duplicates_at(connection, file.file_id, on, number):
        event = find_event(connection, row.event_id)
        if event is not None:
            found.again = _first_of(event, file)
            found.stories.append(tell_story(desk, connection, event))
    found.wrong = [
        WrongCell(row.column_heading or "", row.value or "", for_a_studio(row.message))
        for row in kept.rejections_at(connection, file.file_id, on, number)
    ]
    reasons = [for_a_studio(row.reason) for row in kept.skipped_at(connection, file.file_id, on, number)]
    found.skipped = "; ".join(reasons)
    return found


def _first_of(event: Row[Any], file: Row[Any]) -> str:
    of_file = "this sheet" if event.file_id == file.file_id else event.file
    return f"row {event.row_number}" + (f", {event.sheet}," if event.sheet else "") + f" of {of_file}"


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
    changes: list[Change] = []
    if asked:
        with visit.desk.ledger.read() as connection:
            changes = list(_changes(visit, connection, asked))
    told = "Nothing is known of a reward with this number, or it is none of your studio's." if asked else ""
    return visit.show("reward", asked=asked, told="" if changes else told, changes=changes[-_MOST_SHOWN:])


def _changes(visit: Visit, connection: Connection, reward_id: str) -> Iterator[Change]:
    clocks = clocks_of(visit.desk.settings)
    for event in events_of_reward(connection, without_case(reward_id)):
        row = kept.row_of_event(connection, event.event_id)
        if row is not None and _may_see(visit, connection, event):
            seen = row_to_see(row, clocks)
            when = clocks.of(None).tell_minute(event.registered_at.replace(microsecond=0))
            yield Change(event.event_id, f"{seen.place} of {event.file}", _set_to(event), when, seen.told)


def _set_to(event: Row[Any]) -> str:
    parts = []
    if event.amount is not None:
        parts.append(f"amount {money(event.amount)}")
    if event.eligibility_on is not None:
        parts.append(f"may be paid from {event.eligibility_on:%-d %b %Y}")
    if event.description is not None:
        parts.append(f"described as “{event.description}”")
    return ", ".join(parts) or f"payout {event.payout_id}"
