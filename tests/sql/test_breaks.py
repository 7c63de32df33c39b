from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, delete, insert, text, update
from sqlalchemy.exc import DBAPIError

from flows.ledger.connection import Ledger
from sql import break_decisions as chain
from sql.break_comments import changed_comment, comment, comments_about
from sql.break_decisions import DecisionRefused, Verb, broken_link, chain_hash, decisions_about
from sql.breaks import all_breaks, break_json, open_breaks, update_breaks
from sql.runs import start_run
from sql.tables.breaks import break_comments, break_decisions
from transforms.match.reasons import read_reason
from transforms.vocabulary import ReasonCode

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FOUND = {
    "break_id": "b1",
    "class": "unexpected_remote",
    "target": "mindbody",
    "site_id": "-99",
    "client_id": "100000001",
    "reward_id": None,
    "points": 7,
    "amount": None,
    "action_at": NOW,
    "event_id": None,
}


def decide_for(connection: Connection, break_id: str, verb: Verb, *, actor: str, reason: str, now: datetime) -> None:
    """Decide as a person does, whose reason bears its code."""
    code = read_reason(reason) if reason.strip() else ReasonCode.OTHER
    chain.decide(connection, break_id, verb, actor=actor, reason=reason, reason_code=code, now=now)


@pytest.fixture
def night(ledger: Ledger) -> Ledger:
    with ledger.begin() as connection:
        start_run(connection, "night-1", "nightly", NOW)
        start_run(connection, "night-2", "nightly", NOW)
        update_breaks(connection, [FOUND], [], run_id="night-1", now=NOW + timedelta(days=1 - 1))
    return ledger


def test_update_breaks_keeps_the_id_and_the_day_of_a_break_found_again(night: Ledger) -> None:
    with night.begin() as connection:
        update_breaks(
            connection, [FOUND | {"class": "time_mismatch"}], [], run_id="night-2", now=NOW + timedelta(days=2 - 1)
        )
        (row,) = open_breaks(connection)
    assert (row.break_id, getattr(row, "class"), row.opened_on) == ("b1", "time_mismatch", date(2026, 3, 1))


def test_update_breaks_closes_what_is_gone_and_opens_it_again_when_it_is_back(night: Ledger) -> None:
    with night.begin() as connection:
        update_breaks(connection, [], ["b1"], run_id="night-2", now=NOW + timedelta(days=2 - 1))
        assert [row.closed_run_id for row in all_breaks(connection)] == ["night-2"]
        assert not open_breaks(connection)
        update_breaks(connection, [FOUND], [], run_id="night-2", now=NOW + timedelta(days=3 - 1))
        (row,) = open_breaks(connection)
    assert (row.state, row.closed_run_id) == ("open", None)


def test_decide_moves_the_break_and_says_who_and_why(night: Ledger) -> None:
    with night.begin() as connection:
        decide_for(connection, "b1", Verb.ACKNOWLEDGE, actor="Ann", reason="asked the studio", now=NOW)
        (row,) = open_breaks(connection)
        record = break_json(row, date(2026, 3, 4))
    assert (record["state"], record["owner"], record["reason"]) == ("acknowledged", "Ann", "asked the studio")
    assert record["age_days"] == 3


@pytest.mark.parametrize(
    ("break_id", "verb", "actor", "reason"),
    [
        pytest.param("b1", Verb.REOPEN, "Ann", "x", id="it is open already"),
        pytest.param("nix", Verb.RESOLVE, "Ann", "x", id="no such break"),
        pytest.param("b1", Verb.RESOLVE, " ", "x", id="nobody"),
        pytest.param("b1", Verb.RESOLVE, "Ann", "", id="no reason"),
    ],
)
def test_decide_refuses(night: Ledger, break_id: str, verb: Verb, actor: str, reason: str) -> None:
    with night.begin() as connection, pytest.raises(DecisionRefused):
        decide_for(connection, break_id, verb, actor=actor, reason=reason, now=NOW)


def test_a_resolved_break_stays_resolved_when_it_is_found_again(night: Ledger) -> None:
    with night.begin() as connection:
        decide_for(connection, "b1", Verb.RESOLVE, actor="Ann", reason="typed by the desk", now=NOW)
        update_breaks(connection, [FOUND], [], run_id="night-2", now=NOW + timedelta(days=2 - 1))
        assert not open_breaks(connection)


def test_a_resolved_break_that_becomes_another_class_is_open_again(night: Ledger) -> None:
    with night.begin() as connection:
        decide_for(connection, "b1", Verb.RESOLVE, actor="Ann", reason="typed by the desk", now=NOW)
        update_breaks(connection, [FOUND | {"class": "duplicate_remote"}], [], run_id="night-2", now=NOW)
        (row,) = open_breaks(connection)
    assert (row.owner, row.reason) == ("tieout", "was unexpected_remote, is now duplicate_remote")


def _decide_thrice(ledger: Ledger) -> None:
    with ledger.begin() as connection:
        for verb in (Verb.ACKNOWLEDGE, Verb.RESOLVE, Verb.REOPEN):
            decide_for(connection, "b1", verb, actor="Ann", reason=f"to {verb}", now=NOW)


def test_the_chain_of_decisions_holds(night: Ledger) -> None:
    _decide_thrice(night)
    with night.begin() as connection:
        assert broken_link(connection) is None


def test_a_changed_history_shows(night: Ledger) -> None:
    _decide_thrice(night)
    with night.begin() as connection:
        _drop_guards(connection.dialect.name, connection)
        connection.execute(update(break_decisions).where(break_decisions.c.decision_id == 2).values(reason="other"))
        assert broken_link(connection) == 2


def test_decisions_from_before_there_were_codes_keep_their_hash(night: Ledger) -> None:
    plain = {"break_id": "b1", "at": NOW, "actor": "Ann", "verb": "acknowledge", "reason": "seen"}
    with night.begin() as connection:
        connection.execute(insert(break_decisions).values(**plain, previous_hash="", hash=chain_hash("", plain)))
        decide_for(connection, "b1", Verb.RESOLVE, actor="Ann", reason="timing", now=NOW)
        assert broken_link(connection) is None
        assert [row.reason_code for row in decisions_about(connection, "b1")] == [None, "timing"]


def test_a_changed_code_shows(night: Ledger) -> None:
    _decide_thrice(night)
    with night.begin() as connection:
        _drop_guards(connection.dialect.name, connection)
        connection.execute(
            update(break_decisions).where(break_decisions.c.decision_id == 1).values(reason_code="timing")
        )
        assert broken_link(connection) == 1


def test_reopen_takes_back_a_closing(night: Ledger) -> None:
    with night.begin() as connection:
        update_breaks(connection, [], ["b1"], run_id="night-2", now=NOW)
        decide_for(connection, "b1", Verb.REOPEN, actor="Ann", reason="mistake: it is still there", now=NOW)
        (row,) = open_breaks(connection)
    assert (row.state, row.owner, row.closed_run_id) == ("open", "Ann", None)


def test_decide_names_the_break_that_was_probably_meant(night: Ledger) -> None:
    long_id = "5a1b2c3d4e5f5a1b2c3d4e5f"
    with night.begin() as connection:
        update_breaks(connection, [FOUND | {"break_id": long_id}], [], run_id="night-2", now=NOW)
        for wrong in (long_id[:9], long_id[:-2] + "ff"):
            with pytest.raises(DecisionRefused, match=f"did you mean {long_id}"):
                decide_for(connection, wrong, Verb.RESOLVE, actor="Ann", reason="timing", now=NOW)


def _drop_guards(dialect: str, connection: object) -> None:
    names = {"sqlite": ["no_update", "no_delete"], "postgresql": ["append_only"]}[dialect]
    table = " ON break_decisions" if dialect == "postgresql" else ""
    for name in names:
        connection.execute(text(f"DROP TRIGGER break_decisions_{name}{table}"))  # type: ignore[attr-defined]


@pytest.mark.parametrize("statement", [update(break_decisions).values(reason="other"), delete(break_decisions)])
def test_decisions_are_append_only(night: Ledger, statement: object) -> None:
    _decide_thrice(night)
    with pytest.raises(DBAPIError, match="append-only"), night.begin() as connection:
        connection.execute(statement)  # type: ignore[call-overload]


@pytest.mark.parametrize("change", [update(break_comments).values(comment="other"), delete(break_comments)])
def test_comments_are_append_only_and_chained(night: Ledger, change: object) -> None:
    with night.begin() as connection:
        for said in ("asked the studio", "they answered"):
            comment(connection, FOUND["break_id"], actor="Ann", text=said, file=("mail.eml", "a" * 64), now=NOW)
        assert changed_comment(connection) is None
        assert [row.comment for row in comments_about(connection, FOUND["break_id"])] == [
            "asked the studio",
            "they answered",
        ]
    with pytest.raises(DBAPIError, match="append-only"), night.begin() as connection:
        connection.execute(change)  # type: ignore[call-overload]


def test_a_comment_that_was_changed_behind_our_back_is_named(night: Ledger) -> None:
    with night.begin() as connection:
        for said in ("one", "two"):
            comment(connection, FOUND["break_id"], actor="Ann", text=said, file=None, now=NOW)
        names = {"sqlite": ["no_update", "no_delete"], "postgresql": ["append_only"]}[connection.dialect.name]
        table = " ON break_comments" if connection.dialect.name == "postgresql" else ""
        for name in names:
            connection.execute(text(f"DROP TRIGGER break_comments_{name}{table}"))
        connection.execute(update(break_comments).where(break_comments.c.comment_id == 2).values(comment="three"))
        assert changed_comment(connection) == 2
