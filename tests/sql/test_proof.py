"""What is known of a client's balance: nothing that was sent is left out, and nothing that is old is looked through."""

from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.claims import Answer, claim, ready_heads, record_answers
from sql.proof import agreed_count, chain_links, clients_facts, keep_readings, last_attempts
from sql.queries import query
from sql.tables.attempts import answers, attempts
from tests.registered import EARN, UPDATE, add_events, add_run
from transforms.vocabulary import Target, Verdict

NOW = utc_now().replace(microsecond=0)
LANE = f"mindbody:-99:{EARN['ClientId']}"
CLIENT = ("-99", EARN["ClientId"])


@pytest.fixture
def event_id(ledger: Ledger, ledger_settings: Settings) -> str:
    add_run(ledger, "run")
    (event,) = add_events(ledger, ledger_settings, [EARN], "run")
    return str(event.event_id)


def attempt(ledger: Ledger, event_id: str, **answer: Any) -> int:
    """Write an attempt, and how it ended if it did."""
    with ledger.begin() as connection:
        row = {"event_id": event_id, "run_id": "run", "claimed_at": NOW, "lease_until": NOW, "fingerprint": "f"}
        opened = insert(attempts).values(row | {"lane": LANE}).returning(attempts.c.attempt_id)
        attempt_id: int = connection.execute(opened).scalar_one()
        if answer:
            connection.execute(insert(answers).values(attempt_id=attempt_id, answered_at=NOW, **answer))
    return attempt_id


def reading(**changes: Any) -> dict[str, Any]:
    site_id, client_id = CLIENT
    row = {"site_id": site_id, "client_id": client_id, "run_id": "run", "read_at": NOW, "why": "why", "balance": 5}
    compared = {"links_count": 0, "chain_balance": None, "agrees": None}
    return {**row, **compared, "is_base": True, "last_attempt_id": 0, **changes}


def agreed(says: bool | None, count: int = 1, site_id: str = "-99") -> list[dict[str, Any]]:
    return [reading(site_id=site_id, agrees=says, links_count=1, chain_balance=5, is_base=False)] * count


def facts(ledger: Ledger) -> Any:
    with ledger.begin() as connection:
        (row,) = clients_facts(connection, [CLIENT])
    return row


def links(ledger: Ledger, after: int = 0) -> list[int]:
    with ledger.begin() as connection:
        return [row.attempt_id for row in chain_links(connection, {LANE: after})]


@pytest.mark.parametrize(
    ("answer", "is_link"),
    [
        pytest.param({}, True, id="no answer was recorded"),
        pytest.param({"verdict": "posted", "http_status": 200, "balance": 5, "is_echo": True}, True, id="posted"),
        pytest.param({"verdict": "unknown"}, True, id="lost"),
        pytest.param({"verdict": "refused", "http_status": 400}, True, id="refused"),
        pytest.param({"verdict": "retry", "http_status": 400}, True, id="refused for a while"),
        pytest.param({"verdict": "retry", "http_status": 429}, False, id="429"),
        pytest.param({"verdict": "unauthorized", "http_status": 401}, False, id="401"),
        pytest.param({"verdict": "retry"}, False, id="no connection was made"),
    ],
)
def test_every_request_that_may_have_left_is_told(
    ledger: Ledger, event_id: str, answer: dict[str, Any], is_link: bool
) -> None:
    attempt_id = attempt(ledger, event_id, **answer)
    assert links(ledger) == [attempt_id] * is_link
    assert links(ledger, after=attempt_id) == []


def test_a_request_has_its_client_from_the_claim_on_and_one_of_a_reward_has_none(
    ledger: Ledger, ledger_settings: Settings
) -> None:
    add_run(ledger, "run")
    add_events(ledger, ledger_settings, [EARN], "run")
    add_events(ledger, ledger_settings, [UPDATE], "run")
    for target, site_id in ((Target.MINDBODY, "-99"), (Target.REFERRAL_ROCK, "")):
        with ledger.begin() as connection:
            heads = ready_heads(connection, target, site_id, 10, run_id="run")
            claims = claim(
                connection,
                [(head, b"body") for head in heads],
                run_id="run",
                now=NOW,
                lease_until=NOW,
                settle_at=NOW,
            )
        (claimed,) = claims
        answer = Answer(Verdict.POSTED, "confirmed", balance=7, is_echo=target is Target.MINDBODY)
        if target is Target.MINDBODY:
            # Claimed and not recorded: a process that is killed now leaves it so.
            assert facts(ledger).is_doubtful
            assert last_links(ledger) == [(claimed.attempt_id, None, None, False)]
        with ledger.begin() as connection:
            record_answers(connection, [(claimed, answer)], run_id="run", now=NOW, settle_at=NOW)
    assert [lane for _, lane in attempts_of(ledger)] == [LANE, None]
    assert [one[1:] for one in last_links(ledger)] == [("posted", 7, True)]
    last = attempts_of(ledger)[0][0]
    with ledger.begin() as connection:
        assert last_attempts(connection, [CLIENT, ("7", "nobody")]) == {LANE: last, "mindbody:7:nobody": 0}


def last_links(ledger: Ledger) -> list[tuple[Any, ...]]:
    with ledger.begin() as connection:
        rows = chain_links(connection, {LANE: 0})
    return [(row.attempt_id, row.verdict, row.balance, row.is_unread) for row in rows]


def attempts_of(ledger: Ledger) -> list[tuple[int, str | None]]:
    with ledger.begin() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT attempt_id, lane FROM attempts ORDER BY 1"))]


def test_the_latest_reading_counts_and_no_earlier_base_shines_through(ledger: Ledger, event_id: str) -> None:
    assert facts(ledger).is_base is None
    with ledger.begin() as connection:
        keep_readings(connection, [reading(balance=5, last_attempt_id=3), reading(client_id="another", balance=9)])
    assert (facts(ledger).is_base, facts(ledger).balance, facts(ledger).last_attempt_id) == (True, 5, 3)
    with ledger.begin() as connection:
        keep_readings(connection, [reading(is_base=False, balance=None)])
    assert facts(ledger).is_base is False
    assert (facts(ledger).is_watched, facts(ledger).has_break, facts(ledger).unread_count) == (False, False, 0)
    assert event_id


def test_chains_that_agreed_are_counted_since_the_last_that_did_not(ledger: Ledger) -> None:
    add_run(ledger, "run")
    with ledger.begin() as connection:
        keep_readings(connection, [*agreed(True, 3), *agreed(None, 2), *agreed(True, 9, "another")])
        assert agreed_count(connection, "-99", 200) == 3
        assert agreed_count(connection, "another", 5) == 5
        keep_readings(connection, [*agreed(False), *agreed(True, 2)])
        assert agreed_count(connection, "-99", 200) == 2
        assert agreed_count(connection, "another", 200) == 9


@pytest.mark.parametrize("statement", ["DELETE FROM balance_readings", "UPDATE balance_readings SET agrees = true"])
def test_readings_are_append_only(ledger: Ledger, statement: str) -> None:
    add_run(ledger, "run")
    with ledger.begin() as connection:
        keep_readings(connection, [reading()])
    with pytest.raises(DBAPIError, match="balance_readings is append-only"), ledger.begin() as connection:
        connection.execute(text(statement))


GIVEN = '{"mindbody:-99:1": {"site_id": "-99", "client_id": "1", "last_attempt_id": 0}}'


@pytest.mark.parametrize("name", ["clients_facts", "chain_links", "last_attempts", "agreed_count"])
def test_nothing_that_grows_is_scanned(ledger: Ledger, name: str) -> None:
    values = {"site_id": "-99", "most": 200} if name == "agreed_count" else {"given": GIVEN}
    with ledger.begin() as connection:
        explain = "EXPLAIN QUERY PLAN"
        if connection.dialect.name == "postgresql":
            explain = "EXPLAIN"
            # An empty table is scanned whatever stands in an index.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = [str(row[-1]) for row in connection.execute(text(f"{explain} {query(name)}"), values)]
    scans = [line for line in plan if _is_scan(line)]
    assert not scans, "\n".join(plan)


def _is_scan(line: str) -> bool:
    # What is asked for, and what was found by an index, is gone through.
    is_few = any(name in line for name in ("given", "json_each", "agreed"))
    return ("Seq Scan" in line or line.strip().startswith("SCAN")) and not is_few
