"""Write what a query is about as the one parameter that named queries take apart row by row: JSON, in ``:given``.

A database takes only so many parameters at once, and a night is about more events than that. One text has no such end,
and SQLite and PostgreSQL read it alike: what a row is known by is the key, what is said of it the value.
"""

import json
from collections.abc import Iterable


def given_ids(ids: Iterable[str]) -> str:
    """Write ids of which nothing is said but that they are meant; each counts once.

    >>> given_ids(["e1", "e2"])
    '{"e1": {}, "e2": {}}'
    """
    return json.dumps({id_: {} for id_ in ids})


def given_clients(clients: Iterable[tuple[str, str]]) -> str:
    """Write clients, each a site and a client id; the keys are numbers that say nothing.

    >>> given_clients([("-99", "100")])
    '{"0": {"site_id": "-99", "client_id": "100"}}'
    """
    numbered = {}
    for number, (site_id, client_id) in enumerate(clients):
        numbered[str(number)] = {"site_id": site_id, "client_id": client_id}
    return json.dumps(numbered)
