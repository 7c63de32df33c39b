"""Differences page by page: what the database finds is what the rules in Python say, on both databases."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection

from flows.ledger.connection import Ledger
from sql.break_comments import give
from sql.break_pages import Narrowed, RuleParts, breaks_of_ids, count_breaks, page_of_breaks
from sql.breaks import break_json, open_breaks, update_breaks
from sql.runs import start_run
from transforms.match.due import Rule, assign

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
TODAY = NOW.date()
KINDS = ("unexpected_remote", "missing_remote", "amount_mismatch")
LARGEST = 9_223_372_036_854_775_807


def differ(number: int) -> dict[str, Any]:
    is_reward = number % 5 == 0
    return {
        "break_id": f"b{number:03}",
        "class": KINDS[number % 3],
        "target": "referral_rock" if is_reward else "mindbody",
        "site_id": None if is_reward else str(number % 2),
        "client_id": None if is_reward else f"c{number % 4}",
        "points": None if is_reward else number,
        "amount": f"{number}.50" if is_reward else None,
        "detail": f"Number {number}: 100% of it_",
    }


@pytest.fixture
def connection(ledger: Ledger) -> Any:
    with ledger.begin() as connection:
        for age in range(6):
            now = NOW - timedelta(days=age * 3)
            start_run(connection, f"night-{age}", "nightly", now)
            rows = [differ(age * 10 + number) for number in range(10)]
            update_breaks(connection, rows, [], run_id=f"night-{age}", now=now)
        give(connection, "b007", actor="Ana", to="Cy", due_on=TODAY - timedelta(days=1), text="x", now=NOW)
        give(connection, "b008", actor="Ana", to=None, due_on=TODAY, text="x", now=NOW)
        yield connection


RULES = [
    Rule(owner="Kim", due_days=2, classes=("unexpected_remote",), least_points=20),
    Rule(owner="Lee", due_days=None, site_id="1", least_days=7),
    Rule(owner=None, due_days=0, least_amount=Decimal("25.5"), least_points=48),
    Rule(owner="Rest", due_days=30, classes=("missing_remote",)),
]

PARTS = [RuleParts(**vars(rule)) for rule in RULES]


def found(connection: Connection, **wanted: Any) -> list[str]:
    narrowed = Narrowed(**{"site_ids": None, "rules": PARTS, "today": TODAY, **wanted})
    ids = [row.break_id for row in page_of_breaks(connection, narrowed, 0, 1000)]
    assert count_breaks(connection, narrowed).count == len(ids)
    return ids


def assigned(connection: Connection) -> dict[str, Any]:
    given = {}
    for row in open_breaks(connection):
        record = {**break_json(row, TODAY), "given_to": row.given_to, "given_until_on": row.due_on}
        given[row.break_id] = assign(record, RULES)
    return given


@pytest.mark.parametrize("owner", ["Kim", "Lee", "Rest", "Cy", "nobody"])
def test_owners_are_found_as_the_rules_in_python_say(connection: Connection, owner: str) -> None:
    by_rule = sorted(id_ for id_, one in assigned(connection).items() if one.owner == owner)
    assert sorted(found(connection, owner=owner)) == by_rule
    assert bool(by_rule) is (owner != "nobody")


@pytest.mark.parametrize("day", [TODAY, TODAY - timedelta(days=5), TODAY + timedelta(days=40)])
def test_what_is_overdue_is_found_as_the_rules_in_python_say(connection: Connection, day: date) -> None:
    late = sorted(id_ for id_, one in assigned(connection).items() if one.due_on is not None and one.due_on < day)
    assert sorted(found(connection, overdue_on=day)) == late
    assert late


def test_sites_and_what_is_of_none_are_kept_apart(connection: Connection) -> None:
    assert all(int(id_[1:]) % 5 == 0 for id_ in found(connection, site_ids=[""]))
    assert all(int(id_[1:]) % 5 and int(id_[1:]) % 2 for id_ in found(connection, site_ids=["1"]))
    assert found(connection, site_ids=[]) == []
    assert found(connection, site_ids=["1"], site_id="0") == []


def test_words_are_words_and_no_pattern(connection: Connection) -> None:
    assert found(connection, words="number 7:") == ["b007"]
    assert len(found(connection, words="100% of it_")) == 60
    assert found(connection, words="1_0") == []
    assert found(connection, words="cy") == ["b007"]


def test_pages_follow_each_other_oldest_first(connection: Connection) -> None:
    narrowed = Narrowed(site_ids=None)
    rows = [row for start in range(0, 60, 7) for row in page_of_breaks(connection, narrowed, start, 7)]
    assert [row.break_id for row in rows] == found(connection)
    assert [row.opened_on for row in rows] == sorted(row.opened_on for row in rows)
    assert {row.break_id for row in breaks_of_ids(connection, ["b001", "b002", "nothing"])} == {"b001", "b002"}
    assert found(connection, break_ids=["b003", "nothing"]) == ["b003"]


def test_points_past_64_bits_are_added_up(connection: Connection) -> None:
    large = [{**differ(number), "points": LARGEST} for number in (71, 72)]
    update_breaks(connection, large, [], run_id="night-0", now=NOW)
    assert count_breaks(connection, Narrowed(site_ids=None, break_ids=["b071", "b072"])).points == 2 * LARGEST
