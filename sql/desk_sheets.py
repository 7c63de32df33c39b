"""Sheets that came by the desk: where each stands, what was mended in it, and what has become of its rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert

from sql.queries import query, rows_query
from sql.sums import summed
from sql.tables.desk import desk_mends, desk_sheets
from transforms.vocabulary import Stage, State


@dataclass(frozen=True)
class Mend:
    """One cell that a person changed; ``sheet`` is None where the format has no sheets."""

    sheet: str | None
    row: int
    column: str
    before: str | None
    after: str


def add_sheet(
    connection: Connection,
    sheet_id: str,
    *,
    name: str,
    site_id: str,
    default_site_id: str,
    sha256: str,
    by: str,
    now: datetime,
) -> None:
    """Keep that a sheet has come."""
    values = {"sheet_id": sheet_id, "name": name, "site_id": site_id, "default_site_id": default_site_id}
    values |= {"sha256": sha256, "uploaded_sha256": sha256, "uploaded_by": by}
    rest = {"uploaded_at": now, "stage": Stage.OPEN.value, "stage_at": now}
    flags = {"is_read_well": False, "needs_another": False, "tries_count": 0}
    connection.execute(insert(desk_sheets).values(**values, **rest, **flags))


def sheet_of(connection: Connection, sheet_id: str) -> Row[Any] | None:
    """Return a sheet, None where there is none of this id."""
    return connection.execute(rows_query("desk_sheet"), {"sheet_id": sheet_id}).one_or_none()


def sheets_of_site(connection: Connection, site_id: str, most: int, skipped: int = 0) -> Sequence[Row[Any]]:
    """Return the newest sheets of a site, after so many."""
    values = {"site_id": site_id, "most": most, "skipped": skipped}
    return connection.execute(rows_query("desk_sheets_of_site"), values).all()


def sheets_to_post(connection: Connection) -> Sequence[Row[Any]]:
    """Return what is to be posted, in the order in which it was asked for."""
    return connection.execute(rows_query("desk_sheets_to_post")).all()


def sheets_waiting(connection: Connection, site_id: str) -> Sequence[Row[Any]]:
    """Return what waits for another person's word at a site."""
    return connection.execute(rows_query("desk_sheets_waiting"), {"site_id": site_id}).all()


def undos_waiting(connection: Connection, site_id: str) -> Sequence[Row[Any]]:
    """Return the sheets of a site of which something is planned to be taken back, and nobody has decided yet."""
    return connection.execute(rows_query("desk_undos_waiting"), {"site_id": site_id}).all()


def move_sheet(
    connection: Connection, sheet_id: str, from_stage: Stage, stage: Stage, *, now: datetime, trouble: str | None = None
) -> bool:
    """Move a sheet on; False where somebody was faster."""
    values = {"sheet_id": sheet_id, "from_stage": from_stage.value, "stage": stage.value}
    values |= {"now": now, "trouble": trouble}  # type: ignore[dict-item]
    return connection.execute(query("desk_sheet_at_stage"), values).rowcount == 1


def want_posted(
    connection: Connection, sheet_id: str, *, sha256: str, seen: str, by: str, needs_another: bool, now: datetime
) -> bool:
    """Say that a sheet is to be posted as it was shown; False where somebody was faster, or mended it meanwhile."""
    values = {"sheet_id": sheet_id, "sha256": sha256, "wanted_seen": seen, "wanted_by": by, "now": now}
    return connection.execute(query("desk_sheet_wanted"), values | {"needs_another": needs_another}).rowcount == 1


def want_again(connection: Connection, sheet_id: str, now: datetime) -> bool:
    """Say that posting is to go on; False where it does already."""
    return connection.execute(query("desk_sheet_again"), {"sheet_id": sheet_id, "now": now}).rowcount == 1


def note_begun(connection: Connection, sheet_id: str) -> None:
    """Count that posting was begun, so that what kills it each time is not begun for ever."""
    connection.execute(query("desk_sheet_begun"), {"sheet_id": sheet_id})


def note_plan(connection: Connection, sheet_id: str, plan_id: str) -> None:
    """Keep which plan holds what the sheet brings."""
    connection.execute(query("desk_sheet_planned"), {"sheet_id": sheet_id, "plan_id": plan_id})


def note_undo(connection: Connection, sheet_id: str, undo_plan_id: str | None) -> None:
    """Keep which plan takes it, or a row of it, back."""
    connection.execute(query("desk_sheet_to_undo"), {"sheet_id": sheet_id, "undo_plan_id": undo_plan_id})


def note_run(connection: Connection, sheet_id: str, run_id: str) -> None:
    """Keep which run posted last."""
    connection.execute(query("desk_sheet_ran"), {"sheet_id": sheet_id, "run_id": run_id})


def note_read_well(connection: Connection, sheet_id: str, *, is_read_well: bool) -> None:
    """Keep that a person has seen how it is read."""
    connection.execute(query("desk_sheet_read_well"), {"sheet_id": sheet_id, "is_read_well": is_read_well})


def note_read_anew(connection: Connection) -> None:
    """Let somebody look again at how every sheet is read that is not posted yet."""
    connection.execute(query("desk_sheets_to_read_anew"))


def note_mended(
    connection: Connection,
    sheet_id: str,
    mends: Iterable[Mend],
    *,
    before: str,
    sha256: str,
    name: str,
    by: str,
    now: datetime,
) -> bool:
    """Keep what was mended and the new content's hash; False where it is not the one any more that was mended."""
    values = {"sheet_id": sheet_id, "sha256": sha256, "name": name, "before_sha256": before}
    if connection.execute(query("desk_sheet_mended"), values).rowcount != 1:
        return False
    keep_mends(connection, sheet_id, mends, by=by, now=now)
    return True


def keep_mends(connection: Connection, sheet_id: str, mends: Iterable[Mend], *, by: str, now: datetime) -> None:
    """Keep which cells somebody changed."""
    rows = [
        {
            "sheet_id": sheet_id,
            "sheet": mend.sheet,
            "row_number": mend.row,
            "column_heading": mend.column,
            "before": mend.before,
            "after": mend.after,
            "mended_at": now,
            "mended_by": by,
        }
        for mend in mends
    ]
    connection.execute(insert(desk_mends), rows)


def mends_of(connection: Connection, sheet_id: str) -> Sequence[Row[Any]]:
    """Return what was mended, in that order."""
    return connection.execute(rows_query("mends_of_desk_sheet"), {"sheet_id": sheet_id}).all()


def file_of(connection: Connection, sha256: str, default_site_id: str) -> Row[Any] | None:
    """Return what was registered with this content, None where nothing was."""
    values = {"sha256": sha256, "default_site_id": default_site_id}
    return connection.execute(rows_query("desk_file"), values).one_or_none()


@dataclass(frozen=True)
class Part:
    """Which of many rows: the first so many after those that are skipped."""

    most: int
    skipped: int = 0


ALL_ROWS = Part(2**62)


def rows_of(connection: Connection, file_id: int, tab: str = "all", part: Part = ALL_ROWS) -> Sequence[Row[Any]]:
    """Return a row per event that the file brought, with where it stands, in its order.

    ``tab``: a state, of which what was turned down and came corrected since is "changed", or "all".
    """
    return _part_of(connection, "desk_rows_of_file", part, file_id=file_id, tab=tab)


def known_rows_of(connection: Connection, file_id: int, part: Part = ALL_ROWS) -> Sequence[Row[Any]]:
    """Return a row per row of the file that was known, with the event that it brought again."""
    return _part_of(connection, "desk_known_rows_of_file", part, file_id=file_id)


def bad_cells_of(connection: Connection, file_id: int, part: Part = ALL_ROWS) -> Sequence[Row[Any]]:
    """Return a row per wrong cell of the file."""
    return _part_of(connection, "desk_bad_cells_of_file", part, file_id=file_id)


def _part_of(connection: Connection, name: str, part: Part, **values: Any) -> Sequence[Row[Any]]:
    shown = {"most": part.most, "skipped": part.skipped}
    return connection.execute(rows_query(name), values | shown).all()


def count_bad_cells(connection: Connection, file_id: int) -> int:
    """Count the wrong cells of the file."""
    return int(connection.execute(query("count_bad_cells_of_file"), {"file_id": file_id}).scalar_one())


def states_of(connection: Connection, file_id: int) -> Mapping[State, int]:
    """Count what the file brought by where it stands."""
    counts: dict[State, int] = {}
    for (state, _), count in became_of(connection, file_id).items():
        counts[state] = counts.get(state, 0) + count
    return counts


def became_of(connection: Connection, file_id: int) -> Mapping[tuple[State, str], int]:
    """Count what the file brought by where it stands, and what has become of that: "taken back", "changed" or ""."""
    rows = connection.execute(query("desk_states_of_file"), {"file_id": file_id})
    return {(State(row.state), str(row.since)): int(row.events_count) for row in rows}


def behind_doubt(connection: Connection, file_id: int) -> int:
    """Count what the file brought and waits only for one of the same client, or reward, that is not sure yet."""
    return int(connection.execute(query("desk_behind_doubt"), {"file_id": file_id}).scalar_one())


def undo_asked_by(connection: Connection, plan_id: str) -> str | None:
    """Return who planned to take something back; None where the plan takes nothing back."""
    asked_by: str | None = connection.execute(query("undo_asked_by"), {"plan_id": plan_id}).scalar()
    return asked_by


def row_of_event(connection: Connection, event_id: str) -> Row[Any] | None:
    """Return an event as `rows_of` has it, None where there is none of this id."""
    return connection.execute(rows_query("desk_row_of_event"), {"event_id": event_id}).one_or_none()


def file_by_id(connection: Connection, file_id: int) -> Row[Any]:
    """Return a file that is registered."""
    return connection.execute(rows_query("desk_file_by_id"), {"file_id": file_id}).one()


def sheets_of_content(connection: Connection, sha256: str, default_site_id: str) -> Sequence[Row[Any]]:
    """Return the sheets of the desk that have this content, the newest first."""
    values = {"sha256": sha256, "default_site_id": default_site_id}
    return connection.execute(rows_query("desk_sheets_of_content"), values).all()


def events_at(connection: Connection, file_id: int, sheet: str, row_number: int) -> Sequence[Row[Any]]:
    """Return the events that a row of a file brought; ``sheet`` is "" where the format has none."""
    return _at(connection, "desk_events_at", file_id, sheet, row_number)


def duplicates_at(connection: Connection, file_id: int, sheet: str, row_number: int) -> Sequence[Row[Any]]:
    """Return the events that a row of a file brought again."""
    return _at(connection, "desk_duplicates_at", file_id, sheet, row_number)


def rejections_at(connection: Connection, file_id: int, sheet: str, row_number: int) -> Sequence[Row[Any]]:
    """Return what is wrong with a row of a file."""
    return _at(connection, "desk_rejections_at", file_id, sheet, row_number)


def skipped_at(connection: Connection, file_id: int, sheet: str, row_number: int) -> Sequence[Row[Any]]:
    """Return why a row of a file was passed over."""
    return _at(connection, "desk_skipped_at", file_id, sheet, row_number)


def _at(connection: Connection, name: str, file_id: int, sheet: str, row_number: int) -> Sequence[Row[Any]]:
    values = {"file_id": file_id, "sheet": sheet, "row_number": row_number}
    return connection.execute(rows_query(name), values).all()


@dataclass(frozen=True)
class ClientAhead:
    """What a file brings of one client, and what the ledger knows of them."""

    site_id: str
    client_id: str
    earned: int
    redeemed: int
    is_known: bool  # something of them was accepted before
    balance: int | None  # as it was last read, and with what was posted since; None: never read
    read_at: datetime | None


def clients_ahead(connection: Connection, file_id: int) -> list[ClientAhead]:
    """Return the clients of whom the file brings something new, by site and id."""
    rows = connection.execute(rows_query("desk_clients_of_file"), {"file_id": file_id}).mappings()
    return [_client_ahead(row) for row in rows]


def _client_ahead(row: Mapping[Any, Any]) -> ClientAhead:
    since = 0 if row["since_rest"] is None else summed(row, "since")
    return ClientAhead(
        site_id=row["site_id"],
        client_id=row["client_id"],
        earned=summed(row, "earned"),
        redeemed=summed(row, "redeemed"),
        is_known=bool(row["is_known"]),
        balance=None if row["balance"] is None else int(row["balance"]) + since,
        read_at=row["read_at"],
    )


def sheets_stamp(connection: Connection) -> tuple[int | None, ...]:
    """Return what is another one as soon as anything was registered, has moved or was decided."""
    row = connection.execute(query("desk_ledger_stamp")).one()
    return (row.file_id, row.transition_id, row.decision_id)
