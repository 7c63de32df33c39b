"""Which files came in a span of time, and what has become of what they brought."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from sql.queries import query, rows_query
from transforms.vocabulary import State


def files_taken_in(connection: Connection, since_at: datetime, until_at: datetime) -> Sequence[Row[Any]]:
    """Return the files that were registered from ``since_at`` on and before ``until_at``, in that order."""
    return connection.execute(rows_query("files_taken_in"), {"since_at": since_at, "until_at": until_at}).all()


def states_of_files(
    connection: Connection, since_at: datetime, until_at: datetime
) -> Mapping[int, Mapping[State, int]]:
    """Return by file of the span how many of its events are in which state now."""
    values = {"since_at": since_at, "until_at": until_at}
    found: defaultdict[int, dict[State, int]] = defaultdict(dict)
    for row in connection.execute(query("states_of_files_taken_in"), values):
        found[row.file_id][State(row.state)] = int(row.events_count)
    return found
