"""The transaction in which a person decides about events."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from flows.ledger.connection import Ledger
from flows.ledger.counted import counted
from flows.ledger.run_id import new_run_id
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.lock import take_turn
from sql.runs import record_run
from transforms.vocabulary import RunKind


@contextmanager
def deciding(settings: Settings, ledger: Ledger) -> Iterator[Connection]:
    """Give a connection to decide on; of two people at once the second one waits here, and sees what the first one did.

    It counts as a run: a copy of the ledger from before the decision is then known to be older, and nothing that a
    person has discarded is sent from it.
    """
    with counted(settings, ledger), ledger.begin() as connection:
        take_turn(connection)
        record_run(connection, new_run_id(RunKind.DECIDE), RunKind.DECIDE, utc_now(), {})
        yield connection
