"""Read back what is in doubt; nothing is posted."""

from flows.ledger.alive import showing_life
from flows.ledger.connection import open_ledger
from flows.ledger.counted import counted
from flows.ledger.run import Step, new_run, run_plain
from flows.ledger.summary import Summary
from flows.loader.deliver import settle_all
from flows.loader.kept_sites import look_for_kept_sites
from flows.runs.ending import leave_in_order
from flows.runs.from_files import report
from flows.runtime.errors import Interrupted
from flows.runtime.progress import Progress, say_nothing
from flows.services.binding import refuse_other_services
from flows.services.mindbody.tokens import sharing_tokens
from flows.services.standing import sharing_standings
from flows.settings.sections import Settings
from sql.runs import start_run
from transforms.vocabulary import RunKind


def settle(settings: Settings, step: Step = run_plain, progress: Progress = say_nothing) -> Summary:
    """Settle whatever is in doubt and has had its time, and report it."""
    with open_ledger(settings) as ledger, sharing_tokens(), sharing_standings():
        refuse_other_services(settings, ledger)
        run = new_run(settings, ledger, RunKind.SETTLE, step, progress)
        with counted(settings, ledger), ledger.begin() as connection:
            look_for_kept_sites(run, connection)
            start_run(connection, run.run_id, run.kind, ledger.now())
        with showing_life(ledger, run.run_id):
            try:
                settle_all(run)
            except Interrupted as error:
                run.failures.append(str(error))
            summary = report(run, None)
        return leave_in_order(run, summary)
