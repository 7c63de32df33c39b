"""Find what a person asks for, by its id or its row; `flows.review.story` tells of it."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from flows.review.clocks import Clocks, clocks_of
from flows.review.story.of_break import break_lines
from flows.review.story.of_client import client_lines
from flows.review.story.of_event import event_lines
from flows.runtime.errors import WrongUsage
from flows.settings.sections import Settings
from sql.file_rows import FileRow, duplicates_at, events_at, rejections_at, rows_at, skipped_at
from sql.trace import events_of_reward, find_break, find_event, sites_of_client
from transforms.identity.reward_ids import without_case

_TAKES = (
    "trace takes the id of an event, a difference, a reward or a client, or FILE:SHEET:ROW such as "
    '"march.xlsx:Sheet1:14" (for a file without sheets, "march.csv::14").'
)
_LONGEST_NUMBER = 12  # digits


def trace_lines(settings: Settings, connection: Connection, asked: str) -> list[str]:
    """Return the story of what was asked for, a line each; times are by the studio's own clock.

    What one id names in several ways is told in all of them. `WrongUsage` where the ledger knows nothing of it.
    """
    clocks = clocks_of(settings)
    sites = settings.mindbody.site_ids
    event = find_event(connection, asked)
    if event is not None:
        return event_lines(settings, connection, event, clocks)
    lines: list[str] = []
    broken = find_break(connection, asked)
    if broken is not None:
        lines += break_lines(connection, broken, clocks)
    for update in events_of_reward(connection, without_case(asked)):
        lines += event_lines(settings, connection, update, clocks)
    for site_id in sites_of_client(connection, asked, sites):
        lines += client_lines(connection, site_id, asked, clocks)
    return lines or _row_lines(settings, connection, asked, clocks)


def _row_lines(settings: Settings, connection: Connection, row: str, clocks: Clocks) -> list[str]:
    """Return the story of a row, by its place: of all that it brought, or why it brought nothing."""
    # The same name may have come more than once.
    places = rows_at(connection, *_split(row))
    lines: list[str] = []
    for event in _of_each(connection, places, events_at):
        lines += event_lines(settings, connection, event, clocks)
    for duplicate in _of_each(connection, places, duplicates_at):
        lines.append(f"{row} is a duplicate of event {duplicate.event_id}: {duplicate.reason}. It is not sent again.")
        original = find_event(connection, duplicate.event_id)
        if original is not None:
            lines += event_lines(settings, connection, original, clocks)
    for rejection in _of_each(connection, places, rejections_at):
        lines.append(f"{row} was rejected: {_rejection(rejection)}")
        lines.append("Nothing of it was sent. What to do: mend the row, and send the sheet again.")
    for why in _of_each(connection, places, skipped_at):
        lines.append(f"{row} was skipped: {why.reason}. Nothing of it was sent.")
    if not lines:
        raise WrongUsage(f'The ledger knows no event and no row "{row}": {_TAKES}')
    return lines


def _of_each(
    connection: Connection, places: Sequence[FileRow], find: Callable[[Connection, FileRow], Sequence[Row[Any]]]
) -> list[Row[Any]]:
    return [found for place in places for found in find(connection, place)]


def _rejection(row: Row[Any]) -> str:
    where = row.cell or row.column_heading or "the row"
    what = where if row.value is None else f'{where} "{row.value}"'
    return f"{what}: {row.message} ({row.code})"


def _split(row: str) -> tuple[str, str, int]:
    """Return file, sheet and number of a row that is named; a file's own name may have colons."""
    parts = row.rsplit(":", 2)
    # No sheet has a row whose number is longer, and a database takes none.
    is_place = len(parts) == 3 and parts[2].isdecimal() and len(parts[2]) <= _LONGEST_NUMBER
    if not is_place:
        raise WrongUsage(f'The ledger knows nothing of "{row}": {_TAKES}')
    file, sheet, number = parts
    return file, sheet, int(number)
