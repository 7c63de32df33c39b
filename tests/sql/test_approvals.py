import pytest

from flows.ledger.connection import Ledger
from sql.approvals import NotHeld, approve, discard
from sql.guards import Guards, WholeHold
from sql.plans import count_to_let_go, discard_plan, take_up_plan
from tests.sql.rows import NOW, RUN_ID, earned, fates, later, register, rows_of, update
from transforms.guards.limits import Limits
from transforms.vocabulary import HeldFor


def held_event(ledger: Ledger) -> str:
    [(event_id,)] = rows_of(ledger, "SELECT event_id FROM events WHERE state = 'held'")
    return str(event_id)


def hold_stale_update(ledger: Ledger) -> str:
    for name, amount in (("a", "25"), ("b", "30"), ("stale", "25")):
        register(ledger, name, [update(amount=amount)])
    return held_event(ledger)


def hold_undated_row(ledger: Ledger) -> str:
    register(ledger, "a", [earned(at=None)])
    register(ledger, "b", [earned(at=None)])
    return held_event(ledger)


def amounts_in_posting_order(ledger: Ledger) -> list[str]:
    ready = "SELECT amount FROM events WHERE state = 'ready' ORDER BY order_at, file_id, ordinal"
    return [amount for (amount,) in rows_of(ledger, ready)]


@pytest.mark.parametrize("minutes", [pytest.param(5, id="later"), pytest.param(-5, id="by a clock that is behind")])
def test_approve_gives_an_update_the_last_place(ledger: Ledger, minutes: int) -> None:
    event_id = hold_stale_update(ledger)
    with ledger.begin() as connection:
        approve(connection, event_id, by="Kim", now=later(minutes))
    assert rows_of(ledger, "SELECT reward_version FROM events WHERE event_id = :e", e=event_id) == [(3,)]
    assert amounts_in_posting_order(ledger) == ["25", "30", "25"]


def test_register_file_puts_an_update_after_an_approved_one(ledger: Ledger) -> None:
    event_id = hold_stale_update(ledger)
    with ledger.begin() as connection:
        approve(connection, event_id, by="Kim", now=later(5))
    register(ledger, "c", [update(amount="40")], now=later(1))
    assert amounts_in_posting_order(ledger) == ["25", "30", "25", "40"]


def test_approve_makes_the_values_the_last_accepted(ledger: Ledger) -> None:
    event_id = hold_stale_update(ledger)
    with ledger.begin() as connection:
        approve(connection, event_id, by="Kim", now=later(5))
    assert fates(register(ledger, "again", [update(amount="25")])) == {"duplicate": 1}


def test_approve_gives_an_undated_row_its_time(ledger: Ledger) -> None:
    event_id = hold_undated_row(ledger)
    with ledger.begin() as connection:
        approve(connection, event_id, by="Kim", now=later(5))
    statement = "SELECT CAST(action_at AS TEXT), CAST(order_at AS TEXT) FROM events WHERE event_id = :e"
    [(action_at, order_at)] = rows_of(ledger, statement, e=event_id)
    assert action_at == order_at
    assert action_at.startswith("2026-03-01 12:05:00")


@pytest.mark.parametrize(("decide", "state"), [(approve, "ready"), (discard, "discarded")])
def test_decisions_record_who_decided(ledger: Ledger, decide: object, state: str) -> None:
    event_id = hold_undated_row(ledger)
    with ledger.begin() as connection:
        decide(connection, event_id, by="Kim", now=later(5))  # type: ignore[operator]
    history = rows_of(ledger, "SELECT from_state, to_state, reason FROM transitions")
    verb = "approved" if state == "ready" else "discarded"
    assert history == [("held", state, f"{verb} by Kim")]


def test_approve_refuses_what_is_ready(ledger: Ledger) -> None:
    register(ledger, "a", [earned()])
    [(event_id,)] = rows_of(ledger, "SELECT event_id FROM events")
    with pytest.raises(NotHeld, match="is ready, not held"), ledger.begin() as connection:
        approve(connection, event_id, by="Kim", now=NOW)


@pytest.mark.parametrize("decide", [approve, discard])
def test_decisions_refuse_what_the_ledger_does_not_know(ledger: Ledger, decide: object) -> None:
    with pytest.raises(NotHeld, match="has no event x"), ledger.begin() as connection:
        decide(connection, "x", by="Kim", now=NOW)  # type: ignore[operator]


def test_discard_drops_what_is_ready(ledger: Ledger) -> None:
    register(ledger, "a", [earned()])
    [(event_id,)] = rows_of(ledger, "SELECT event_id FROM events")
    with ledger.begin() as connection:
        discard(connection, event_id, by="Kim", now=NOW, reason="of a site that left")
    assert rows_of(ledger, "SELECT state, state_reason FROM events") == [
        ("discarded", "discarded by Kim: of a site that left")
    ]


def test_discard_of_an_update_makes_the_values_before_it_the_last_accepted(ledger: Ledger) -> None:
    register(ledger, "a", [update(amount="25")])
    register(ledger, "b", [update(amount="30")])
    [(event_id,)] = rows_of(ledger, "SELECT event_id FROM events WHERE amount = '30'")
    with ledger.begin() as connection:
        discard(connection, event_id, by="Kim", now=NOW)
    assert fates(register(ledger, "again", [update(amount="25")])) == {"duplicate": 1}
    assert rows_of(ledger, "SELECT reward_version FROM events ORDER BY amount") == [(1,), (None,)]


@pytest.mark.parametrize(
    ("between", "fate"), [([], "duplicate"), (["40"], "held")], ids=["nothing since", "others since"]
)
def test_values_that_a_person_discarded_are_no_new_event(ledger: Ledger, between: list[str], fate: str) -> None:
    register(ledger, "a", [update(amount="25")])
    register(ledger, "b", [update(amount="30")])
    [(event_id,)] = rows_of(ledger, "SELECT event_id FROM events WHERE amount = '30'")
    with ledger.begin() as connection:
        discard(connection, event_id, by="Kim", now=NOW)
    for amount in between:
        register(ledger, amount, [update(amount=amount)])
    assert fates(register(ledger, "again", [update(amount="30")])) == {fate: 1}


def test_decisions_are_taken_once(ledger: Ledger) -> None:
    event_id = hold_undated_row(ledger)
    with ledger.begin() as connection:
        discard(connection, event_id, by="Kim", now=NOW)
    with (
        pytest.raises(NotHeld, match=r"is discarded, not held \(discarded by Kim at 2026-03-01 12:00:00Z\)"),
        ledger.begin() as connection,
    ):
        approve(connection, event_id, by="Alex", now=NOW)


def hold_all(ledger: Ledger, reason: str, held_for: HeldFor | None) -> None:
    register(ledger, "all", [earned(), earned("000124")], guards=Guards(Limits(), WholeHold(reason, held_for)))


def goes_with_its_plan(ledger: Ledger) -> int:
    with ledger.begin() as connection:
        return count_to_let_go(connection, RUN_ID, spares_own=True)


@pytest.mark.parametrize(
    ("held_for", "expected"),
    [pytest.param(HeldFor.PLAN, 2, id="for the plan"), pytest.param(None, 0, id="for a reason of its own")],
)
def test_what_goes_with_its_plan_is_not_told_by_the_sentence(
    ledger: Ledger, held_for: HeldFor | None, expected: int
) -> None:
    hold_all(ledger, "planned with Kim: more points than guards.txt says", held_for)
    assert goes_with_its_plan(ledger) == expected


def test_what_a_person_says_as_a_plan_is_dropped_does_not_part_it(ledger: Ledger) -> None:
    hold_all(ledger, "planned by Kim", HeldFor.PLAN)
    with ledger.begin() as connection:
        discard_plan(connection, RUN_ID, by="Kim", now=later(1), reason="not today; it had waited: too long")
        assert take_up_plan(connection, RUN_ID, by="Kim", now=later(2)) == 2
    assert goes_with_its_plan(ledger) == 2


def test_what_an_event_had_waited_for_comes_back_whatever_was_said_as_its_plan_was_dropped(ledger: Ledger) -> None:
    own = "no date, and another file has an equal row without one"
    hold_all(ledger, own, None)
    said = "not today; it had waited: long enough"
    with ledger.begin() as connection:
        discard_plan(connection, RUN_ID, by="Kim; it had waited: x", now=later(1), reason=said)
    told = rows_of(ledger, "SELECT DISTINCT state_reason FROM events")
    assert told == [(f"discarded with {RUN_ID} by Kim; it had waited: x: {said}; it had waited: {own}",)]
    with ledger.begin() as connection:
        assert take_up_plan(connection, RUN_ID, by="Kim", now=later(2)) == 2
    assert rows_of(ledger, "SELECT DISTINCT state, state_reason, own_reason FROM events") == [("held", own, None)]
