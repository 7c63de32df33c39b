"""What every run leaves behind when it is over: a marker that knows its end, a copy of the ledger, and an order."""

from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from flows.keeping.remove import keep_house
from flows.ledger.backup import keep_copy
from flows.ledger.counted import mark
from flows.ledger.run import Run
from flows.ledger.summary import ReconcileSummary, Summary
from flows.monitoring.metrics import write_metrics
from flows.runtime.errors import CouldNotRun, LedgerUnavailable
from sql.runs import note_failure
from transforms.vocabulary import RunKind

Ended = TypeVar("Ended", Summary, ReconcileSummary)


def leave_in_order(run: Run, ended: Ended) -> Ended:
    """Remember how far the ledger has come and keep a copy of it; return how the run ended with what failed of that.

    The run is reported by then. A copy that is not kept is a failure all the same, exit 3 and a message: it would be
    missed on the one day that it is needed.
    """
    failures: list[str] = []
    try:
        mark(run.settings, run.ledger)
    except CouldNotRun as error:
        failures.append(str(error))
    not_kept = keep_copy(run.settings, run.ledger)
    if not_kept is not None:
        failures.append(not_kept)
    # After the copy: what that one knows, a recovery can do without.
    if run.kind is RunKind.NIGHTLY:
        keep_house(run)
    told = replace(ended, failures=(*ended.failures, *failures))
    # Where there is no room for a copy, there may be none for this either.
    with suppress(LedgerUnavailable):
        if failures:
            with run.ledger.begin() as connection:
                note_failure(connection, run.run_id, " ".join(told.failures))
        write_metrics(run)
    return told
