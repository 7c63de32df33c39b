from collections.abc import Sequence
from random import Random
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from flows.ledger.connection import Ledger
from sql.approvals import discard
from sql.guards import Guards
from tests.laws import law
from tests.sql.rows import NOW, Row, earned, fates, guards_of, register, rows_of, update
from tests.sql.test_retries import refuse_all


def test_register_file_accepts_what_is_new(ledger: Ledger) -> None:
    assert fates(register(ledger, "a", [earned(), earned("other"), update()])) == {"accepted": 3}
    states = rows_of(ledger, "SELECT state, first_state, state_reason FROM events")
    assert states == [("ready", "ready", None)] * 3


def test_register_file_knows_the_same_content_again(ledger: Ledger) -> None:
    register(ledger, "a", [earned()])
    assert register(ledger, "a", [earned()]) is None
    assert rows_of(ledger, "SELECT count(*) FROM files") == [(1,)]


def test_register_file_knows_the_rows_of_an_overlapping_export(ledger: Ledger) -> None:
    register(ledger, "monday", [earned("a"), earned("b")])
    assert fates(register(ledger, "tuesday", [earned("b"), earned("c")])) == {"accepted": 1, "duplicate": 1}
    known = rows_of(ledger, "SELECT client_id FROM events JOIN duplicates ON duplicates.event_id = events.event_id")
    assert known == [("b",)]


def test_register_file_takes_equal_rows_of_one_file_as_two_events(ledger: Ledger) -> None:
    assert fates(register(ledger, "monday", [earned(), earned()])) == {"accepted": 2}
    assert fates(register(ledger, "tuesday", [earned(), earned()])) == {"duplicate": 2}
    assert fates(register(ledger, "wednesday", [earned(), earned(), earned()])) == {"accepted": 1, "duplicate": 2}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"points": 11}, id="points"),
        pytest.param({"client_id": "123"}, id="leading zeros"),
        pytest.param({"site_id": "-98"}, id="site"),
        pytest.param({"source": None}, id="source"),
        pytest.param({"source_id": 7}, id="source id"),
        pytest.param({"at": "2026-02-01T10:00:01Z"}, id="a second later"),
        pytest.param({"kind": "redeemed", "action": "Redeemed", "source": None}, id="action"),
    ],
)
def test_register_file_takes_a_row_that_differs_in_its_key_as_new(ledger: Ledger, change: Row) -> None:
    register(ledger, "a", [earned()])
    assert fates(register(ledger, "b", [earned(**change)])) == {"accepted": 1}


def test_register_file_pins_the_time_of_an_undated_row(ledger: Ledger) -> None:
    register(ledger, "a", [earned(at=None)])
    [(pinned, order)] = rows_of(ledger, "SELECT CAST(action_at AS TEXT), CAST(order_at AS TEXT) FROM events")
    assert pinned == order
    assert pinned.startswith("2026-03-01 12:00:00")


def test_register_file_holds_an_undated_row_that_another_file_has_too(ledger: Ledger) -> None:
    assert fates(register(ledger, "a", [earned(at=None), earned(at=None)])) == {"accepted": 2}
    assert fates(register(ledger, "b", [earned(at=None)])) == {"held": 1}
    assert fates(register(ledger, "c", [earned(at=None, points=11)])) == {"accepted": 1}


def test_register_file_tells_a_dated_row_from_an_undated_one(ledger: Ledger) -> None:
    register(ledger, "a", [earned(at=None)])
    assert fates(register(ledger, "b", [earned()])) == {"accepted": 1}


def test_register_file_knows_the_values_last_accepted_of_a_reward(ledger: Ledger) -> None:
    register(ledger, "a", [update(amount="25")])
    assert fates(register(ledger, "b", [update(amount="25.00")])) == {"duplicate": 1}


def test_register_file_lets_new_values_of_a_reward_supersede(ledger: Ledger) -> None:
    register(ledger, "a", [update(amount="25")])
    assert fates(register(ledger, "b", [update(amount="30")])) == {"accepted": 1}
    assert rows_of(ledger, "SELECT amount, reward_version FROM events ORDER BY reward_version") == [
        ("25", 1),
        ("30", 2),
    ]


def test_register_file_holds_values_that_were_replaced_and_asks_once(ledger: Ledger) -> None:
    register(ledger, "a", [update(amount="25")])
    register(ledger, "b", [update(amount="30")])
    assert fates(register(ledger, "stale", [update(amount="25")])) == {"held": 1}
    assert fates(register(ledger, "stale again", [update(amount="25"), update("r-2")])) == {
        "duplicate": 1,
        "accepted": 1,
    }


def test_register_file_takes_equal_updates_of_one_file_once(ledger: Ledger) -> None:
    assert fates(register(ledger, "a", [update(), update(), update()])) == {"accepted": 1, "duplicate": 2}


def test_register_file_takes_equal_stale_updates_of_one_file_once(ledger: Ledger) -> None:
    register(ledger, "a", [update(amount="25")])
    register(ledger, "b", [update(amount="30")])
    assert fates(register(ledger, "c", [update(amount="25"), update(amount="25")])) == {"held": 1, "duplicate": 1}


def test_register_file_posts_updates_of_a_reward_in_order_of_their_versions(ledger: Ledger) -> None:
    for name, amount in (("a", "25"), ("b", "30"), ("c", "35")):
        register(ledger, name, [update(amount=amount)])
    in_order = rows_of(ledger, "SELECT amount FROM events ORDER BY order_at, file_id, ordinal")
    assert in_order == [("25",), ("30",), ("35",)]


def receipts(ledger: Ledger) -> list[str]:
    return [event_id for (event_id,) in rows_of(ledger, "SELECT event_id FROM events ORDER BY file_id, ordinal")]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(earned(at=None), id="undated"),
        pytest.param(earned(), id="dated"),
        pytest.param(update(), id="update"),
    ],
)
def test_register_file_knows_a_row_by_its_receipt(ledger: Ledger, row: Row) -> None:
    register(ledger, "a", [row])
    [receipt] = receipts(ledger)
    assert fates(register(ledger, "marked", [{**row, "receipt": receipt}, earned("new")])) == {
        "accepted": 1,
        "duplicate": 1,
    }


def test_register_file_knows_replaced_values_by_their_receipt_beside_equal_rows(ledger: Ledger) -> None:
    register(ledger, "a", [update(amount="25")])
    register(ledger, "b", [update(amount="30")])
    marked = {**update(amount="25"), "receipt": receipts(ledger)[0]}
    assert fates(register(ledger, "c", [marked, update(amount="25")])) == {"duplicate": 1, "held": 1}


@pytest.mark.parametrize(
    ("row", "edited"),
    [
        pytest.param(earned(), earned(points=11), id="points"),
        pytest.param(earned(at=None), earned(), id="a time added"),
        pytest.param(earned(), earned(site_id="-98"), id="another site"),
        pytest.param(update(), update(amount="26"), id="amount"),
    ],
)
def test_register_file_rejects_a_receipt_beside_other_values(ledger: Ledger, row: Row, edited: Row) -> None:
    register(ledger, "a", [row])
    marked = {**edited, "receipt": receipts(ledger)[0]}
    assert fates(register(ledger, "marked", [marked])) == {"rejected": 1}
    assert rows_of(ledger, "SELECT code, row_number FROM rejections") == [("receipt_mismatch", 2)]


def test_register_file_rejects_a_row_copied_with_its_receipt(ledger: Ledger) -> None:
    register(ledger, "a", [earned()])
    marked = {**earned(), "receipt": receipts(ledger)[0]}
    assert fates(register(ledger, "marked", [marked, marked])) == {"duplicate": 1, "rejected": 1}


def test_register_file_knows_equal_updates_that_share_a_receipt(ledger: Ledger) -> None:
    register(ledger, "a", [update()])
    marked = {**update(), "receipt": receipts(ledger)[0]}
    assert fates(register(ledger, "marked", [marked, marked])) == {"duplicate": 2}


def test_register_file_takes_other_values_beside_the_receipt_of_what_was_discarded(ledger: Ledger) -> None:
    register(ledger, "a", [earned()], guards=guards_of(max_points_per_event=1))
    [receipt] = receipts(ledger)
    with ledger.begin() as connection:
        discard(connection, receipt, by="Jo", now=NOW)
    marked = {**earned(points=11), "receipt": receipts(ledger)[0]}
    assert fates(register(ledger, "marked", [marked])) == {"accepted": 1}


def discarded(ledger: Ledger, row: Row) -> str:
    """Register a row that a person then discards; return its receipt."""
    register(ledger, f"of {row['points']}", [row], guards=guards_of(max_points_per_event=1))
    [(event_id,)] = rows_of(ledger, "SELECT event_id FROM events WHERE state = 'held'")
    with ledger.begin() as connection:
        discard(connection, event_id, by="Jo", now=NOW)
    return str(event_id)


def test_register_file_takes_one_row_in_the_place_of_what_came_to_nothing(ledger: Ledger) -> None:
    """Of a copy that is mended twice the second row waits, for nobody knows whether both are meant."""
    receipt = discarded(ledger, earned())
    first = {**earned(points=11), "receipt": receipt}
    assert fates(register(ledger, "marked", [first])) == {"accepted": 1}
    assert fates(register(ledger, "the same", [first, earned("other")])) == {"accepted": 1, "duplicate": 1}
    assert fates(register(ledger, "mended twice", [{**first, "points": 12}])) == {"held": 1}


def test_register_file_follows_corrections_of_corrections(ledger: Ledger) -> None:
    receipt = discarded(ledger, earned())
    second = discarded(ledger, {**earned(points=11), "receipt": receipt})
    assert fates(register(ledger, "third", [{**earned(points=12), "receipt": second}])) == {"accepted": 1}
    assert fates(register(ledger, "old copy", [{**earned(points=13), "receipt": receipt}])) == {"held": 1}


def test_register_file_rejects_a_row_copied_with_the_receipt_of_what_came_to_nothing(ledger: Ledger) -> None:
    receipt = discarded(ledger, earned())
    copied = [{**earned(points=points), "receipt": receipt} for points in (11, 12)]
    assert fates(register(ledger, "copied", copied)) == {"accepted": 1, "rejected": 1}
    assert rows_of(ledger, "SELECT code, row_number FROM rejections") == [("receipt_mismatch", 3)]


def refused(ledger: Ledger, row: Row) -> str:
    """Register an update that its service then refuses; return its receipt."""
    register(ledger, f"of {row['amount']}", [row])
    refuse_all(ledger)
    [(event_id,)] = rows_of(ledger, "SELECT event_id FROM events WHERE state = 'refused'")
    return str(event_id)


@pytest.mark.parametrize("second", [update(amount="12"), update("r-3", "11")], ids=["the same reward", "another one"])
def test_register_file_changes_one_reward_in_the_place_of_what_came_to_nothing(ledger: Ledger, second: Row) -> None:
    """A change for a reward that is not there, corrected by two people: one each would be paid."""
    receipt = refused(ledger, update(amount="10"))
    first = {**update("r-2", "11"), "receipt": receipt}
    assert fates(register(ledger, "marked", [first])) == {"accepted": 1}
    assert fates(register(ledger, "the same", [first, earned("other")])) == {"accepted": 1, "duplicate": 1}
    assert fates(register(ledger, "mended twice", [{**second, "receipt": receipt}])) == {"held": 1}


def test_register_file_rejects_an_update_copied_with_the_receipt_of_what_came_to_nothing(ledger: Ledger) -> None:
    receipt = refused(ledger, update(amount="10"))
    rows = [update("r-2", "11"), update("r-2", "11"), update("r-3", "11")]
    copied = [{**row, "receipt": receipt} for row in rows]
    assert fates(register(ledger, "copied", copied)) == {"accepted": 1, "duplicate": 1, "rejected": 1}


def test_register_file_asks_before_a_correction_sets_a_reward_back(ledger: Ledger) -> None:
    receipt = refused(ledger, update(amount="10"))
    assert fates(register(ledger, "next week", [update(amount="30")])) == {"accepted": 1}
    assert fates(register(ledger, "an old copy", [{**update(amount="12"), "receipt": receipt}])) == {"held": 1}
    late = "later change of the same reward"
    assert late in str(rows_of(ledger, "SELECT state_reason FROM events WHERE state = 'held'"))


def test_register_file_rejects_a_receipt_of_no_event(ledger: Ledger) -> None:
    assert fates(register(ledger, "a", [{**earned(), "receipt": "f" * 24}])) == {"rejected": 1}


@pytest.mark.parametrize("is_first", [True, False])
def test_register_file_takes_an_equal_row_beside_one_with_a_receipt_as_new(ledger: Ledger, is_first: bool) -> None:
    register(ledger, "a", [earned()])
    rows = [earned(), {**earned(), "receipt": receipts(ledger)[0]}]
    assert fates(register(ledger, "marked", rows if is_first else rows[::-1])) == {"accepted": 1, "duplicate": 1}


@pytest.mark.parametrize(
    ("guards", "held"),
    [
        pytest.param(guards_of(max_points_per_event=100), 1, id="points per event"),
        pytest.param(guards_of(max_points_per_run=200), 2, id="points per run"),
        pytest.param(guards_of(max_points_per_run=210), 0, id="points per run, just enough"),
        pytest.param(guards_of(max_rejected_share=0.3), 2, id="share of rejected rows"),
        pytest.param(guards_of(max_rejected_share=0.34), 0, id="share of rejected rows, just enough"),
    ],
)
def test_register_file_holds_what_a_guard_stops(ledger: Ledger, guards: Guards, held: int) -> None:
    rows = [earned(points=10), earned(points=200)]
    registered = register(ledger, "a", rows, guards=guards, rejected=1)
    assert registered is not None
    assert (registered.held, registered.rows_read) == (held, 3)


def test_register_file_guards_the_points_of_all_files_of_the_run(ledger: Ledger) -> None:
    guards = guards_of(max_points_per_run=15)
    assert fates(register(ledger, "a", [earned("a")], guards=guards)) == {"accepted": 1}
    assert fates(register(ledger, "b", [earned("b")], guards=guards)) == {"held": 1}


def test_register_file_keeps_control_totals_exact(ledger: Ledger) -> None:
    register(ledger, "a", [earned(), earned("b", points=5), update(amount="0.1"), update("r-2", amount="0.2")])
    totals = rows_of(ledger, "SELECT kind, site_id, event_count, points, amount FROM batches ORDER BY kind")
    assert totals == [("earned", "-99", 2, 15, "0"), ("reward_update", "", 2, 0, "0.3")]


def test_register_file_takes_an_empty_file(ledger: Ledger) -> None:
    assert fates(register(ledger, "a", [])) == {}


clients = st.sampled_from(["a", "b"])
times = st.sampled_from([None, "2026-02-01T10:00:00Z", "2026-02-01T11:00:00Z"])
dated_rows = st.builds(earned, clients, times.filter(bool), points=st.integers(1, 2))
client_rows = st.builds(earned, clients, times, points=st.integers(1, 2))
updates = st.builds(update, st.sampled_from(["r-1", "r-2"]), st.sampled_from(["25", "25.0", None]))
# Different values for one reward in one file are rejected by the check, so each file sets one amount.
files = st.lists(client_rows | st.just(update()), max_size=6)
quick = law(25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@quick
@given(rows=st.lists(files, min_size=1, max_size=3))
def test_register_file_gives_every_row_one_fate(ledger: Ledger, rows: Sequence[Sequence[Row]]) -> None:
    name = uuid4()  # the ledger stays from one example to the next
    for number, file in enumerate(rows):
        registered = register(ledger, f"{name}/{number}", file)
        assert registered is not None
        assert sum(fates(registered).values()) == registered.rows_read == len(file)


@quick
@given(rows=files)
def test_register_file_twice_changes_nothing(ledger: Ledger, rows: Sequence[Row]) -> None:
    name = f"{uuid4()}"
    register(ledger, name, rows)
    before = rows_of(ledger, "SELECT event_id, state, order_at FROM events ORDER BY event_id")
    assert register(ledger, name, rows) is None
    register(ledger, f"{name} renamed and saved again", [row for row in rows if row.get("action_at")])
    assert rows_of(ledger, "SELECT event_id, state, order_at FROM events ORDER BY event_id") == before


@quick
@given(first=st.lists(dated_rows, max_size=5), second=st.lists(dated_rows, max_size=5), seed=st.randoms())
def test_register_file_accepts_the_same_events_in_any_order(
    ledger: Ledger, first: list[Row], second: list[Row], seed: Random
) -> None:
    client, accepted = f"{uuid4()}", []
    for turn in ("one way", "the other way"):
        for number, file in enumerate([first, second]):
            rows = [{**row, "client_id": f"{client}/{turn}/{row['client_id']}"} for row in file]
            register(ledger, f"{client}/{turn}/{number}", rows)
        statement = "SELECT replace(client_id, :turn, ''), points, occurrence FROM events WHERE client_id LIKE :pattern"
        accepted.append(sorted(rows_of(ledger, statement, turn=turn, pattern=f"{client}/{turn}/%")))
        first, second = seed.sample(second, len(second)), seed.sample(first, len(first))
    assert accepted[0] == accepted[1]
