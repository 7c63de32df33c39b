"""What every run leaves behind when it is over: a marker that knows its end, a copy of the ledger, and an order."""

from flows.keeping.remove import keep_house
from flows.ledger.backup import keep_copy
from flows.ledger.counted import mark
from flows.ledger.run import Run
from flows.runtime.errors import CouldNotRun
from transforms.vocabulary import RunKind


def leave_in_order(run: Run) -> None:
    """Remember how far the ledger has come and keep a copy of it; the run is told by then, so nothing is raised."""
    try:
        mark(run.settings, run.ledger)
    except CouldNotRun as error:
        run.progress(str(error))
    keep_copy(run.settings, run.ledger, run.progress)
    # After the copy: what that one knows, a recovery can do without.
    if run.kind is RunKind.NIGHTLY:
        keep_house(run)
