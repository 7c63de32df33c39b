"""Read back and match a period; nothing is posted."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flows.ledger.alive import showing_life
from flows.ledger.connection import open_ledger
from flows.ledger.counted import counted
from flows.ledger.run import Run, Step, new_run, run_plain
from flows.ledger.summary import ReconcileSummary
from flows.reconciliation.match import match_ledger
from flows.reconciliation.out_of_settings import clients_out_of_settings, rewards_out_of_settings
from flows.reconciliation.windows import clients_to_compare, windows_of_period
from flows.reports.close import report_reconciliation
from flows.runs.ending import leave_in_order
from flows.runs.from_files import note_not_read
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.runtime.progress import Progress, say_nothing
from flows.services.binding import refuse_other_services
from flows.services.mindbody.tokens import sharing_tokens
from flows.services.standing import sharing_standings
from flows.settings.sections import Settings
from sql.runs import start_run
from transforms.totals.period import is_of_our_time
from transforms.vocabulary import RunKind

DEFAULT_PERIOD_DAYS = 30


def reconcile(
    settings: Settings,
    since: date | None = None,
    until: date | None = None,
    step: Step = run_plain,
    progress: Progress = say_nothing,
) -> ReconcileSummary:
    """Read back and match a period, days of the sites, both included; the last 30 days without one."""
    until = until or _latest_day(settings)
    since = since or until - timedelta(days=DEFAULT_PERIOD_DAYS)
    for day in (since, until):
        if not is_of_our_time(day):
            raise WrongUsage(f"{day.isoformat()} is no day on which anything happened: look at its year.")
    if since > until:
        raise WrongUsage(f"The period starts on {since} and ends before, on {until}: swap --since and --until.")
    with open_ledger(settings) as ledger, sharing_tokens(), sharing_standings():
        refuse_other_services(settings, ledger)
        run = new_run(settings, ledger, RunKind.RECONCILE, step, progress)
        with counted(settings, ledger), ledger.begin() as connection:
            start_run(connection, run.run_id, run.kind, ledger.now())
        with showing_life(ledger, run.run_id):
            summary = _match_and_report(run, since, until)
        return leave_in_order(run, summary)


def _match_and_report(run: Run, since: date, until: date) -> ReconcileSummary:
    run.progress("reading back")
    with run.ledger.begin() as connection:
        clients = clients_to_compare(connection, since, until)
        out_of_reach = clients_out_of_settings(connection, run.settings, clients)
        out_of_reach += rewards_out_of_settings(connection, run.settings)
    windows = windows_of_period(run.settings, clients, since, until)
    with_rewards = run.settings.referral_rock.is_named
    reconciliation = run.step("reconcile", match_ledger, run, windows, with_rewards=with_rewards)
    note_not_read(run, reconciliation)
    run.could_not_read(*out_of_reach)
    return run.step("report", report_reconciliation, run, since, until, reconciliation)


def _latest_day(settings: Settings) -> date:
    """Return today where it is latest: days are the sites' own."""
    now = utc_now()
    days = [now.astimezone(ZoneInfo(site.timezone)).date() for site in settings.mindbody.sites]
    return max(days, default=now.date())
