"""Show a person what a file would do, before anything of it is kept: all that the run would say of it afterwards."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.intake.check_report import check_lines
from flows.marked_copy.give_back import Rows, read_rows
from flows.readers.limits import MAX_ROWS
from flows.review.ahead import look_ahead
from flows.review.plan import Plan, plan_lines
from sql.breaks import open_breaks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from flows.intake.checked_file import CheckedFile
    from flows.ledger.connection import Ledger
    from flows.settings.sections import Settings

_MOST_ROWS = 10


@dataclass(frozen=True)
class BeforePosting:
    """What a file would do as the ledger stands."""

    checked: "CheckedFile"  # with its SourceIds looked up
    plan: Plan
    rows: Rows | None  # what would become of each; None where a sheet does not hold as many
    breaks_open: int
    lines: Sequence[str]

    @property
    def waits(self) -> bool:
        """Whether something of the file has to be mended or decided, though nothing of it is new."""
        statuses = {} if self.rows is None else self.rows.statuses
        return bool(self.plan.rejected) or any(status.look is not None for status in statuses.values())


def look_before_posting(settings: "Settings", ledger: "Ledger", checked: "CheckedFile") -> BeforePosting:
    """Register the file and take it back again, and return what that has shown."""
    ahead = look_ahead(settings, ledger, checked, _read)
    with ledger.begin() as connection:
        breaks_open = len(open_breaks(connection))
    rows, plan = ahead.seen, ahead.plan
    return BeforePosting(
        checked=ahead.checked,
        plan=plan,
        rows=rows,
        breaks_open=breaks_open,
        lines=(*seen_lines(ahead.checked, plan, rows), *ahead.notes, *plan_lines(plan), *_waiting_lines(rows)),
    )


def _read(connection: "Connection", file_id: int, plan: Plan) -> Rows | None:
    # A file that was taken in before is told as it stands in the ledger.
    return read_rows(connection, file_id, is_preview=not plan.known) if plan.rows_read <= MAX_ROWS else None


def seen_lines(checked: "CheckedFile", plan: Plan, rows: Rows | None) -> list[str]:
    """Tell what was read, with the rows that only the ledger knows to be wrong among the rejected ones.

    A row that bears the receipt of an event, beside other values, looks good to whoever has the file alone.
    """
    if plan.known or rows is None or plan.rejected == checked.file_totals.rejected:
        return check_lines(checked)
    return check_lines(checked, errors=[rows.errors], rejected=plan.rejected)


def _waiting_lines(rows: Rows | None) -> Iterator[str]:
    """Name the rows that a person would have to decide about, and those that are known and wait already."""
    if rows is None:
        return
    rejected = {(sheet, int(row)) for sheet, row in zip(_sheets(rows), rows.errors["row"], strict=True)}
    waiting = [
        f"  {_place(sheet, row)}: {status.told}"
        for (sheet, row), status in rows.statuses.items()
        if status.look is not None and (sheet, row) not in rejected
    ]
    yield from waiting[:_MOST_ROWS]
    if len(waiting) > _MOST_ROWS:
        yield f"  and {len(waiting) - _MOST_ROWS:,} more rows like these"


def _sheets(rows: Rows) -> list[str | None]:
    return [sheet if isinstance(sheet, str) else None for sheet in rows.errors["sheet"]]


def _place(sheet: str | None, row: int) -> str:
    return f"row {row}" if sheet is None else f'sheet "{sheet}", row {row}'
