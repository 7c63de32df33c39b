"""A file kept as a plan: previewed without a trace, held, approved or dropped, and taken up again."""

from pathlib import Path

import pytest

from flows.intake.check import check_file
from flows.intake.register import register
from flows.ledger.connection import Ledger
from flows.review.plan import Plan, keep_plan, plan_lines, preview
from flows.settings.sections import Settings
from sql.plans import approve_plan, discard_plan, held_events, states_of_plan
from tests.registered import EARN, UPDATE, add_events, add_run, run_of, with_site
from tests.sql.rows import later, rows_of
from transforms.vocabulary import Kind, State

HEADINGS = "ClientId,Points,Action,Source,ActionDateTime"
OLD = "100000002,10,Earned,Sale,2025-10-01T17:00:00Z"
NEW = "100000003,7,Earned,Sale,2025-10-02T17:00:00Z"
REDEEMED = "100000003,3,Redeemed,,2025-10-03T17:00:00Z"


@pytest.fixture
def settings(ledger_settings: Settings) -> Settings:
    return with_site(ledger_settings)


def file_of(settings: Settings, *rows: str, name: str = "a.csv", headings: str = HEADINGS) -> Path:
    path = settings.root / name
    path.write_text("\n".join([headings, *rows]) + "\n")
    return path


def planned(ledger: Ledger, settings: Settings, *rows: str, name: str = "a.csv", headings: str = HEADINGS) -> Plan:
    path = file_of(settings, *rows, name=name, headings=headings)
    return keep_plan(settings, ledger, check_file(settings, path, None), "Ann")


def decide(ledger: Ledger, plan: Plan, decision: object) -> int:
    assert plan.plan_id is not None
    with ledger.begin() as connection:
        return int(decision(connection, plan.plan_id, by="Kim", now=later(0)))  # type: ignore[operator]


def states(ledger: Ledger, plan: Plan) -> dict[State, int]:
    with ledger.begin() as connection:
        return states_of_plan(connection, plan.plan_id or "")


def test_preview_subtracts_what_the_ledger_knows_and_keeps_nothing(ledger: Ledger, settings: Settings) -> None:
    add_events(ledger, settings, [EARN], add_run(ledger, "first"))
    file = check_file(settings, file_of(settings, OLD, NEW, REDEEMED, "1,0,Earned,Sale,"), None)
    found = preview(settings, ledger, file)
    assert (found.new, found.duplicate, found.held, found.rejected) == (2, 1, 0, 1)
    assert found.totals.points == {Kind.EARNED: 7, Kind.REDEEMED: 3}
    assert rows_of(ledger, "SELECT count(*) FROM files") == rows_of(ledger, "SELECT count(*) FROM runs") == [(1,)]


@pytest.mark.postgresql
def test_keep_plan_holds_every_new_event_and_says_who_planned(ledger: Ledger, settings: Settings) -> None:
    plan = planned(ledger, settings, NEW, REDEEMED)
    with ledger.begin() as connection:
        held = held_events(connection)
    assert [(event.run_id, event.state_reason, event.file) for event in held] == [
        (plan.plan_id, "planned by Ann", "a.csv")
    ] * 2
    assert (plan.new, plan.held, plan.waits) == (2, 0, True)


def test_keep_plan_tells_what_is_held_anyway_from_what_is_new(ledger: Ledger, settings: Settings) -> None:
    rows = {key: value for key, value in EARN.items() if key != "ActionDateTime"}
    add_events(ledger, settings, [rows], add_run(ledger, "first"))
    plan = planned(ledger, settings, "100000002,10,Earned,Sale,", NEW)
    assert (plan.new, plan.held, states(ledger, plan)) == (1, 1, {State.HELD: 2})


def test_keep_plan_of_a_file_with_nothing_new_waits_for_nobody(ledger: Ledger, settings: Settings) -> None:
    add_events(ledger, settings, [EARN], add_run(ledger, "first"))
    plan = planned(ledger, settings, OLD)
    assert (plan.plan_id, plan.waits, plan.duplicate) == (None, False, 1)


def test_keep_plan_of_a_known_file_says_where_it_is_known_from(ledger: Ledger, settings: Settings) -> None:
    first = planned(ledger, settings, NEW)
    again = planned(ledger, settings, NEW, name="copy.csv")
    assert (again.plan_id, again.new, first.plan_id in again.known) == (first.plan_id, 0, True)
    assert "nothing is new" in "".join(plan_lines(again))
    decide(ledger, first, approve_plan)
    assert planned(ledger, settings, NEW).waits is False


@pytest.mark.postgresql
def test_approve_plan_lets_all_of_it_be_sent(ledger: Ledger, settings: Settings) -> None:
    updates = [",,,,," + ",".join(UPDATE.values())]
    plan = planned(ledger, settings, NEW, *updates, headings=f"{HEADINGS},{','.join(UPDATE)}")
    assert (decide(ledger, plan, approve_plan), states(ledger, plan)) == (2, {State.READY: 2})
    assert rows_of(ledger, "SELECT DISTINCT reason FROM transitions") == [("approved by Kim",)]


def test_approve_plan_gives_undated_rows_the_time_of_the_approval(ledger: Ledger, settings: Settings) -> None:
    plan = planned(ledger, settings, "100000003,7,Earned,Sale,")
    decide(ledger, plan, approve_plan)
    ((action_at, order_at),) = rows_of(ledger, "SELECT CAST(action_at AS TEXT), CAST(order_at AS TEXT) FROM events")
    assert (action_at[:19], action_at) == ("2026-03-01 12:00:00", order_at)


def test_a_discarded_plan_is_taken_up_again_by_the_same_file(ledger: Ledger, settings: Settings) -> None:
    plan = planned(ledger, settings, NEW, REDEEMED)
    assert decide(ledger, plan, discard_plan) == 2
    again = planned(ledger, settings, NEW, REDEEMED)
    assert (again.plan_id, again.new, states(ledger, plan)) == (plan.plan_id, 2, {State.HELD: 2})


def test_a_discarded_plan_waits_again_when_a_run_takes_the_same_file(ledger: Ledger, settings: Settings) -> None:
    plan = planned(ledger, settings, NEW, REDEEMED)
    decide(ledger, plan, discard_plan)
    file = check_file(settings, settings.root / "a.csv", None)
    assert "2 events still wait" in preview(settings, ledger, file).known
    assert states(ledger, plan) == {State.DISCARDED: 2}
    assert register(run_of(settings, ledger, add_run(ledger, "night")), file) is None
    assert states(ledger, plan) == {State.HELD: 2}


def test_what_was_dropped_with_its_plan_waits_again_when_another_file_brings_it(
    ledger: Ledger, settings: Settings
) -> None:
    plan = planned(ledger, settings, NEW, REDEEMED)
    decide(ledger, plan, discard_plan)
    other = planned(ledger, settings, NEW, OLD, name="mended.csv")
    assert (other.new, other.duplicate, states(ledger, plan)) == (1, 1, {State.DISCARDED: 1, State.HELD: 1})
    ((reason,),) = rows_of(ledger, "SELECT state_reason FROM events WHERE client_id = '100000003' AND state = 'held'")
    assert reason == "its plan was discarded, and mended.csv brings it"


def test_what_was_discarded_by_itself_never_comes_back(ledger: Ledger, settings: Settings) -> None:
    from sql.approvals import discard

    plan = planned(ledger, settings, NEW)
    ((event_id,),) = rows_of(ledger, "SELECT event_id FROM events")
    with ledger.begin() as connection:
        discard(connection, event_id, by="Kim", now=later(0))
    planned(ledger, settings, NEW, OLD, name="b.csv")
    planned(ledger, settings, NEW)
    assert states(ledger, plan) == {State.DISCARDED: 1}
