"""A sheet that is sent again with a corrected row is not paid twice: the row waits for a person."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.ledger.connection import open_ledger
from flows.review.replace import replace
from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.workplace import Workplace, earned, open_workplace, redeemed


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--extra-clients", "400")) as found:
        yield found


@pytest.fixture
def clients(request: pytest.FixtureRequest, ready: dict[str, Any]) -> list[str]:
    """Five clients of their own for each test: the sandbox is one for all of them."""
    used = ready.setdefault("used", iter(range(1, 400)))
    return [f"2{next(used):08}" for _ in range(5)]


def sheet(clients: list[str]) -> list[str]:
    return [earned(client, 10 + n, f"2026-09-{20 + n}T17:00:00Z") for n, client in enumerate(clients)]


def held(workplace: Workplace) -> list[dict[str, Any]]:
    return workplace.rows("SELECT event_id, state_reason FROM events WHERE state = 'held' ORDER BY ordinal")


def send_corrected(workplace: Workplace, clients: list[str]) -> str:
    """Post a sheet and send it again with other points of the third client: the id of what is held."""
    rows = sheet(clients)
    workplace.put("march.csv", *rows)
    assert workplace.run().totals["posted"] == 5
    rows[2] = earned(clients[2], 120, "2026-09-22T17:00:00Z")
    workplace.put("march again.csv", *rows)
    second = workplace.run()
    assert (second.totals["held"], second.totals["duplicate"], second.totals["posted"]) == (1, 4, 0)
    (one,) = held(workplace)
    return str(one["event_id"])


@pytest.fixture
def corrected(workplace: Workplace, clients: list[str]) -> str:
    return send_corrected(workplace, clients)


def told(workplace: Workplace, client: str) -> list[tuple[str, int]]:
    return [(line["action"], line["points"]) for line in workplace.commits(client)]


def test_a_corrected_row_is_held_and_takes_the_others_place_on_both_databases(
    tmp_path: Path, ready: dict[str, Any], database_url: str, clients: list[str]
) -> None:
    workplace = open_workplace(tmp_path, ready, database_url=database_url)
    corrected = send_corrected(workplace, clients)
    (one,) = held(workplace)
    assert one["state_reason"] == (
        "looks like row 4 of march.csv, already posted: there it reads Earned 12 points, here Earned 120 points. "
        "Approve it if both are right, discard it to leave it out, or let it take that row's place: "
        f"tieout replace {corrected}"
    )
    with open_ledger(workplace.settings) as ledger:
        replace(workplace.settings, ledger, corrected, "Kim", "a nought was missing")
    assert told(workplace, clients[2]) == [("Earned", 12)]
    run = workplace.run()
    assert told(workplace, clients[2]) == [("Earned", 12), ("Redeemed", 12), ("Earned", 120)]
    assert run.totals["ties_out"]
    assert held(workplace) == []
    workplace.run()
    assert len(workplace.commits(clients[2])) == 3


@pytest.mark.long
def test_approve_posts_both(workplace: Workplace, clients: list[str], corrected: str, tieout: Tieout) -> None:
    assert tieout("approve", corrected, "--by", "Kim").code == 0
    workplace.run()
    assert told(workplace, clients[2]) == [("Earned", 12), ("Earned", 120)]


@pytest.mark.long
def test_discard_leaves_the_new_row_out_for_good(
    workplace: Workplace, clients: list[str], corrected: str, tieout: Tieout
) -> None:
    assert tieout("discard", corrected, "--by", "Kim").code == 0
    rows = sheet(clients)
    rows[2] = earned(clients[2], 120, "2026-09-22T17:00:00Z")
    workplace.put("march once more.csv", *rows, earned(clients[0], 3, "2026-09-28T17:00:00Z"))
    run = workplace.run()
    assert (run.totals["duplicate"], run.totals["held"], run.totals["posted"]) == (5, 0, 1)
    assert told(workplace, clients[2]) == [("Earned", 12)]


@pytest.mark.long
def test_a_correction_of_a_correction_takes_the_place_of_both(
    workplace: Workplace, clients: list[str], corrected: str, tieout: Tieout
) -> None:
    rows = sheet(clients)
    rows[2] = earned(clients[2], 60, "2026-09-22T17:00:00Z")
    workplace.put("march a third time.csv", *rows)
    workplace.run()
    (last,) = [row["event_id"] for row in held(workplace) if row["event_id"] != corrected]
    assert tieout("replace", last, "--by", "Kim", "--reason", "60 it is").code == 0
    workplace.run()
    assert told(workplace, clients[2]) == [("Earned", 12), ("Redeemed", 12), ("Earned", 60)]
    assert held(workplace) == []


@pytest.mark.long
def test_replace_discards_what_was_not_sent(workplace: Workplace, clients: list[str], tieout: Tieout) -> None:
    rows = sheet(clients)
    planned = tieout("plan", workplace.put("../march.csv", *rows), "--json")
    tieout("approve", planned.json["plan_id"], "--by", "Kim")
    rows[2] = earned(clients[2], 120, "2026-09-22T17:00:00Z")
    tieout("plan", workplace.put("../march again.csv", *rows))
    (one,) = held(workplace)
    assert "row 4 of march.csv, not sent yet: there" in one["state_reason"]
    assert tieout("replace", one["event_id"], "--by", "Kim", "--reason", "a slip").code == 0
    workplace.run()
    assert told(workplace, clients[2]) == [("Earned", 120)]


@pytest.mark.long
def test_the_new_row_stays_held_where_what_takes_back_is_refused(
    workplace: Workplace, clients: list[str], corrected: str, tieout: Tieout
) -> None:
    workplace.put("spent.csv", redeemed(clients[2], 12, "2026-10-01T17:00:00Z"))
    workplace.run()
    tieout("replace", corrected, "--by", "Kim", "--reason", "a slip")
    workplace.run()
    assert told(workplace, clients[2]) == [("Earned", 12), ("Redeemed", 12)]
    assert [row["event_id"] for row in held(workplace)] == [corrected]
    listed = tieout("plan")
    assert listed.code == 1
    assert "which takes that back, is refused: replace it again" in listed.out
    workplace.run()
    assert len(workplace.commits(clients[2])) == 2
    assert tieout("approve", corrected, "--by", "Kim").code == 0
    workplace.run()
    assert told(workplace, clients[2])[2:] == [("Earned", 120)]


@pytest.mark.long
def test_a_plan_is_not_approved_together_with_what_looks_like_other_rows(
    workplace: Workplace, clients: list[str], tieout: Tieout
) -> None:
    rows = sheet(clients)
    workplace.put("march.csv", *rows)
    workplace.run()
    rows[2] = earned(clients[2], 120, "2026-09-22T17:00:00Z")
    again = workplace.put("../again.csv", *rows, earned(clients[0], 7, "2026-09-28T17:00:00Z"))
    planned = tieout("plan", again, "--json")
    assert (planned.code, planned.json["new"], planned.json["held"]) == (1, 1, 1)
    plan_id = planned.json["plan_id"]
    assert "1 more look like rows of earlier files" in tieout("approve", plan_id, "--by", "Kim").out
    workplace.run()
    assert told(workplace, clients[2]) == [("Earned", 12)]
    assert told(workplace, clients[0]) == [("Earned", 10), ("Earned", 7)]
    assert tieout("approve", plan_id, "--by", "Kim").code == 2


def test_replace_refuses_what_looks_like_no_other_row(workplace: Workplace, clients: list[str], tieout: Tieout) -> None:
    path = workplace.put("../new.csv", earned(clients[0]))
    tieout("plan", path)
    (one,) = held(workplace)
    refused = tieout("replace", one["event_id"], "--by", "Kim", "--reason", "x")
    assert (refused.code, "looks like no earlier row" in refused.err) == (2, True)


@pytest.mark.long
def test_replace_tells_a_program_what_it_did(workplace: Workplace, corrected: str, tieout: Tieout) -> None:
    done = tieout("replace", corrected, "--by", "Kim", "--reason", "a slip", "--json")
    (replaced,) = done.json["replaces"]
    (offset,) = done.json["offset"]
    assert (done.code, done.json["id"], done.json["discarded"], done.json["released"]) == (0, corrected, [], False)
    assert tieout("replace", corrected, "--by", "Kim", "--reason", "").code == 2
    (listed,) = tieout("plan", "--json").json
    assert (listed["looks_like"], listed["replaces"]) == (replaced, [replaced])
    refused = tieout("approve", corrected, "--by", "Lou")
    assert (refused.code, f"once event {offset} has taken that back" in refused.err) == (2, True)
    assert "one in the place of another" not in tieout("trace", corrected).err
    assert "a person lets one row take another's place: Kim: a slip" in tieout("trace", corrected).out


@pytest.mark.long
def test_what_is_in_doubt_is_waited_for(workplace: Workplace, clients: list[str], tieout: Tieout) -> None:
    rows = sheet(clients)
    workplace.put("march.csv", *rows)
    workplace.run()
    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        # As a process leaves it that died before it knew the answer.
        connection.exec_driver_sql("DROP TRIGGER events_transition_allowed")
        in_doubt = "UPDATE events SET state = 'unknown', settle_at = '2026-01-01 00:00:00.000000' WHERE client_id = ?"
        connection.exec_driver_sql(in_doubt, (clients[2],))
    rows[2] = earned(clients[2], 120, "2026-09-22T17:00:00Z")
    tieout("plan", workplace.put("../march again.csv", *rows))
    (one,) = held(workplace)
    done = tieout("replace", one["event_id"], "--by", "Kim", "--reason", "a slip", "--json")
    assert (done.json["offset"], len(done.json["in_doubt"]), done.json["released"]) == ([], 1, False)
    workplace.run()
    workplace.run()
    assert told(workplace, clients[2]) == [("Earned", 12), ("Redeemed", 12), ("Earned", 120)]


def test_run_holds_rows_whose_source_ids_are_filled_anew(workplace: Workplace, clients: list[str]) -> None:
    workplace.put("march.csv", *sheet(clients))
    workplace.run()
    rows = [row.replace(",Sale,,", f",Sale,{number + 70},") for number, row in enumerate(sheet(clients))]
    workplace.put("april.csv", *rows, earned(clients[0], 3, "2026-09-28T17:00:00Z"))
    second = workplace.run()
    assert (second.totals["held"], second.totals["posted"]) == (5, 1)
    assert "there it reads no source id, here source id 70" in held(workplace)[0]["state_reason"]


def without_times(rows: list[str]) -> list[str]:
    return [row.rpartition(",")[0] + "," for row in rows]


def days_alone(rows: list[str]) -> list[str]:
    return [row.replace("T17:00:00Z", "") for row in rows]


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("first", "again", "reads"),
    [
        (list, without_times, "there it reads Sun 20 Sep 2026, 5:00 pm UTC, here a row without a time"),
        (without_times, list, "there it reads a row without a time, here Sun 20 Sep 2026, 5:00 pm UTC"),
        (list, days_alone, "there it reads Sun 20 Sep 2026, 5:00 pm UTC, here Sun 20 Sep 2026, 12:00 am UTC"),
    ],
    ids=["left out", "filled in", "days alone"],
)
def test_run_holds_the_rows_of_a_sheet_whose_times_are_told_otherwise(
    workplace: Workplace,
    clients: list[str],
    first: Callable[[list[str]], list[str]],
    again: Callable[[list[str]], list[str]],
    reads: str,
) -> None:
    workplace.put("march.csv", *first(sheet(clients)))
    assert workplace.run().totals["posted"] == 5
    workplace.put("march again.csv", *again(sheet(clients)))
    second = workplace.run()
    assert (second.totals["held"], second.totals["posted"]) == (5, 0)
    assert reads in held(workplace)[0]["state_reason"]


@pytest.mark.parametrize("changed", [0, 1], ids=["left out", "filled in"])
def test_run_holds_the_rows_of_a_sheet_whose_times_are_told_otherwise_in_some_rows(
    workplace: Workplace, clients: list[str], changed: int
) -> None:
    later = [earned(client, 30 + n, f"2026-10-{20 + n}T17:00:00Z") for n, client in enumerate(clients)]
    whole = [*sheet(clients), *later]
    some = list(whole)
    some[1::2] = without_times(whole[1::2])
    versions = [whole, some] if changed == 0 else [some, whole]
    workplace.put("march.csv", *versions[0])
    assert workplace.run().totals["posted"] == 10
    workplace.put("march again.csv", *versions[1])
    second = workplace.run()
    assert (second.totals["duplicate"], second.totals["held"], second.totals["posted"]) == (5, 5, 0)
    assert all(len(workplace.commits(client)) == 2 for client in clients)


@pytest.mark.long
def test_plan_tells_what_is_gone_and_what_a_row_may_be_meant_for(
    workplace: Workplace, clients: list[str], tieout: Tieout
) -> None:
    rows = sheet(clients)
    workplace.put("march.csv", *rows)
    workplace.run()
    gone = tieout("plan", workplace.put("../less.csv", *rows[:2], *rows[3:]), "--json")
    assert "a row that march.csv had is not in it any more" in gone.json["notes"][0]
    meant = tieout("plan", workplace.put("../fix.csv", earned(clients[1], 500, "2026-09-21T17:00:00Z")))
    assert "row 2 of fix.csv, is like row 3 of march.csv, already posted, but for one value" in meant.out
