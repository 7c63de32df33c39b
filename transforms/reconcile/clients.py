"""Whose something is: a client is known by site and client id, since two sites give out the same numbers."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from transforms.reconcile.proof import Client


def client_of(row: Mapping[Any, Any]) -> Client:
    """Return the client of a record with site_id and client_id."""
    return row["site_id"], row["client_id"]


def clients_in(rows: pd.DataFrame) -> list[Client]:
    """Return the client of every row, in their order.

    >>> clients_in(pd.DataFrame({"site_id": ["-99", "-99"], "client_id": ["7", "8"]}))
    [('-99', '7'), ('-99', '8')]
    """
    return list(zip(rows["site_id"], rows["client_id"], strict=True))
