"""A person rules where reading back cannot: the client would wait for ever otherwise."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from flows.ledger.connection import open_ledger
from flows.ledger.summary import Summary
from flows.review.rule import rule_on_event
from flows.review.trace import trace_lines
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.sandbox import start_sandbox
from sql.rulings import Ruling
from sql.tables.events import events
from tests.flows.workplace import Workplace, earned
from transforms.vocabulary import State

FAULTS = ",".join(f"drop_before=20000000{number}*1" for number in range(1, 7))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, faults=FAULTS, options=("--extra-clients", "9")) as found:
        yield found


def in_doubt(workplace: Workplace, client_id: str) -> str:
    """Lose a request, with somebody's entry beside it that differs in the time alone: a count cannot decide."""
    entry = {"ClientId": client_id, "Action": "Earned", "Points": 10, "Source": "Sale"}
    workplace.talk.post_json("/sandbox/desk/transactions", entry | {"ActionDateTime": "2026-09-20T18:30:00Z"})
    workplace.put("a.csv", earned(client_id), earned(client_id, 3, "2026-09-21T17:00:00Z"))
    totals = workplace.run().totals
    assert (totals["unknown"], totals["pending"]) == (1, 1)
    (row,) = workplace.rows("SELECT event_id FROM events WHERE state = 'unknown'")
    return str(row["event_id"])


def rule(workplace: Workplace, event_id: str, state: State, reason: str = "seen on the client's card") -> Summary:
    return rule_on_event(workplace.settings, event_id, Ruling(state, "Ann", reason))


def points(workplace: Workplace, client_id: str) -> list[int]:
    return [line["points"] for line in workplace.commits(client_id) if line["actor"] == "api"]


@pytest.mark.long
def test_an_event_ruled_as_posted_counts_and_frees_its_client(workplace: Workplace) -> None:
    event_id = in_doubt(workplace, "200000001")
    ended = rule(workplace, event_id, State.POSTED)
    assert (ended.totals["posted"], ended.totals["pending"], ended.totals["ties_out"]) == (1, 1, True)
    assert workplace.run().totals["posted"] == 1
    assert points(workplace, "200000001") == [3]


def test_an_event_ruled_as_not_posted_is_sent_again(workplace: Workplace) -> None:
    event_id = in_doubt(workplace, "200000002")
    assert rule(workplace, event_id, State.READY).totals["pending"] == 2
    assert workplace.run().totals["posted"] == 2
    assert points(workplace, "200000002") == [10, 3]


@pytest.mark.long
def test_the_ruling_stands_in_the_trace_with_what_had_been_read(workplace: Workplace) -> None:
    event_id = in_doubt(workplace, "200000003")
    rule(workplace, event_id, State.POSTED)
    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        told = "\n".join(trace_lines(workplace.settings, connection, event_id))
    assert "almost equal 1" in told
    assert "a person rules: Ann: seen on the client's card" in told
    assert "Posted: ruled by Ann: it landed (seen on the client's card)" in told
    (kept,) = workplace.rows("SELECT evidence FROM settlements WHERE decided = 'posted'")
    assert '"almost_equal": 1' in kept["evidence"]


@pytest.mark.long
def test_a_ruling_is_refused_where_there_is_none_to_make(workplace: Workplace) -> None:
    event_id = in_doubt(workplace, "200000004")
    for id_, reason, said in (("x", "why", "has no event x"), (event_id, " ", "needs a name and a reason")):
        with pytest.raises(WrongUsage, match=said):
            rule(workplace, id_, State.POSTED, reason)
    rule(workplace, event_id, State.POSTED)
    with pytest.raises(WrongUsage, match="is posted, not unknown"):
        rule(workplace, event_id, State.READY)


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("client_id", "hours", "said"),
    [
        pytest.param("200000005", 1, "not to be read back before", id="too early"),
        pytest.param("200000006", 0, "was not read back yet", id="unread"),
    ],
)
def test_a_ruling_waits_until_reading_back_had_its_chance(
    workplace: Workplace, client_id: str, hours: int, said: str
) -> None:
    event_id = in_doubt(workplace, client_id)
    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        # As after a claim whose process died: nobody has looked since.
        connection.execute(update(events).values(settle_at=utc_now() + timedelta(hours=hours)))
        connection.exec_driver_sql("DROP TRIGGER settlements_no_delete")
        connection.exec_driver_sql("DELETE FROM settlements")
    with pytest.raises(WrongUsage, match=said):
        rule(workplace, event_id, State.POSTED)
