"""Let a run say in the ledger that it lives, so that one which died can be told from one that takes long.

A process that is killed says nothing any more, and no process has to look: whoever asks for the status sees how long
it has been silent (`transforms.nights`). What was sent is no matter of this; claims and their leases hold that.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.runtime.errors import LedgerUnavailable
from sql.runs import see_run

# Nine signs fit into the time after which a run counts as dead (`transforms.nights.DEAD_AFTER`).
EVERY_SECONDS = 20.0


@contextmanager
def showing_life(ledger: Ledger, run_id: str) -> Iterator[None]:
    """Within the block the run is seen every 20 s, by a thread that goes with the process."""
    ended = threading.Event()
    thread = threading.Thread(target=_show, args=(ledger, run_id, ended), name="tieout-alive", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _show(ledger: Ledger, run_id: str, ended: threading.Event) -> None:
    while not ended.wait(EVERY_SECONDS):
        try:
            with ledger.begin() as connection:
                see_run(connection, run_id, utc_now())
        except LedgerUnavailable:
            # The run itself meets the same trouble in its next step, and says so; a sign more or less decides nothing.
            continue
