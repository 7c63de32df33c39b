from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.budget import take_calls
from sql.claims import Answer, Claim, ClaimConflict, claim, declare_lost, doubt_again, ready_heads, record_answers
from sql.queries import query
from sql.settlements import Settlement, balance_before, doubtful_events, settle
from tests.registered import EARN, UPDATE, add_events, add_run, read_events
from transforms.vocabulary import TRANSITIONS, State, Target, Verdict

SECOND = timedelta(seconds=1)
# A hundred clients with fifty events each, all ready, like the one that is named.
_MANY_MORE = """
    INSERT INTO events SELECT (jsonb_populate_record(one, jsonb_build_object(
        'event_id', 'more' || number, 'lane', 'mindbody:-99:' || number % 100, 'ordinal', 10 + number,
        'order_at', one.order_at - number * interval '1 minute'
    ))).* FROM events AS one, generate_series(1, 5000) AS number WHERE one.event_id = :event_id
"""


def claim_heads(
    connection: Connection, run_id: str = "run", limit: int = 100, lease_seconds: float = 60
) -> list[Claim]:
    now = utc_now()
    lease_until = now + timedelta(seconds=lease_seconds)
    heads = [(head, b"{}") for head in ready_heads(connection, Target.MINDBODY, "-99", limit, run_id=run_id)]
    settle_at = lease_until + SECOND
    return claim(connection, heads, run_id=run_id, now=now, lease_until=lease_until, settle_at=settle_at)


def end(connection: Connection, claims: list[Claim], verdict: Verdict, balance: int | None = None) -> None:
    now = utc_now()
    ended = [(one, Answer(verdict, "said so", balance=balance)) for one in claims]
    record_answers(connection, ended, run_id="run", now=now, settle_at=now)


@pytest.fixture
def earns(ledger: Ledger, ledger_settings: Settings) -> list[str]:
    """Three events of one client, the last of the file the first in time, and one of another client."""
    add_run(ledger, "run")
    days = ("2025-10-03", "2025-10-02", "2025-10-01")
    rows = [EARN | {"ActionDateTime": f"{day}T17:00:00Z"} for day in days]
    return [event.event_id for event in add_events(ledger, ledger_settings, [*rows, EARN | {"ClientId": "X1"}], "run")]


def force(connection: Connection, event_id: str, state: str) -> None:
    connection.execute(
        text(
            "UPDATE events SET state = :state, attempt_id = 1, lease_until = registered_at, settle_at = registered_at "
            "WHERE event_id = :event_id"
        ),
        {"state": state, "event_id": event_id},
    )


_WAYS: dict[State, list[State]] = {
    State.READY: [], State.HELD: [], State.SENDING: [State.SENDING], State.POSTED: [State.SENDING, State.POSTED],
    State.REFUSED: [State.SENDING, State.REFUSED], State.UNKNOWN: [State.SENDING, State.UNKNOWN],
    State.DISCARDED: [],
}  # fmt: skip
_FORBIDDEN = [
    (before, after)
    for before, after in product(State, State)
    if before != after and (before, after) not in TRANSITIONS and before not in {State.HELD, State.DISCARDED}
]


@pytest.mark.parametrize(("before", "after"), _FORBIDDEN)
def test_database_refuses_every_other_transition(ledger: Ledger, earns: list[str], before: State, after: State) -> None:
    with ledger.begin() as connection:
        for state in _WAYS[before]:
            force(connection, earns[0], state)
    with pytest.raises(DBAPIError, match="transition not allowed"), ledger.begin() as connection:
        force(connection, earns[0], after)


@pytest.mark.parametrize("table", ["attempts", "answers", "transitions", "settlements"])
@pytest.mark.parametrize("change", ["UPDATE {} SET event_id = event_id", "DELETE FROM {}"])
def test_database_keeps_history_as_it_was_written(ledger: Ledger, earns: list[str], table: str, change: str) -> None:
    with ledger.begin() as connection:
        end(connection, claim_heads(connection), Verdict.UNKNOWN)
        events = doubtful_events(connection, Target.MINDBODY, "-99", utc_now() + SECOND)
        undecided = [Settlement(event, State.UNKNOWN, "cannot tell", {}) for event in events]
        settle(connection, undecided, run_id="run", now=utc_now(), again_at=utc_now())
    statement = change.format(table).replace("event_id", "attempt_id")
    with pytest.raises(DBAPIError, match="append-only"), ledger.begin() as connection:
        connection.execute(text(statement))


def test_database_refuses_a_second_event_of_a_client_in_flight(ledger: Ledger, earns: list[str]) -> None:
    with ledger.begin() as connection:
        force(connection, earns[0], "sending")
    with pytest.raises(DBAPIError, match=r"(?i)unique"), ledger.begin() as connection:
        force(connection, earns[1], "sending")


def test_database_refuses_to_send_without_a_claim(ledger: Ledger, earns: list[str]) -> None:
    with pytest.raises(DBAPIError, match=r"attempted|claimed"), ledger.begin() as connection:
        connection.execute(text("UPDATE events SET state = 'sending'"))


def test_ready_heads_are_the_first_in_time_of_each_client(ledger: Ledger, earns: list[str]) -> None:
    with ledger.begin() as connection:
        heads = ready_heads(connection, Target.MINDBODY, "-99", 100, run_id="run")
    assert {head.event_id for head in heads} == {earns[2], earns[3]}


@pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, None])
def test_ready_heads_pass_over_a_client_in_doubt_or_in_flight(
    ledger: Ledger, earns: list[str], verdict: Verdict | None
) -> None:
    with ledger.begin() as connection:
        claims = claim_heads(connection)
        end(connection, claims if verdict else [], Verdict.UNKNOWN)
        assert ready_heads(connection, Target.MINDBODY, "-99", 100, run_id="run") == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_ready_heads_are_looked_for_in_order_however_many_are_ready(ledger: Ledger, earns: list[str]) -> None:
    with ledger.begin() as connection:
        connection.execute(text(_MANY_MORE), {"event_id": earns[0]})
        connection.execute(text("ANALYZE events"))
        asked = {"target": "mindbody", "site_id": "-99", "run_id": "run", "latest_at": utc_now(), "limit": 10}
        explained = connection.execute(text(f"EXPLAIN {query('ready_heads')} FOR UPDATE OF events SKIP LOCKED"), asked)
        plan = "\n".join(explained.scalars())
    # A turn of a hundred thousand events took what all of them take: a seventh of a second for each twenty thousand.
    assert "Index Scan using ix_events_ready" in plan
    assert "Sort" not in plan
    assert "Seq Scan on events" not in plan


def test_ready_heads_go_on_in_order_of_time(ledger: Ledger, earns: list[str]) -> None:
    sent = []
    with ledger.begin() as connection:
        while claims := claim_heads(connection):
            sent += [one.event.event_id for one in claims if one.event.client_id != "X1"]
            end(connection, claims, Verdict.POSTED)
    assert sent == [earns[2], earns[1], earns[0]]


def test_claim_refuses_what_another_process_took(ledger: Ledger, earns: list[str]) -> None:
    with ledger.begin() as connection:
        heads = [(head, b"{}") for head in ready_heads(connection, Target.MINDBODY, "-99", 100, run_id="run")]
        claim_heads(connection)
    now = utc_now()
    with pytest.raises(ClaimConflict), ledger.begin() as connection:
        claim(connection, heads, run_id="run", now=now, lease_until=now, settle_at=now)
    with ledger.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM attempts")).scalar() == 2


def test_declare_lost_leaves_claims_that_are_alive(ledger: Ledger, earns: list[str]) -> None:
    with ledger.begin() as connection:
        claim_heads(connection)
        assert declare_lost(connection, run_id="run", now=utc_now()) == 0


def test_declare_lost_lets_the_service_have_its_time(ledger: Ledger, earns: list[str]) -> None:
    with ledger.begin() as connection:
        (claim_, _) = claim_heads(connection, lease_seconds=-0.1)
        assert declare_lost(connection, run_id="run", now=utc_now()) == 2
        assert doubtful_events(connection, Target.MINDBODY, "-99", utc_now()) == []
        assert len(doubtful_events(connection, Target.MINDBODY, "-99", claim_.lease_until + SECOND)) == 2


def test_record_answers_keeps_all_that_an_answer_said(ledger: Ledger, earns: list[str]) -> None:
    said = Answer(
        Verdict.REFUSED,
        "no: \"é\" \\ 'x' 東",
        http_status=400,
        code="Bad",
        duration_ms=1.25,
        balance=2**40,
        returned="{}",
    )
    with ledger.begin() as connection:
        claims, now = claim_heads(connection), utc_now()
        ended = [(claims[0], said), (claims[1], Answer(Verdict.UNKNOWN, ""))]
        record_answers(connection, ended, run_id="run", now=now, settle_at=now + SECOND)
        statement = "SELECT verdict, message, http_status, code, duration_ms, balance, returned FROM answers"
        kept = connection.execute(text(f"{statement} ORDER BY attempt_id")).all()
    assert tuple(kept[0]) == ("refused", said.message, 400, "Bad", 1.25, 2**40, "{}")
    assert tuple(kept[1]) == ("unknown", "", None, None, None, None, None)
    states = {event.event_id: (event.state, event.settle_at) for event in read_events(ledger)}
    assert states[claims[0].event.event_id] == ("refused", None)
    assert states[claims[1].event.event_id] == ("unknown", now + SECOND)


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.POSTED, "posted"),
        (Verdict.REFUSED, "unknown"),
        (Verdict.RETRY, "unknown"),
        (Verdict.UNKNOWN, "unknown"),
    ],
)
def test_record_answers_after_the_claim_was_declared_lost(
    ledger: Ledger, earns: list[str], verdict: Verdict, state: str
) -> None:
    with ledger.begin() as connection:
        claims = claim_heads(connection, lease_seconds=-0.1)
        declare_lost(connection, run_id="run", now=utc_now())
        end(connection, claims, verdict)
    assert {event.state for event in read_events(ledger) if event.attempt_id} == {state}


def lost_and_taken_for_not_landed(connection: Connection) -> list[Claim]:
    """Return claims whose answer did not come in time, and whose events reading back set to ready."""
    claims = claim_heads(connection, lease_seconds=-0.1)
    declare_lost(connection, run_id="run", now=utc_now())
    doubtful = doubtful_events(connection, Target.MINDBODY, "-99", utc_now() + 2 * SECOND)
    decided = [Settlement(event, State.READY, "read back", {}) for event in doubtful]
    settle(connection, decided, run_id="run", now=utc_now(), again_at=utc_now())
    return claims


def test_record_answers_takes_a_late_proof_for_what_was_set_to_ready(ledger: Ledger, earns: list[str]) -> None:
    with ledger.begin() as connection:
        claims = lost_and_taken_for_not_landed(connection)
        end(connection, claims[:1], Verdict.POSTED)
        end(connection, claims[1:], Verdict.REFUSED)  # proves nothing that reading back has not shown
    states = {event.event_id: event.state for event in read_events(ledger)}
    assert [states[one.event.event_id] for one in claims] == ["posted", "ready"]


def test_record_answers_only_keeps_a_late_proof_where_the_event_went_again(ledger: Ledger, earns: list[str]) -> None:
    with ledger.begin() as connection:
        claims = lost_and_taken_for_not_landed(connection)
        again = claim_heads(connection)
        end(connection, claims, Verdict.POSTED)
        assert connection.execute(text("SELECT count(*) FROM answers WHERE verdict = 'posted'")).scalar() == 2
        end(connection, again, Verdict.UNKNOWN)
    assert {event.state for event in read_events(ledger) if event.attempt_id} == {"unknown"}


def test_settle_moves_only_the_attempt_that_was_in_doubt(ledger: Ledger, earns: list[str]) -> None:
    with ledger.begin() as connection:
        end(connection, claim_heads(connection), Verdict.UNKNOWN)
        stale = doubtful_events(connection, Target.MINDBODY, "-99", utc_now() + SECOND)
        for state in (State.READY, State.POSTED):  # a second process, slower, with the older reading
            decided = [Settlement(event, state, "read back", {}) for event in stale]
            settle(connection, decided, run_id="run", now=utc_now(), again_at=utc_now())
    assert {event.state for event in read_events(ledger)} == {"ready"}


def test_balance_before_is_that_of_the_last_thing_that_was_over(ledger: Ledger, earns: list[str]) -> None:
    with ledger.begin() as connection:
        end(connection, claim_heads(connection), Verdict.POSTED, balance=30)
        end(connection, claim_heads(connection), Verdict.UNKNOWN, balance=99)  # its own answer is in doubt too
        (event,) = doubtful_events(connection, Target.MINDBODY, "-99", utc_now() + SECOND)
        before = balance_before(connection, event)
        assert before is not None
        assert (before.balance, before.told_at <= utc_now()) == (30, True)


def test_balance_before_is_not_known_where_the_last_thing_told_none(ledger: Ledger, earns: list[str]) -> None:
    with ledger.begin() as connection:
        end(connection, claim_heads(connection), Verdict.POSTED, balance=30)
        end(connection, claim_heads(connection), Verdict.POSTED)
        end(connection, claim_heads(connection), Verdict.UNKNOWN)
        (event,) = doubtful_events(connection, Target.MINDBODY, "-99", utc_now() + SECOND)
        before = balance_before(connection, event)
        assert before is not None
        assert before.balance is None


def test_take_calls_gives_what_is_left_and_then_nothing(ledger: Ledger) -> None:
    with ledger.begin() as connection:
        today = utc_now().date()
        assert [take_calls(connection, Target.MINDBODY, today, 4, 10) for _ in range(4)] == [4, 4, 2, 0]


def test_ready_heads_let_an_unmentioned_update_go_alone(ledger: Ledger, ledger_settings: Settings) -> None:
    add_run(ledger, "run")
    add_events(ledger, ledger_settings, [UPDATE], "run")
    with ledger.begin() as connection:
        now = utc_now()
        (head,) = ready_heads(connection, Target.REFERRAL_ROCK, "", 9, run_id="run")
        claims = claim(connection, [(head, b"{}")], run_id="run", now=now, lease_until=now, settle_at=now)
        not_mentioned = [(claims[0], Answer(Verdict.UNKNOWN, "not mentioned", http_status=200))]
        record_answers(connection, not_mentioned, run_id="run", now=now, settle_at=now)
        (event,) = doubtful_events(connection, Target.REFERRAL_ROCK, "", now)
        settle(connection, [Settlement(event, State.READY, "not there", {})], run_id="run", now=now, again_at=now)
        (again,) = ready_heads(connection, Target.REFERRAL_ROCK, "", 9, run_id="run")
    assert (bool(head.goes_alone), bool(again.goes_alone)) == (False, True)


@pytest.mark.parametrize("said", ["ruled_by", '"ruled_by": "Kim"'])
def test_what_a_service_says_is_no_ruling(ledger: Ledger, earns: list[str], said: str) -> None:
    with ledger.begin() as connection:
        end(connection, claim_heads(connection, limit=1), Verdict.UNKNOWN)
        (event,) = doubtful_events(connection, Target.MINDBODY, "-99", utc_now())
        shown = Settlement(event, State.READY, "read back: another amount", {"updateDate": said})
        settle(connection, [shown], run_id="run", now=utc_now(), again_at=utc_now())
        later = utc_now() + timedelta(hours=1)
        # Another request of it may land yet: it is read once more before it is sent again.
        assert doubt_again(connection, run_id="run", now=later, before=later) == 1
