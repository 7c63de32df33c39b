"""What two requests may have left of is looked at again, until a reading began after the grace time."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy import update as update_of

from flows.ledger.connection import open_ledger
from flows.review.rule import rule_on_event
from flows.sandbox import start_sandbox
from flows.sandbox.seed import reward_id
from sql.rulings import Ruling
from sql.tables.events import events
from tests.flows.eventually import eventually
from tests.flows.workplace import Workplace, earned, open_workplace
from transforms.vocabulary import State

PAYOUT = "35b10000-0000-4000-8000-000000000001"
UPDATES = "RewardId,PayoutId,Amount"
LOADER = """
[loader]
timeout_seconds = 1
requests_per_second = 2000
max_tries = 6
settle_after_seconds = 0.2

[reconcile]
grace_hours = 24
"""
LATE, LATE_BY_RULING, TURNED_AWAY, ONCE, READ_FAILS = (f"2000000{number}" for number in (40, 41, 42, 43, 44))
LATE_REWARD, HALVED, BAD_REWARD = (reward_id(number) for number in (9, 10, 11))
# Longer than the first night takes on a busy machine: the second request must be away before the first one lands.
LATE_SECONDS = 12.0
FAULTS = (
    f"mb:late={LATE}*1~{LATE_SECONDS},rr:drop_before={LATE_REWARD}*1,mb:429={TURNED_AWAY}*1,"
    f"mb:late={LATE_BY_RULING}*1~{LATE_SECONDS},"
    f"mb:drop_before={READ_FAILS}*1"
)
Place = Callable[[], Workplace]


@pytest.fixture
def ready() -> Iterator[dict[str, Any]]:
    options = ("--extra-clients", "50", "--extra-rewards", "9", "--strict")
    with start_sandbox(faults=FAULTS, options=options) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any], database_url: str) -> Workplace:
    place = open_workplace(tmp_path, ready)
    services = place.config.read_text("utf-8").partition("[loader]")[0]
    return place.configure(f'database_url = "{database_url}"\n{services}{LOADER}')


def classes(workplace: Workplace) -> list[str]:
    return sorted(workplace.breaks().values())


def wait_for_commits(workplace: Workplace, count: int, about: str) -> None:
    def found() -> int:
        return sum(about in (line.get("client_id"), line.get("reward_id")) for line in workplace.talk.log())

    assert eventually(lambda: found() >= count), f"{about} has {found()} commits, not {count}"


def watched(workplace: Workplace) -> list[str]:
    found = workplace.rows(
        "SELECT client_id, reward_id FROM events WHERE watch_from_at IS NOT NULL AND watch_over_at IS NULL"
    )
    return sorted(row["client_id"] or row["reward_id"] for row in found)


def pass_hours(workplace: Workplace, hours: float) -> None:
    """Let what is under watch be so much older: a shared ledger takes no clock that is another than its own."""
    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        open_watch = select(events.c.event_id, events.c.watch_from_at).where(events.c.watch_over_at.is_(None))
        for event_id, since in connection.execute(open_watch).all():
            if since is not None:
                earlier = {"watch_from_at": since - timedelta(hours=hours)}
                connection.execute(update_of(events).where(events.c.event_id == event_id).values(earlier))


def calls(workplace: Workplace) -> int:
    (row,) = workplace.rows("SELECT coalesce(sum(calls), 0) AS calls FROM call_counts WHERE target = 'mindbody'")
    return int(row["calls"])


def test_a_request_that_lands_after_it_was_sent_again_opens_a_break_in_a_night_without_work(
    workplace: Workplace,
) -> None:
    workplace.put("a.csv", earned(LATE), earned(ONCE), earned(TURNED_AWAY))
    first = workplace.run()
    assert (first.totals["posted"], classes(workplace), watched(workplace)) == (3, [], [LATE])
    assert any("Under watch: 1 event" in line for line in first.lines)
    wait_for_commits(workplace, 2, LATE)
    second = workplace.run()
    assert (second.totals["rows_read"], classes(workplace)) == (0, ["duplicate_remote"])
    # A person is told what offsets it, and the watch goes on.
    assert [row["points"] for row in workplace.rows("SELECT points FROM events WHERE state = 'held'")] == [10]
    assert watched(workplace) == [LATE]


@pytest.mark.long
def test_the_watch_ends_with_a_reading_that_began_after_the_grace_time(workplace: Workplace) -> None:
    workplace.put("a.csv", earned(READ_FAILS))
    workplace.run()
    before = calls(workplace)
    pass_hours(workplace, 23)
    workplace.run()
    assert (watched(workplace), calls(workplace) - before) == ([READ_FAILS], 2)  # a token and a read
    pass_hours(workplace, 2)
    assert not any("Under watch" in line for line in workplace.run().lines)
    assert (watched(workplace), calls(workplace) - before) == ([], 4)
    workplace.run()
    assert calls(workplace) - before == 4


@pytest.mark.long
def test_the_watch_goes_on_where_the_reading_failed(workplace: Workplace, ready: dict[str, Any]) -> None:
    workplace.put("a.csv", earned(READ_FAILS))
    workplace.run()
    text = workplace.config.read_text("utf-8")
    pass_hours(workplace, 25)
    broken = text.replace('password = "', 'password = "not ', 1)
    assert workplace.configure(broken).run().exit_code == 3
    assert watched(workplace) == [READ_FAILS]
    workplace.configure(text).run()
    assert watched(workplace) == []


@pytest.mark.long
def test_watching_takes_no_call_that_is_not_there(workplace: Workplace) -> None:
    workplace.put("a.csv", earned(READ_FAILS))
    workplace.run()
    spent = workplace.config.read_text("utf-8").replace("calls_per_day = 1000", f"calls_per_day = {calls(workplace)}")
    night = workplace.configure(spent).run()
    assert (night.failures, night.exit_code, watched(workplace)) == ((), 0, [READ_FAILS])
    assert any("Under watch: 1 event" in line for line in night.lines)


@pytest.mark.long
@pytest.mark.postgresql
def test_a_second_request_by_a_persons_ruling_is_watched_too(workplace: Workplace) -> None:
    # Somebody's entry that differs in the time alone: a count cannot decide.
    by_hand = {"ClientId": LATE_BY_RULING, "Action": "Earned", "Points": 10, "Source": "Sale"}
    workplace.talk.post_json("/sandbox/desk/transactions", by_hand | {"ActionDateTime": "2026-09-20T09:00:00Z"})
    workplace.put("a.csv", earned(LATE_BY_RULING))
    assert workplace.run().totals["unknown"] == 1
    (event,) = workplace.rows("SELECT event_id FROM events")
    rule_on_event(workplace.settings, event["event_id"], Ruling(State.READY, "Ann", "looked at the desk"))
    assert workplace.run().totals["posted"] == 1
    wait_for_commits(workplace, 3, LATE_BY_RULING)
    workplace.run()
    assert classes(workplace) == ["duplicate_remote", "unexpected_remote"]


def update(reward: str, amount: str) -> str:
    return f"{reward},{PAYOUT},{amount}"


@pytest.mark.long
def test_an_older_update_that_lands_over_a_newer_one_shows_as_a_break(workplace: Workplace) -> None:
    workplace.put("a.csv", update(LATE_REWARD, "11"), headings=UPDATES)
    workplace.run()
    workplace.put("b.csv", update(LATE_REWARD, "12"), headings=UPDATES)
    assert (workplace.run().totals["posted"], classes(workplace)) == (1, [])
    # The first request of the first update, which was sent again since, comes through at last.
    late = {"rewardId": LATE_REWARD, "payoutId": PAYOUT, "amount": 11}
    assert workplace.talk.post_json("/sandbox/desk/rewards", late)[0] == 200
    assert watched(workplace) == [LATE_REWARD]
    workplace.run()
    assert classes(workplace) == ["amount_mismatch"]


@pytest.mark.long
def test_what_was_halved_out_of_a_batch_is_watched(workplace: Workplace) -> None:
    rows = [update(HALVED, "10"), f"{BAD_REWARD},{PAYOUT[:-1]}9,5"]
    workplace.put("a.csv", *rows, headings=UPDATES)
    totals = workplace.run().totals
    assert (totals["posted"], totals["refused"], watched(workplace)) == (1, 1, sorted([HALVED, BAD_REWARD]))
    pass_hours(workplace, 25)
    workplace.run()
    assert watched(workplace) == []


@pytest.mark.long
def test_what_was_set_back_is_read_again_before_another_night_sends_it_again(workplace: Workplace) -> None:
    text = workplace.config.read_text("utf-8")
    # A token, the request, a reading that shows nothing: then the calls of the day are spent.
    workplace.configure(text.replace("calls_per_day = 1000", "calls_per_day = 3"))
    workplace.put("a.csv", earned(LATE))
    assert workplace.run().totals["pending"] == 1
    wait_for_commits(workplace, 1, LATE)
    assert workplace.configure(text).run().totals["posted"] == 1
    assert len(workplace.commits(LATE)) == 1


def test_what_never_landed_is_sent_again_by_another_night(workplace: Workplace) -> None:
    text = workplace.config.read_text("utf-8")
    workplace.configure(text.replace("calls_per_day = 1000", "calls_per_day = 3"))
    workplace.put("a.csv", earned(READ_FAILS))
    assert workplace.run().totals["pending"] == 1
    assert workplace.configure(text).run().totals["posted"] == 1
    assert len(workplace.commits(READ_FAILS)) == 1
