import pytest

from flows.ledger import alive
from flows.ledger.alive import showing_life
from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from sql.runs import finish_run, last_nights, open_run
from tests.flows.eventually import eventually


def test_a_run_shows_that_it_lives_until_it_ends(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alive, "EVERY_SECONDS", 0.01)
    started_at = utc_now()
    with ledger.begin() as connection:
        open_run(connection, "nightly-1", "nightly", started_at)
    with showing_life(ledger, "nightly-1"):
        assert eventually(lambda: seen_at(ledger) > started_at)
    with ledger.begin() as connection:
        finish_run(connection, "nightly-1", utc_now(), {})
    last_sign = seen_at(ledger)
    with showing_life(ledger, "nightly-1"):
        pass
    assert seen_at(ledger) == last_sign


def seen_at(ledger: Ledger):
    with ledger.begin() as connection:
        return last_nights(connection, 1)[0].seen_at
