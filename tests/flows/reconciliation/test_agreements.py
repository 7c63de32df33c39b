"""What a reading says of the balance that answers told; nothing, where somebody else posts to the client meanwhile."""

from typing import Any

import pandas as pd
import pytest
from sqlalchemy import insert

from flows.ledger.connection import Ledger
from flows.reconciliation.agreements import ReadClients, keep_agreements
from flows.reconciliation.proofs import judge
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.proof import keep_readings
from sql.tables.attempts import answers, attempts
from tests.registered import EARN, add_events, add_run
from transforms.reconcile.proof import Why
from transforms.settle.history import History

NOW = utc_now().replace(microsecond=0)
CLIENT = ("-99", EARN["ClientId"])
LANE = f"mindbody:-99:{EARN['ClientId']}"
NOTHING = ["site_id", "client_id", "event_id", "break_id", "outcome", "action", "points", "remote_points", "remote_id"]


@pytest.fixture
def event_id(ledger: Ledger, ledger_settings: Settings) -> str:
    """An event of a client whose balance of 100 was read, at a site that is trusted."""
    add_run(ledger, "run")
    (event,) = add_events(ledger, ledger_settings, [EARN], "run")
    site_id, client_id = CLIENT
    base = {"site_id": site_id, "client_id": client_id, "run_id": "run", "read_at": NOW, "why": "why", "balance": 100}
    base |= {"is_base": True, "last_attempt_id": 0, "links_count": 0, "chain_balance": None, "agrees": None}
    agreed = base | {"client_id": "another", "links_count": 1, "chain_balance": 100, "agrees": True}
    with ledger.begin() as connection:
        keep_readings(connection, [base, *[agreed] * 200])
    return str(event.event_id)


def attempt(ledger: Ledger, event_id: str, balance: int | None = None) -> int:
    """Send the event once; with a balance the service confirmed it, without one no answer was recorded."""
    with ledger.begin() as connection:
        row = {"event_id": event_id, "run_id": "run", "claimed_at": NOW, "lease_until": NOW, "fingerprint": "f"}
        opened = insert(attempts).values(row | {"lane": LANE}).returning(attempts.c.attempt_id)
        attempt_id: int = connection.execute(opened).scalar_one()
        if balance is not None:
            answer = {"verdict": "posted", "http_status": 200, "balance": balance, "is_echo": True}
            connection.execute(insert(answers).values(attempt_id=attempt_id, answered_at=NOW, **answer))
    return attempt_id


def read(ledger: Ledger, before: int, balance: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Read the client, whose last request was that one before; return what was kept, and what lost its trust."""
    read_clients = ReadClients(
        read_at=NOW,
        histories={CLIENT: History(CLIENT[1], balance, ())},
        transactions=pd.DataFrame(columns=NOTHING),
        settled={CLIENT},
        attempts_before={LANE: before},
        whys={CLIENT: Why.TURN},
    )
    with ledger.begin() as connection:
        lost = dict(keep_agreements(connection, "run", read_clients).lost)
        kept = connection.exec_driver_sql(
            "SELECT is_base, agrees, links_count, chain_balance, why FROM balance_readings"
            " ORDER BY reading_id DESC LIMIT 1"
        ).mappings()
        return dict(kept.one()), lost


def test_a_chain_that_comes_out_as_it_is_read_agrees(ledger: Ledger, event_id: str) -> None:
    last = attempt(ledger, event_id, 110)
    kept, lost = read(ledger, last, 110)
    assert kept == {"is_base": True, "agrees": True, "links_count": 1, "chain_balance": 110, "why": Why.TURN}
    assert not lost


def test_one_that_does_not_costs_the_site_its_trust_at_once(ledger: Ledger, event_id: str) -> None:
    last = attempt(ledger, event_id, 110)
    kept, lost = read(ledger, last, 103)
    assert (bool(kept["agrees"]), list(lost)) == (False, ["-99"])
    assert "came to 110 points, and reading back shows 103" in lost["-99"]
    with ledger.begin() as connection:
        assert judge(connection, [("-99", "another")]).whys == {("-99", "another"): Why.NOT_TRUSTED}


def test_what_another_machine_posts_meanwhile_makes_the_reading_say_nothing(ledger: Ledger, event_id: str) -> None:
    first = attempt(ledger, event_id, 110)
    attempt(ledger, event_id, 120)
    kept, lost = read(ledger, first, 110)
    assert (bool(kept["is_base"]), kept["agrees"], kept["links_count"], lost) == (False, None, 0, {})
    with ledger.begin() as connection:
        assert judge(connection, [CLIENT]).whys[CLIENT] in (Why.NO_BASE, Why.WATCHED)


def test_a_request_without_an_answer_leaves_nothing_to_compare(ledger: Ledger, event_id: str) -> None:
    attempt(ledger, event_id, 110)
    last = attempt(ledger, event_id)
    kept, lost = read(ledger, last, 999)
    assert (kept["agrees"], kept["links_count"], lost) == (None, 0, {})
