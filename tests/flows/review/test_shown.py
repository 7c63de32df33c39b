"""An approval is about what was shown: by the real command, and refused where anything of it changed since."""

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from flows.ledger.connection import open_ledger
from flows.review.decide import approve
from flows.runtime.errors import WrongUsage
from flows.sandbox import start_sandbox
from flows.sandbox.seed import reward_id
from sql.event_decisions import changed_decision
from tests.flows.command import Ended, Tieout
from tests.flows.workplace import Workplace, earned, open_workplace

UPDATES = "RewardId,PayoutId,Amount"
PAYOUT = "35b10000-0000-4000-8000-000000000001"
_next = iter(range(1, 1000))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--extra-clients", "60", "--extra-rewards", "30")) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any], database_url: str) -> Workplace:
    return open_workplace(tmp_path, ready, database_url=database_url)


@pytest.fixture
def client() -> str:
    return str(200_000_000 + next(_next))


def plan(tieout: Tieout, *rows: str, name: str = "plan.csv", by: str = "Ann", **headings: str) -> dict[str, Any]:
    path = tieout.workplace.put(f"../{name}", *rows, **headings)
    planned = tieout("plan", path, "--by", by)
    (code,) = re.findall(r"--seen (\w+)", planned.out)
    (plan_id,) = set(re.findall(r"plan-\w+-\w+", planned.out))
    return {"plan_id": plan_id, "seen": code}


def states(workplace: Workplace) -> set[str]:
    return {row["state"] for row in workplace.rows("SELECT state FROM events")}


def is_refused(ended: Ended, tieout: Tieout, *words: str) -> bool:
    """Whether nothing was approved, and one line says why."""
    assert states(tieout.workplace) <= {"held", "posted", "discarded"}, ended
    assert tieout.workplace.rows("SELECT * FROM event_decisions WHERE verb = 'approve'") == []
    return ended.code == 2 and all(word in ended.err for word in words) and ended.err.count("\n") == 1


@pytest.mark.postgresql
def test_an_approval_keeps_the_fingerprint_of_what_was_shown(tieout: Tieout, client: str) -> None:
    planned = plan(tieout, earned(client))
    shown = tieout("plan", planned["plan_id"], "--json").json
    assert (shown["seen"], shown["held"]) == (planned["seen"], 1)
    assert tieout("approve", planned["plan_id"], "--by", "Ann", "--seen", planned["seen"]).code == 0
    (kept,) = tieout.workplace.rows("SELECT actor, seen FROM event_decisions")
    assert (kept["actor"], kept["seen"][:12]) == ("Ann", planned["seen"])
    with open_ledger(tieout.workplace.settings) as ledger, ledger.begin() as connection:
        assert changed_decision(connection) is None


def test_a_fingerprint_that_is_changed_behind_the_back_breaks_the_chain(tieout: Tieout, client: str) -> None:
    planned = plan(tieout, earned(client))
    tieout("approve", planned["plan_id"])
    with open_ledger(tieout.workplace.settings) as ledger, ledger.begin() as connection:
        # As somebody does who knows the database well.
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE event_decisions DISABLE TRIGGER ALL")
        else:
            connection.exec_driver_sql("DROP TRIGGER event_decisions_no_update")
        connection.exec_driver_sql("UPDATE event_decisions SET seen = NULL")
        assert changed_decision(connection) == 1


def test_a_plan_is_shown_with_its_totals_and_why_it_waits(tieout: Tieout, client: str) -> None:
    planned = plan(tieout, earned(client, 7), earned(client, 8, "2026-09-21T17:00:00Z"))
    told = tieout("plan", planned["plan_id"])
    assert told.code == 1
    assert "2 events held of plan.csv" in told.out
    assert "2 earned of site -99, 15 points" in told.out
    assert "2 wait: planned by Ann" in told.out
    assert f"--seen {planned['seen']}" in told.out


@pytest.mark.long
def test_a_file_that_was_mended_since_is_not_approved_as_it_was(tieout: Tieout, client: str) -> None:
    planned = plan(tieout, earned(client, 7))
    tieout.workplace.put("../plan.csv", earned(client, 8))
    ended = tieout("approve", planned["plan_id"], "--by", "Ann")
    assert is_refused(ended, tieout, "plan.csv was changed since", f"`tieout plan {planned['plan_id']}`")
    assert is_refused(tieout("approve", planned["plan_id"], "--seen", planned["seen"]), tieout, "plan.csv was changed")
    # Shown anew it may be approved all the same: what the ledger has is what is sent.
    tieout("plan", planned["plan_id"], "--by", "Ann")
    assert tieout("approve", planned["plan_id"], "--by", "Ann").code == 0


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("[loader]", "[guards]\nmax_points_per_run = 1\n\n[loader]", "guards", id="guards"),
        pytest.param('times = "utc"', 'times = "site"', "site -99", id="whose clock its times are by"),
        pytest.param('username = "', 'username = "other-', "site -99", id="who posts"),
    ],
)
def test_settings_that_changed_since_refuse(tieout: Tieout, client: str, old: str, new: str, said: str) -> None:
    planned = plan(tieout, earned(client))
    text = tieout.workplace.config.read_text("utf-8")
    tieout.workplace.configure(text.replace(old, new, 1))
    ended = tieout("approve", planned["plan_id"], "--by", "Ann")
    assert is_refused(ended, tieout, "settings changed since", said)
    assert is_refused(tieout("approve", planned["plan_id"], "--seen", planned["seen"]), tieout)


def test_settings_that_do_not_matter_may_change(tieout: Tieout, client: str) -> None:
    planned = plan(tieout, earned(client))
    text = tieout.workplace.config.read_text("utf-8")
    tieout.workplace.configure(text.replace("[loader]", "[loader]\nconcurrency = 3", 1))
    assert tieout("approve", planned["plan_id"], "--seen", planned["seen"]).code == 0


def test_a_reward_that_was_updated_since_is_not_turned_back(tieout: Tieout) -> None:
    reward = reward_id(9 + next(_next) % 30)
    planned = plan(tieout, f"{reward},{PAYOUT},5", headings=UPDATES)
    tieout.workplace.put("newer.csv", f"{reward},{PAYOUT},6", headings=UPDATES)
    assert tieout("run", "--plain", "--json").json["posted"] == 1
    ended = tieout("approve", planned["plan_id"], "--by", "Ann")
    assert is_refused(ended, tieout, "another file has brought the same reward or row for 1 event since")
    assert is_refused(tieout("approve", planned["plan_id"], "--seen", planned["seen"]), tieout)


def test_a_row_without_a_time_that_was_sent_since_is_not_sent_again_unseen(tieout: Tieout, client: str) -> None:
    first = plan(tieout, f"{client},10,Earned,Sale,,", name="first.csv")
    second = plan(tieout, f"{client},10,Earned,Sale,,", earned(client, 3), name="second.csv")
    assert tieout("approve", first["plan_id"], "--by", "Kim").code == 0
    ended = tieout("approve", second["plan_id"], "--by", "Ann")
    assert (ended.code, "another file has brought" in ended.err) == (2, True)


@pytest.mark.long
def test_each_person_approves_what_that_person_saw(tieout: Tieout, client: str) -> None:
    planned = plan(tieout, earned(client))
    tieout.workplace.put("../plan.csv", earned(client, 8))
    tieout("plan", planned["plan_id"], "--by", "Kim")
    # Ann saw it before the file was mended, Kim after.
    assert is_refused(tieout("approve", planned["plan_id"], "--by", "Ann"), tieout, "shown to Ann at")
    assert tieout("approve", planned["plan_id"], "--by", "Kim").code == 0


@pytest.mark.long
def test_less_than_was_shown_may_be_approved_and_a_code_says_all_of_it(tieout: Tieout, client: str) -> None:
    planned = plan(tieout, earned(client, 1), earned(client, 2), earned(client, 3))
    (event_id,) = (row["event_id"] for row in tieout.workplace.rows("SELECT event_id FROM events WHERE points = 2"))
    tieout("discard", event_id)
    ended = tieout("approve", planned["plan_id"], "--seen", planned["seen"])
    assert is_refused(ended, tieout, f"{planned['seen']} is not what stands there now")
    assert tieout("approve", planned["plan_id"], "--json").json["approved"] == 2


def test_a_code_that_is_too_short_or_of_nothing_approves_nothing(tieout: Tieout, client: str) -> None:
    planned = plan(tieout, earned(client))
    for code in ("", planned["seen"][:4], "f" * 12):
        assert is_refused(tieout("approve", planned["plan_id"], "--seen", code), tieout)


def test_what_a_night_held_is_approved_as_its_report_showed_it(tieout: Tieout, client: str) -> None:
    workplace = tieout.workplace
    workplace.configure(workplace.config.read_text("utf-8") + "\n[guards]\nmax_points_per_run = 5\n")
    workplace.put("a.csv", earned(client))
    night = tieout.night()
    workplace.configure(workplace.config.read_text("utf-8").replace("max_points_per_run = 5", "max_new_clients = 0"))
    ended = tieout("approve", night.json["run_id"])
    assert is_refused(ended, tieout, "shown by the report at", "settings changed since: guards")


def test_of_two_who_approve_at_once_one_does(tieout: Tieout, client: str, database_url: str) -> None:
    planned = plan(tieout, earned(client))
    settings = tieout.workplace.settings
    barrier, ended = Barrier(2), []

    def decide(by: str) -> None:
        with open_ledger(settings) as ledger:
            barrier.wait()
            try:
                approve(settings, ledger, planned["plan_id"], by, seen=planned["seen"])
                ended.append("approved")
            except WrongUsage as error:
                ended.append(str(error))

    threads = [Thread(target=decide, args=(by,)) for by in ("Ann", "Kim")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said == "approved" for said in ended) == [False, True]
    assert any("Nothing of" in said and "waits any more" in said for said in ended)
    assert len(tieout.workplace.rows("SELECT * FROM event_decisions")) == 1


def test_a_plan_that_is_not_there_is_no_file_either(tieout: Tieout) -> None:
    ended = tieout("plan", "plan-20260101T000000-abcdef")
    assert (ended.code, "no such file" in ended.err) == (3, True)
