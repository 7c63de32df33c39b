"""Keep the workspace's marker in step with the ledger: before a run is counted, after, and when a person adopts one."""

from collections.abc import Iterator
from contextlib import contextmanager

from flows.ledger.connection import Ledger
from flows.ledger.marker import advance_marker, replace_marker
from flows.settings.sections import Settings
from sql.identity import ledger_position


@contextmanager
def counted(settings: Settings, ledger: Ledger) -> Iterator[None]:
    """Open or record a run in the block, in a transaction of its own; nothing may be sent before the block has ended.

    The ledger is made known before its run is counted, so that a process that dies between the count and the marker
    leaves a ledger that is known and ahead. Raises `CouldNotRun` where the workspace cannot be written to.
    """
    mark(settings, ledger)
    yield
    mark(settings, ledger)


def mark(settings: Settings, ledger: Ledger, *, durably: bool = True) -> None:
    """Write down how far the ledger has come: what it committed by now must be in whatever is opened later."""
    with ledger.begin() as connection:
        position = ledger_position(connection)
    advance_marker(settings, position, durably=durably)


def begin_recovery(settings: Settings, ledger: Ledger) -> None:
    """Let nothing but `tieout recover` open this ledger until `adopt_ledger`, however often that is killed."""
    with ledger.begin() as connection:
        position = ledger_position(connection)
    replace_marker(settings, position, is_recovering=True)


def adopt_ledger(settings: Settings, ledger: Ledger) -> None:
    """Let the ledger, as it stands, be the one that the workspace knows; what was missing is made out by now."""
    with ledger.begin() as connection:
        position = ledger_position(connection)
    replace_marker(settings, position, is_recovering=False)
