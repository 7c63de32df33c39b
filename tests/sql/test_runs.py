import pytest

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.runs import finish_run, run_totals
from tests.registered import EARN, add_events, add_run
from tests.sql.test_claims import claim_heads, end
from transforms.vocabulary import Verdict


def post_one(ledger: Ledger, settings: Settings, run_id: str, name: str = "rows.csv", client_id: str = "A") -> None:
    add_events(ledger, settings, [EARN | {"ClientId": client_id}], run_id, name)
    with ledger.begin() as connection:
        end(connection, claim_heads(connection, run_id), Verdict.POSTED)


def carried(ledger: Ledger, run_id: str) -> tuple[object, object]:
    with ledger.begin() as connection:
        totals = run_totals(connection, run_id)
    return totals["carried_in"], totals["posted"]


def test_start_run_takes_over_what_a_dead_run_ended_and_never_told(ledger: Ledger, ledger_settings: Settings) -> None:
    post_one(ledger, ledger_settings, add_run(ledger, "run"))
    assert carried(ledger, add_run(ledger, "later")) == (1, 1)


@pytest.mark.parametrize("finished", ["run", "later"])
def test_start_run_leaves_what_a_report_has_told(ledger: Ledger, ledger_settings: Settings, finished: str) -> None:
    post_one(ledger, ledger_settings, add_run(ledger, "run"))
    add_run(ledger, "later")
    with ledger.begin() as connection:
        finish_run(connection, finished, utc_now(), {})
    assert carried(ledger, add_run(ledger, "last")) == (0, 0)


def test_start_run_tells_what_was_reported_as_pending_and_ended_under_a_dead_run(
    ledger: Ledger, ledger_settings: Settings
) -> None:
    add_events(ledger, ledger_settings, [EARN], add_run(ledger, "run"))
    with ledger.begin() as connection:
        finish_run(connection, "run", utc_now(), {})
    add_run(ledger, "dead")
    with ledger.begin() as connection:
        end(connection, claim_heads(connection, "dead"), Verdict.POSTED)
    assert carried(ledger, add_run(ledger, "last")) == (1, 1)


def test_start_run_takes_over_what_is_open(ledger: Ledger, ledger_settings: Settings) -> None:
    add_events(ledger, ledger_settings, [EARN], add_run(ledger, "run"))
    assert carried(ledger, add_run(ledger, "later")) == (1, 0)
