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
    # Without the turn two links would follow from the same one, and the chain would be broken for good.
    latest_hash = select(table.c.hash).order_by(key.desc()).limit(1)
    previous_hash = connection.execute(latest_hash).scalar() or ""
    own_hash = hash_of(previous_hash, row)
    link = insert(table).values(**row, previous_hash=previous_hash, hash=own_hash)
    return int(connection.execute(link.returning(key)).scalar_one())


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
