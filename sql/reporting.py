"""What a report of a run shows of the ledger, a function a query. Times are aware UTC, amounts decimals as text."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Result, Row, select

from sql.queries import query, rows_query
from sql.sums import amount_of_all, summed, told
from sql.tables.breaks import breaks


def events_of_run(connection: Connection, run_id: str) -> Result[Any]:
    """Return the events that the run answers for, with where they came from and what the service last said."""
    return connection.execute(rows_query("events_of_run"), {"run_id": run_id})


def replaced_updates_of_run(connection: Connection, run_id: str) -> set[str]:
    """Return the ids of the run's posted updates that a later posted one of the same reward replaced."""
    return set(connection.execute(query("replaced_updates_of_run"), {"run_id": run_id}).scalars())


def waiting_events(connection: Connection) -> Result[Any]:
    """Return the events of any run that wait for a person or for reading back."""
    return connection.execute(rows_query("waiting_events"))


def places_of_open_breaks(connection: Connection) -> dict[str, Row[Any]]:
    """Return which row of which file brought the event of each open break that is about one of ours."""
    return {row.break_id: row for row in connection.execute(rows_query("places_of_open_breaks"))}


def rejections_of_run(connection: Connection, run_id: str) -> Result[Any]:
    """Return what is wrong with the rows of the run's files, one per cell and code."""
    return connection.execute(rows_query("rejections_of_run"), {"run_id": run_id})


def skipped_of_run(connection: Connection, run_id: str) -> Result[Any]:
    """Return the rows of the run's files that are no rows, and why."""
    return connection.execute(rows_query("skipped_of_run"), {"run_id": run_id})


def duplicates_of_run(connection: Connection, run_id: str) -> Result[Any]:
    """Return the rows of the run's files that an earlier one brought, and where."""
    return connection.execute(rows_query("duplicates_of_run"), {"run_id": run_id})


def source_ids_of_run(connection: Connection, run_id: str) -> Result[Any]:
    """Return how many SourceIds were checked, by subject and what was found."""
    return connection.execute(rows_query("source_ids_of_run"), {"run_id": run_id})


def batches_of_run(connection: Connection, run_id: str) -> Iterator[Mapping[str, Any]]:
    """Give the totals that were written as the run's files were registered, by file, kind and site."""
    for batch in connection.execute(rows_query("batches_of_run"), {"run_id": run_id}).mappings():
        yield {**batch, "points": told(batch)}


def footing_of_events(connection: Connection) -> Iterator[Mapping[str, Any]]:
    """Give events and points of all that the ledger ever accepted, by kind and site."""
    for line in connection.execute(rows_query("footing_of_events")).mappings():
        yield {**line, "points": summed(line)}


def footing_of_batches(connection: Connection) -> Iterator[Mapping[str, Any]]:
    """Give the totals of every batch that was ever registered."""
    for batch in connection.execute(rows_query("footing_of_batches")).mappings():
        yield {**batch, "points": told(batch)}


def amount_of_events(connection: Connection) -> Decimal:
    """Return the sum of the amounts of all updates that the ledger ever accepted."""
    amounts = connection.execute(query("amounts_of_events")).scalars()
    return amount_of_all(amounts)


def accepted_by_files(connection: Connection) -> int:
    """Return how many rows all files say were accepted."""
    return int(connection.execute(query("accepted_by_files")).scalar_one())


def points_of_breaks(connection: Connection, break_ids: Iterable[str]) -> int:
    """Return the sum of the points of these breaks."""
    are_these = breaks.c.break_id.in_(list(break_ids))
    # Added up here: two of them may be past what a database adds up.
    points = connection.execute(select(breaks.c.points).where(are_these)).scalars()
    return sum(value or 0 for value in points)
