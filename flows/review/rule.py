"""A person's ruling on an event in doubt, as a run of its own: it is reported like any other settling."""

from flows.ledger.connection import open_ledger
from flows.ledger.run_id import new_run_id
from flows.ledger.summary import Summary
from flows.reports.close import report_run
from flows.runtime.clock import utc_now
from flows.runtime.errors import SettingsError
from flows.settings.sections import Settings
from sql.rulings import Ruling, RulingRefused, rule
from sql.runs import start_run


def rule_on_event(settings: Settings, event_id: str, ruling: Ruling) -> Summary:
    """Record the ruling and report it; `SettingsError` where it is not a person's to decide, and nothing is kept."""
    with open_ledger(settings) as ledger:
        run_id, now = new_run_id("settle"), utc_now()
        try:
            with ledger.begin() as connection:
                start_run(connection, run_id, "settle", now)
                rule(connection, event_id, ruling, run_id=run_id, now=now)
        except RulingRefused as error:
            raise SettingsError(str(error)) from None
        return report_run(settings, ledger, run_id, None)
