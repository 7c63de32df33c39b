"""Chain append-only rows by hash: each covers the one before it, so that a history changed behind tieout's back shows.

What people decide about breaks and what they decide about events are two such chains; this is the link of both.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Table, insert, select

HashOf = Callable[[str, Mapping[str, Any]], str]  # the hash before, and the row -> the row's own


def append_link(connection: Connection, table: Table, row: Mapping[str, Any], hash_of: HashOf) -> int:
    """Add a row to the end of the chain and return its id; the caller holds the ledger's turn."""
    (key,) = table.primary_key.columns
    latest_hash = select(table.c.hash).order_by(key.desc()).limit(1)
    previous_hash = connection.execute(latest_hash).scalar() or ""
    links = {"previous_hash": previous_hash, "hash": hash_of(previous_hash, row)}
    added = insert(table).values(**row, **links).returning(key)
    return int(connection.execute(added).scalar_one())


def find_broken_link(connection: Connection, table: Table, hash_of: HashOf) -> int | None:
    """Return the id of the first row whose hash does not follow from its content and the one before; None where all do.

    A last row that was taken away leaves no trace in the chain itself.
    """
    (key,) = table.primary_key.columns
    previous = ""
    for row in connection.execute(select(table).order_by(key)).mappings():
        if row["previous_hash"] != previous or row["hash"] != hash_of(previous, dict(row)):
            return int(row[key.name])
        previous = row["hash"]
    return None


def digest(said: Sequence[Any]) -> str:
    """Return the sha256 of values in their order, each as JSON writes it."""
    return sha256(json.dumps(list(said)).encode()).hexdigest()
