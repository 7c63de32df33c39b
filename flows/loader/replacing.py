"""Go on with rows that take the place of others: one step after another, as far as a run can see it done."""

from flows.ledger.counted import counted
from flows.ledger.run import Run
from flows.ledger.run_id import new_run_id
from sql.replacements import go_on_replacing, pending_replacements


def go_on(run: Run) -> bool:
    """Take back, drop or let go what can be by now; True where there is something new to post."""
    with run.ledger.begin() as connection:
        if not pending_replacements(connection):
            return False
    # What takes an entry back stands under a run of its own, which counts.
    with counted(run.settings, run.ledger), run.ledger.begin() as connection:
        steps = go_on_replacing(connection, new_run_id, run.ledger.now())
    return bool(steps.offset or steps.released)
