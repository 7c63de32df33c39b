"""Keep what the service was asked for about visits, sales and referrals, and how the SourceIds of a file came out.

Ids alone are kept, and only as long as they are fresh. What SourceIds came to is kept beside the file for good.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert

from sql.queries import query, rows_query
from sql.tables.files import source_id_checks
from transforms.vocabulary import Target

_IDS_PER_QUERY = 500

Fact = tuple[str, str, str, str]  # site, what is named, its id, client
Read = tuple[str, str, str]  # site, subject, client of whom all is known


def keep_reference(
    connection: Connection, facts: Iterable[Fact], reads: Mapping[Read, datetime], now: datetime, fresh_since: datetime
) -> None:
    """Keep what was read just now, and drop what is no longer fresh."""
    connection.execute(query("drop_stale_facts"), {"fetched_at": fresh_since})
    connection.execute(query("drop_stale_reads"), {"fetched_at": fresh_since})
    fact_rows = [
        {"site_id": site_id, "named": named, "item_id": item_id, "client_id": client_id, "fetched_at": now}
        for site_id, named, item_id, client_id in sorted(facts)
    ]
    if fact_rows:
        connection.execute(query("keep_fact"), fact_rows)
    read_rows = [
        {"site_id": site_id, "subject": subject, "client_id": client_id, "fetched_at": fetched_at}
        for (site_id, subject, client_id), fetched_at in sorted(reads.items())
    ]
    if read_rows:
        connection.execute(query("keep_read"), read_rows)


def kept_reference(connection: Connection, fresh_since: datetime) -> tuple[Sequence[Row[Any]], Sequence[Row[Any]]]:
    """Return (facts, reads) that are still fresh, as rows of their tables."""
    since = {"fetched_at": fresh_since}
    return (
        connection.execute(rows_query("fresh_facts"), since).all(),
        connection.execute(rows_query("fresh_reads"), since).all(),
    )


def known_events(connection: Connection, event_ids: Sequence[str]) -> set[str]:
    """Return which of these events the ledger has."""
    known_among = query("known_events").bindparams(bindparam("event_ids", expanding=True))
    known: set[str] = set()
    # A database takes only so many parameters at once; SQLite of old no more than 999.
    for start in range(0, len(event_ids), _IDS_PER_QUERY):
        chunk = list(event_ids[start : start + _IDS_PER_QUERY])
        known.update(connection.execute(known_among, {"event_ids": chunk}).scalars())
    return known


def calls_spoken_for(connection: Connection, day_on: date) -> int:
    """Return the calls to Mindbody made on the day (UTC), and those that open events need: to post and to read back."""
    today = {"target": Target.MINDBODY, "day_on": day_on}
    made_count = connection.execute(query("calls_made"), today).scalar() or 0
    waiting = connection.execute(query("events_to_post")).one()
    to_post_count = int(waiting.events_count)
    to_read_back_count = int(waiting.lanes)
    return int(made_count) + to_post_count + to_read_back_count


def record_checks(connection: Connection, file_id: int, counts: Mapping[tuple[str, str], int]) -> None:
    """Keep how many rows of a file came to what, by subject and finding."""
    rows = [
        {"file_id": file_id, "subject": subject, "finding": finding, "row_count": count}
        for (subject, finding), count in sorted(counts.items())
    ]
    if rows:
        connection.execute(insert(source_id_checks), rows)
