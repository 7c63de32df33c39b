"""The whole machine is put back, or a copy goes on elsewhere: only the service can tell, and is asked."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from tests.flows.command import Command
from tests.flows.workplace import Workplace, earned, open_workplace


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--extra-clients", "200")) as found:
        yield found


@pytest.fixture
def clients(ready: dict[str, Any]) -> list[str]:
    return [ready["mindbody"]["client_ids"].pop() for _ in range(20)]


@pytest.fixture
def machine(tmp_path: Path, ready: dict[str, Any], clients: list[str], tieout: Command) -> Workplace:
    """A workplace after its first night, of which a copy is kept."""
    workplace = open_workplace(tmp_path / "work", ready)
    workplace.put("monday.csv", *map(earned, clients[:5]))
    assert night(workplace, tieout) == 0
    shutil.copytree(workplace.folder, tmp_path / "copy")
    return workplace


def night(workplace: Workplace, tieout: Command) -> int:
    return tieout("run", "--plain", "--config", workplace.config).code


def put_back(workplace: Workplace) -> None:
    """Let the whole folder be as it was on Monday, and Monday be days ago."""
    shutil.rmtree(workplace.folder)
    shutil.copytree(workplace.folder.with_name("copy"), workplace.folder)
    let_days_pass(workplace)


def let_days_pass(workplace: Workplace) -> None:
    change(workplace, "UPDATE runs SET started_at = '2026-09-25 03:00:00', finished_at = '2026-09-25 03:10:00'")


def change(workplace: Workplace, sql: str) -> None:
    with closing(sqlite3.connect(workplace.folder / "tieout.db")) as connection, connection:
        connection.execute(sql)


def enter_by_hand(workplace: Workplace, client_id: str) -> None:
    entry = {"ClientId": client_id, "Action": "Earned", "Points": 10, "Source": "Sale"}
    workplace.talk.post_json("/sandbox/desk/transactions", {**entry, "ActionDateTime": "2026-10-09T17:00:00Z"})


def paid(workplace: Workplace, clients: list[str]) -> Counter[str]:
    return Counter(line["client_id"] for line in workplace.commits(*clients))


@pytest.mark.long
def test_an_overlapping_export_after_a_rollback_is_not_paid_again(
    machine: Workplace, clients: list[str], tieout: Command
) -> None:
    machine.put("tuesday.csv", *map(earned, clients[:12]))
    assert night(machine, tieout) == 0
    put_back(machine)
    machine.put("wednesday.csv", *map(earned, clients))
    for _ in range(2):  # it does not go on by itself the next time
        ended = tieout("run", "--plain", "--config", machine.config)
        assert (ended.code, "has not sent yet" in ended.err, "tieout recover" in ended.err) == (3, True, True)
        assert paid(machine, clients) == Counter(clients[:12])


def test_entries_that_nobody_accounts_for_stop_the_night_before_their_rows_come(
    machine: Workplace, clients: list[str], tieout: Command
) -> None:
    """Nothing that is about to be sent is there yet, and what the forgotten night sent comes with a later export."""
    later = "2026-10-09T17:00:00Z"
    machine.put("tuesday.csv", *(earned(client_id, time=later) for client_id in clients[:5]))
    assert night(machine, tieout) == 0
    put_back(machine)
    machine.put("wednesday.csv", *map(earned, clients[15:]))
    ended = tieout("run", "--plain", "--config", machine.config)
    assert (ended.code, "knows nothing of" in ended.err) == (3, True)
    assert not paid(machine, clients[15:])


def test_a_copy_of_the_ledger_on_another_machine_pays_nothing_again(
    machine: Workplace, clients: list[str], tieout: Command
) -> None:
    """The new machine has the copy and the same export, and no marker, archive or report of the old one."""
    tieout("db", "backup", copy := machine.folder / "copy.db", "--config", machine.config)
    machine.put("tuesday.csv", *map(earned, clients[:12]))
    assert night(machine, tieout) == 0
    other = open_workplace(machine.folder.with_name("other"), machine.ready)
    shutil.copy(copy, other.folder / "tieout.db")
    other.put("tuesday.csv", *map(earned, clients[:12]))
    ended = tieout("run", "--plain", "--json", "--config", other.config)
    assert (ended.code, "has not sent yet" in ended.err, "tieout recover" in ended.err) == (3, True, True)
    assert ended.json["agrees"] is False
    assert paid(machine, clients) == Counter(clients[:12])


def test_a_whole_copy_of_the_ledger_goes_on_elsewhere(machine: Workplace, clients: list[str], tieout: Command) -> None:
    other = open_workplace(machine.folder.with_name("other"), machine.ready)
    tieout("db", "backup", copy := machine.folder / "copy.db", "--config", machine.config)
    shutil.copy(copy, other.folder / "tieout.db")
    other.put("tuesday.csv", *map(earned, clients[:12]))
    assert night(other, tieout) == 0
    other.put("wednesday.csv", *map(earned, clients[:13]))
    ended = tieout("run", "--plain", "--config", other.config)
    assert (ended.code, "looking whether" in ended.err) == (0, False)
    assert paid(machine, clients) == Counter(clients[:13])


def test_one_entry_by_hand_stops_nothing(machine: Workplace, clients: list[str], tieout: Command) -> None:
    enter_by_hand(machine, clients[4])
    let_days_pass(machine)
    machine.put("wednesday.csv", *map(earned, clients[15:]))
    night(machine, tieout)
    assert paid(machine, clients[15:]) == Counter(clients[15:])


@pytest.mark.long
def test_entries_by_hand_that_a_person_has_answered_for_stop_nothing(
    machine: Workplace, clients: list[str], tieout: Command
) -> None:
    for client_id in clients[:5]:
        enter_by_hand(machine, client_id)
    let_days_pass(machine)
    machine.put("wednesday.csv", *map(earned, clients[15:]))
    assert night(machine, tieout) == 3
    since = ("--since", "2026-09-01", "--until", "2026-11-01")
    tieout("reconcile", "--plain", *since, "--config", machine.config)
    for break_id in machine.breaks():
        decision = ("--by", "Ada", "--reason", "entered_by_hand: at the desk", "--config", machine.config)
        assert tieout("breaks", "resolve", break_id, *decision).code == 0
    assert night(machine, tieout) == 0
    assert paid(machine, clients[15:]) == Counter(clients[15:])


@pytest.mark.long
def test_a_night_that_did_not_end_is_followed_by_a_look(
    machine: Workplace, clients: list[str], tieout: Command
) -> None:
    machine.put("tuesday.csv", *map(earned, clients[5:12]))
    assert night(machine, tieout) == 0
    shutil.rmtree(machine.folder)
    shutil.copytree(machine.folder.with_name("copy"), machine.folder)
    change(machine, "UPDATE runs SET finished_at = NULL, summary = NULL")
    machine.put("wednesday.csv", *map(earned, clients[5:]))
    assert night(machine, tieout) == 3
    assert paid(machine, clients) == Counter(clients[:12])


@pytest.mark.long
def test_a_night_after_a_good_one_asks_nobody(machine: Workplace, clients: list[str], tieout: Command) -> None:
    machine.put("tuesday.csv", *map(earned, clients[5:6]))
    assert "as it was" not in tieout("run", "--plain", "--config", machine.config).err
    let_days_pass(machine)
    machine.put("wednesday.csv", *map(earned, clients[6:]))
    before = calls(machine)
    ended = tieout("run", "--plain", "--config", machine.config)
    assert (ended.code, "as it was" in ended.err) == (0, True)
    # A call for each event, one for each client that is read back, and no more than six to look.
    assert calls(machine) - before <= 14 + 14 + 6 + 1


def calls(workplace: Workplace) -> int:
    ((calls_made,),) = [
        tuple(row.values()) for row in workplace.rows("SELECT sum(calls) FROM call_counts WHERE target = 'mindbody'")
    ]
    return int(calls_made)
