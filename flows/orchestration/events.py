"""Tell Prefect what a run came to, as events that automations can act on.

| event | when |
|---|---|
| `tieout.run.finished` | every run that came to its report |
| `tieout.run.waits` | something of it waits for a person, or could not be done |
| `tieout.break.opened` | it found differences that were not there before |
| `tieout.budget.spent` | a service's calls of the day were used up, with events left |

The resource is `tieout.run.<run id>`; the payload holds counts, never a client, a reward or a cell.
"""

from collections.abc import Iterator
from typing import Any

import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect.events import emit_event

from flows.ledger.summary import ReconcileSummary, Summary
from flows.runtime.errors import ExitCode


def tell_prefect(ended: Summary | ReconcileSummary) -> None:
    """Emit what the run came to; called inside a flow."""
    run_id = ended.run_id
    resource = {"prefect.resource.id": f"tieout.run.{run_id}", "prefect.resource.name": run_id}
    payload: dict[str, Any] = {**ended.counts, "exit_code": int(ended.exit_code), "sentence": ended.sentence}
    for name in _names(ended):
        emit_event(event=name, resource=resource, payload=payload)


def _names(ended: Summary | ReconcileSummary) -> Iterator[str]:
    yield "tieout.run.finished"
    if ended.exit_code is not ExitCode.TIES_OUT:
        yield "tieout.run.waits"
    if ended.breaks_opened:
        yield "tieout.break.opened"
    if ended.is_budget_spent:
        yield "tieout.budget.spent"
