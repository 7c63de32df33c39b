"""What the rows of each file came to by fate, kind and site: kept as the file is registered, and read for the walk."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, insert

from sql.queries import query, rows_query
from sql.sums import kept, summed, told
from sql.tables.files import sheet_totals

READ = "read"  # beside the fates: all rows, as the sheets have them


class SheetTotal(NamedTuple):
    """Rows of one fate, kind and site; the amount is exact."""

    fate: str
    kind: str  # "" where a bad row does not tell it
    site_id: str  # "" of rewards, and where none is known
    row_count: int
    points: int
    amount: Decimal


def staged_totals(connection: Connection) -> list[SheetTotal]:
    """Sum up the staged rows by the fate that they were given."""
    # Amounts are added up here: a database would add them as floating point numbers, and a file of a thousand rewards
    # would come out some cents off.
    amounts: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    # A few thousand in memory at a time.
    for row in connection.execute(query("amounts_by_fate"), execution_options={"yield_per": 10_000}):
        amounts[row.fate, row.kind, row.site_id] += Decimal(row.amount)
    totals: list[SheetTotal] = []
    for total in connection.execute(query("totals_by_fate")).mappings():
        key = (total["fate"], total["kind"], total["site_id"])
        fate, kind, site_id = key
        totals.append(SheetTotal(fate, kind, site_id, total["row_count"], summed(total), amounts[key]))
    return totals


def keep_sheet_totals(connection: Connection, file_id: int, totals: Iterable[SheetTotal]) -> None:
    """Keep what a file came to. Rows are rejected as they are checked, and by their receipts: both are one fate."""
    rows = [
        {
            "file_id": file_id,
            "fate": total.fate,
            "kind": total.kind,
            "site_id": total.site_id,
            "row_count": total.row_count,
            **kept(total.points),
            "amount": str(total.amount),
        }
        for total in _put_together(totals)
    ]
    if rows:
        connection.execute(insert(sheet_totals), rows)


def _put_together(totals: Iterable[SheetTotal]) -> Sequence[SheetTotal]:
    by_key: dict[tuple[str, str, str], SheetTotal] = {}
    for total in totals:
        key = (total.fate, total.kind, total.site_id)
        if key in by_key:
            total = _added(by_key[key], total)
        by_key[key] = total
    return list(by_key.values())


def _added(one: SheetTotal, other: SheetTotal) -> SheetTotal:
    return one._replace(
        row_count=one.row_count + other.row_count,
        points=one.points + other.points,
        amount=one.amount + other.amount,
    )


def sheet_totals_of_run(connection: Connection, run_id: str) -> Iterator[SheetTotal]:
    """Give what the files of a run came to, file by file."""
    for row in connection.execute(rows_query("sheet_totals_of_run"), {"run_id": run_id}).mappings():
        yield SheetTotal(
            fate=row["fate"],
            kind=row["kind"],
            site_id=row["site_id"],
            row_count=row["row_count"],
            points=told(row),
            amount=Decimal(row["amount"]),
        )
