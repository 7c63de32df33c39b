"""A person's ruling on an event in doubt, as a run of its own: it is reported like any other settling."""

from flows.ledger.connection import open_ledger
from flows.ledger.counted import counted
from flows.ledger.run import new_run, run_plain
from flows.ledger.summary import Summary
from flows.reports.close import report_run
from flows.runtime.errors import WrongUsage
from flows.runtime.progress import say_nothing
from flows.settings.sections import Settings
from sql.rulings import Ruling, RulingRefused, rule
from sql.runs import start_run
from transforms.vocabulary import RunKind


def rule_on_event(settings: Settings, event_id: str, ruling: Ruling) -> Summary:
    """Record the ruling and report it; `WrongUsage` where it is not a person's to decide, and nothing is kept."""
    with open_ledger(settings) as ledger:
        run, now = new_run(settings, ledger, RunKind.SETTLE, run_plain, say_nothing), ledger.now()
        try:
            with counted(settings, ledger), ledger.begin() as connection:
                # In one transaction: a ruling without its run would stand in no report.
                start_run(connection, run.run_id, run.kind, now)
                rule(connection, event_id, ruling, run_id=run.run_id, now=now)
        except RulingRefused as error:
            raise WrongUsage(str(error)) from None
        return report_run(run, None)
