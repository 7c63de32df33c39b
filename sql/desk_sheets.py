"""Sheets that came by the desk: where each stands, and what was mended in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert

from sql.queries import query, rows_query
from sql.tables.desk import desk_mends, desk_sheets
from transforms.vocabulary import Stage


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
    row = {
        "sheet_id": sheet_id,
        "name": name,
        "site_id": site_id,
        "default_site_id": default_site_id,
        "sha256": sha256,
        "uploaded_sha256": sha256,
        "uploaded_by": by,
        "uploaded_at": now,
        "stage": Stage.OPEN.value,
        "stage_at": now,
        "is_read_well": False,
        "needs_another": False,
        "tries_count": 0,
    }
    connection.execute(insert(desk_sheets).values(row))


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
    values: dict[str, Any] = {
        "sheet_id": sheet_id,
        "from_stage": from_stage.value,
        "stage": stage.value,
        "now": now,
        "trouble": trouble,
    }
    return _changes_one(connection, "desk_sheet_at_stage", values)


def _changes_one(connection: Connection, name: str, values: Mapping[str, Any]) -> bool:
    """Return whether a change found the sheet as it was thought to be; else nothing is changed."""
    return connection.execute(query(name), values).rowcount == 1


def want_posted(
    connection: Connection, sheet_id: str, *, sha256: str, seen: str, by: str, needs_another: bool, now: datetime
) -> bool:
    """Say that a sheet is to be posted as it was shown; False where somebody was faster, or mended it meanwhile."""
    values: dict[str, Any] = {
        "sheet_id": sheet_id,
        "sha256": sha256,
        "wanted_seen": seen,
        "wanted_by": by,
        "needs_another": needs_another,
        "now": now,
    }
    return _changes_one(connection, "desk_sheet_wanted", values)


def want_again(connection: Connection, sheet_id: str, now: datetime) -> bool:
    """Say that posting is to go on; False where it does already."""
    return _changes_one(connection, "desk_sheet_again", {"sheet_id": sheet_id, "now": now})


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
    # Only where the content is still the one that was mended: else the other one's mends would be lost.
    is_kept = _changes_one(connection, "desk_sheet_mended", values)
    if is_kept:
        keep_mends(connection, sheet_id, mends, by=by, now=now)
    return is_kept


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


def undo_asked_by(connection: Connection, plan_id: str) -> str | None:
    """Return who planned to take something back; None where the plan takes nothing back."""
    asked_by: str | None = connection.execute(query("undo_asked_by"), {"plan_id": plan_id}).scalar()
    return asked_by


def sheets_of_content(connection: Connection, sha256: str, default_site_id: str) -> Sequence[Row[Any]]:
    """Return the sheets of the desk that have this content, the newest first."""
    values = {"sha256": sha256, "default_site_id": default_site_id}
    return connection.execute(rows_query("desk_sheets_of_content"), values).all()
