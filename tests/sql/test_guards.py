"""What each guard holds of a file, and what it leaves alone."""

import pytest

from flows.ledger.connection import Ledger
from sql.guards import Guards, Stop, WholeHold
from tests.sql.rows import Row, earned, guards_of, register, rows_of, update
from transforms.guards.limits import Limits
from transforms.vocabulary import Guard, HeldFor

HELD = "SELECT client_id, reward_id FROM events WHERE state = 'held' ORDER BY client_id, reward_id"


def stops(ledger: Ledger, name: str, rows: list[Row], guards: Guards) -> list[tuple[str, str, int, int]]:
    registered = register(ledger, name, rows, guards=guards)
    assert registered is not None
    return [(stop.guard.value, stop.site_id, stop.events_count, stop.points) for stop in registered.stops]


def test_points_per_event_holds_the_event_alone(ledger: Ledger) -> None:
    rows = [earned("a", points=60), earned("a", points=50), earned("b", points=10)]
    assert stops(ledger, "a", rows, guards_of(max_points_per_event=50)) == [("max_points_per_event", "-99", 1, 60)]
    assert rows_of(ledger, "SELECT points FROM events WHERE state = 'held'") == [(60,)]


def test_points_per_event_of_a_site_takes_the_general_ones_place(ledger: Ledger) -> None:
    guard = Guard.POINTS_PER_EVENT
    guards = Guards(Limits({guard: 50}, {"-98": {guard: 500}, "-97": {guard: 5}}))
    rows = [earned(site_id=site_id, points=60) for site_id in ("-99", "-98", "-97")]
    assert [stop[1] for stop in stops(ledger, "a", rows, guards)] == ["-97", "-99"]
    assert rows_of(ledger, "SELECT site_id FROM events WHERE state = 'ready'") == [("-98",)]


def test_points_per_client_holds_all_of_the_client_and_nobody_else(ledger: Ledger) -> None:
    rows = [earned("a", points=30), earned("a", points=31), earned("b", points=60), update()]
    assert stops(ledger, "a", rows, guards_of(max_points_per_client=60)) == [("max_points_per_client", "-99", 2, 61)]
    assert rows_of(ledger, HELD) == [("a", None), ("a", None)]


def test_points_per_client_counts_the_files_of_the_run_before(ledger: Ledger) -> None:
    guards = guards_of(max_points_per_client=60)
    assert stops(ledger, "a", [earned("a", points=40)], guards) == []
    assert stops(ledger, "b", [earned("a", points=21), earned("b", points=21)], guards) == [
        ("max_points_per_client", "-99", 1, 61)
    ]


def test_points_per_client_past_64_bits(ledger: Ledger) -> None:
    rows = [earned("a", points=9 * 10**18), earned("a", points=9 * 10**18 + 1)]
    (stop,) = stops(ledger, "a", rows, guards_of(max_points_per_client=18 * 10**18))
    assert stop[3] == 18 * 10**18 + 1


def test_points_per_run_of_one_site_stops_no_other(ledger: Ledger) -> None:
    guards = Guards(Limits({}, {"-98": {Guard.POINTS_PER_RUN: 15}}))
    rows = [earned("a", site_id="-98", points=16), earned("b", points=1000), update()]
    assert stops(ledger, "a", rows, guards) == [("max_points_per_run", "-98", 1, 16)]
    assert rows_of(ledger, HELD) == [("a", None)]


def test_points_per_run_of_all_sites_leaves_out_those_with_their_own(ledger: Ledger) -> None:
    guards = Guards(Limits({Guard.POINTS_PER_RUN: 15}, {"-98": {Guard.POINTS_PER_RUN: 1000}}))
    assert stops(ledger, "a", [earned("a", site_id="-98", points=900), earned("b", points=15)], guards) == []
    assert stops(ledger, "b", [earned("c", site_id="-97", points=1)], guards) == [("max_points_per_run", "-97", 1, 1)]


def test_new_clients_are_those_of_whom_no_other_run_has_anything(ledger: Ledger) -> None:
    register(ledger, "before", [earned("a"), earned("b")], run_id="earlier")
    rows = [earned(client_id, points=3) for client_id in ("a", "b", "c", "c", "d")]
    assert stops(ledger, "a", rows, guards_of(max_new_clients=2)) == []
    # The run's file before is counted in, so that many small files come to as much as a large one.
    assert stops(ledger, "b", [earned("e")], guards_of(max_new_clients=2)) == [("max_new_clients", "-99", 1, 10)]


def test_clients_are_new_to_a_site_and_not_to_the_ledger(ledger: Ledger) -> None:
    register(ledger, "before", [earned("a")], run_id="earlier")
    assert stops(ledger, "a", [earned("a", site_id="-98")], guards_of(max_new_clients=0)) == [
        ("max_new_clients", "-98", 1, 10)
    ]


def test_payout_changes_hold_the_updates_and_no_points(ledger: Ledger) -> None:
    register(ledger, "before", [update("r-1"), update("r-2"), update("r-3")], run_id="earlier")
    guards = guards_of(max_payout_changes=1)
    rows = [update("r-1", payout_id="other"), update("r-2", payout_id="P-1", amount="30"), update("new"), earned("a")]
    assert stops(ledger, "a", rows, guards) == []
    assert stops(ledger, "b", [update("r-3", payout_id="other")], guards) == [("max_payout_changes", "", 1, 0)]
    assert rows_of(ledger, HELD) == [(None, "r-3")]


def test_several_guards_over_one_site_are_all_told(ledger: Ledger) -> None:
    registered = register(ledger, "a", [earned()], guards=guards_of(max_points_per_run=5, max_new_clients=0))
    assert registered is not None
    whys = [stop.why for stop in registered.stops]
    assert rows_of(ledger, "SELECT state_reason FROM events") == [("; ".join(whys),)]
    assert len(whys) == 2


def test_a_plan_is_told_what_is_over_a_limit_and_holds_all_by_its_own_reason(ledger: Ledger) -> None:
    guards = Guards(guards_of(max_points_per_run=5).limits, WholeHold("planned by Ann", HeldFor.PLAN))
    registered = register(ledger, "a", [earned()], guards=guards)
    assert registered is not None
    assert registered.stops == (
        Stop(Guard.POINTS_PER_RUN, "-99", 1, 10, "more points than guards.max_points_per_run (5): 10"),
    )
    assert rows_of(ledger, "SELECT state_reason FROM events") == [("planned by Ann",)]


@pytest.mark.parametrize("key", list(Guard))
def test_each_guard_stops_what_is_over_its_limit_and_not_what_is_known(ledger: Ledger, key: Guard) -> None:
    register(ledger, "before", [update()], run_id="earlier")
    rows = [earned(), update(payout_id="other")]
    guards = guards_of(**{key.value: 0})
    stopped = register(ledger, "a", rows, guards=guards, rejected=1)
    assert stopped is not None
    assert {stop.guard for stop in stopped.stops} == {key}
    assert stopped.held >= 1
    again = register(ledger, "again", rows, guards=guards, rejected=1)
    assert again is not None
    assert (again.stops, again.held) == ((), 0)
