"""What comes out of the ledger is typed at one door, on both databases."""

from datetime import UTC, datetime, timedelta

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.claims import Answer, claim, ready_heads, record_answers
from sql.read_back import clients_not_compared, clients_of_run, events_of_client, last_updates
from tests.registered import EARN, UPDATE, add_events, add_run
from transforms.destinations import Destination
from transforms.vocabulary import Target, Verdict

MINDBODY, REWARDS = Destination(Target.MINDBODY, "-99"), Destination(Target.REFERRAL_ROCK, "")
SINCE, UNTIL = datetime(2025, 9, 1, tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC)


def claim_all(ledger: Ledger, run_id: str, *, confirmed: bool) -> None:
    """Claim all that is ready, as before it is sent; let both services have confirmed it where that is said."""
    now = utc_now()
    with ledger.begin() as connection:
        for destination in (MINDBODY, REWARDS):
            heads = ready_heads(connection, destination.target, destination.site_id, 10, run_id=run_id)
            bodies = [(head, b"{}") for head in heads]
            lease = {"lease_until": now + timedelta(minutes=1), "settle_at": now + timedelta(minutes=2)}
            claims = claim(connection, bodies, run_id=run_id, now=now, **lease)
            answers = [(one, Answer(Verdict.POSTED, "confirmed")) for one in claims if confirmed]
            record_answers(connection, answers, run_id=run_id, now=now, settle_at=now)


def test_times_that_a_query_names_anew_are_aware_times(ledger: Ledger, ledger_settings: Settings) -> None:
    run_id = add_run(ledger, "night")
    add_events(ledger, ledger_settings, [EARN], run_id, "earned.csv")
    add_events(ledger, ledger_settings, [UPDATE], run_id, "updates.csv")
    claim_all(ledger, run_id, confirmed=True)
    with ledger.begin() as connection:
        (update,) = last_updates(connection)
        (event,) = events_of_client(connection, "-99", str(EARN["ClientId"]), SINCE, UNTIL)
        spans = [*clients_of_run(connection, run_id), *clients_not_compared(connection)]
    times = [update["settled_at"], event["settled_at"], *(span.first_at for span in spans)]
    assert len(times) == 4
    assert all(isinstance(time, datetime) and time.tzinfo is not None for time in times), times


def test_what_is_on_its_way_is_read_back_as_in_doubt_and_never_as_nobodys(
    ledger: Ledger, ledger_settings: Settings
) -> None:
    run_id = add_run(ledger, "night")
    add_events(ledger, ledger_settings, [EARN], run_id, "earned.csv")
    add_events(ledger, ledger_settings, [UPDATE], run_id, "updates.csv")
    claim_all(ledger, run_id, confirmed=False)
    with ledger.begin() as connection:
        (update,) = last_updates(connection)
        (event,) = events_of_client(connection, "-99", str(EARN["ClientId"]), SINCE, UNTIL)
    assert (update["state"], event["state"]) == ("unknown", "unknown")
