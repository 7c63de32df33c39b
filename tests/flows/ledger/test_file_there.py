"""The ledger's file is removed, replaced or moved while a run posts: it stops, and nothing is paid twice later."""

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.ledger.connection import Ledger, connect_ledger, open_ledger
from flows.runtime.errors import WrongLedger
from flows.sandbox import start_sandbox
from tests.flows.eventually import eventually
from tests.flows.workplace import Workplace, earned, open_workplace

EVENTS = 60


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A service that takes half a second for each answer."""
    state = tmp_path_factory.mktemp("slow") / "sandbox.db"
    with start_sandbox(state=state, faults="mb:slow~0.5", options=("--extra-clients", str(9 * EVENTS))) as found:
        yield found


@pytest.fixture
def at_work(tmp_path: Path, slow: dict[str, Any]) -> Workplace:
    """A workplace with a file of one event a client, none of whom another test has."""
    clients = [slow["mindbody"]["client_ids"].pop() for _ in range(EVENTS)]
    workplace = open_workplace(tmp_path / "work", slow)
    with workplace.config.open("a") as config:
        config.write("\n[backups]\nkeep = 1\n")
    text = workplace.config.read_text().replace("[loader]\n", "[loader]\nconcurrency = 4\n")
    workplace.config.write_text(text)
    workplace.put("export.csv", *map(earned, clients))
    return workplace


def start_night(workplace: Workplace) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "flows.cli", "run", "--plain", "--config", str(workplace.config)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603


def paid(workplace: Workplace, clients: set[str]) -> Counter[str]:
    return Counter(line["client_id"] for line in workplace.commits() if line.get("client_id") in clients)


def unlink(ledger: Path) -> None:
    ledger.unlink()


def replace_by_a_new_one(ledger: Path) -> None:
    ledger.unlink()
    ledger.write_bytes(b"")


def replace_by_a_copy(ledger: Path) -> None:
    shutil.copy(ledger, ledger.with_name("copy.db"))
    ledger.with_name("copy.db").replace(ledger)


def remove_what_is_beside(ledger: Path) -> None:
    ledger.with_name(ledger.name + "-wal").unlink()


REMOVALS = [
    unlink,
    pytest.param(replace_by_a_new_one, marks=pytest.mark.long),
    pytest.param(replace_by_a_copy, marks=pytest.mark.long),
    pytest.param(remove_what_is_beside, marks=pytest.mark.long),
]


@pytest.mark.parametrize("remove", REMOVALS)
def test_a_run_stops_where_its_ledger_is_no_longer_there(at_work: Workplace, remove: Callable[[Path], None]) -> None:
    export = (at_work.inbox / "export.csv").read_text()
    clients = {line.partition(",")[0] for line in export.splitlines()[1:]}
    with start_night(at_work) as first:
        eventually(lambda: len(paid(at_work, clients)) >= 4)
        remove(at_work.folder / "tieout.db")
        _, said = first.communicate(timeout=120)
    assert first.returncode == 3, said
    assert "was removed, replaced or moved" in said
    assert "Traceback" not in said
    # It stopped at once: what had left before is all there is.
    sent = paid(at_work, clients)
    assert len(sent) < EVENTS
    # The same rows come again, in another file; whatever the next night makes of it, nobody is paid twice.
    at_work.put("overlapping.csv", *export.splitlines()[1:], "1,0,Earned,,,")
    with start_night(at_work) as second:
        _, said = second.communicate(timeout=120)
    assert max(paid(at_work, clients).values()) == 1
    assert "Traceback" not in said
    if remove is unlink:
        assert (second.returncode, paid(at_work, clients)) == (3, sent)
    else:
        # SQLite finds what was committed beside the file, or the run put it into it as it ended: the night goes on.
        assert second.returncode in {0, 1, 3}


@pytest.mark.long
def test_a_run_stops_where_its_workspace_is_moved(at_work: Workplace) -> None:
    clients = {line.partition(",")[0] for line in (at_work.inbox / "export.csv").read_text().splitlines()[1:]}
    with start_night(at_work) as first:
        eventually(lambda: len(paid(at_work, clients)) >= 4)
        moved = at_work.folder.rename(at_work.folder.with_name("moved"))
        _, said = first.communicate(timeout=120)
    assert first.returncode == 3, said
    again = Workplace(moved, at_work.ready)
    # What was claimed as the folder went away is in doubt until it is read back, and goes out in the night after.
    for _ in range(3):
        with start_night(again) as later:
            _, said = later.communicate(timeout=240)
        assert later.returncode in {0, 1}, said
        if len(paid(again, clients)) == len(clients):
            break
    assert paid(again, clients) == Counter(dict.fromkeys(clients, 1))


def test_a_ledger_that_is_replaced_between_opening_and_use_is_refused(tmp_path: Path) -> None:
    workplace = open_workplace(tmp_path, {"url": "http://127.0.0.1:1", **NO_SERVICE})
    with open_ledger(workplace.settings) as ledger:
        replace_by_a_copy(tmp_path / "tieout.db")
        with pytest.raises(WrongLedger, match="replaced"), ledger.begin():
            pass


def test_a_ledger_stays_open_while_another_process_opens_and_closes_it(tmp_path: Path) -> None:
    workplace = open_workplace(tmp_path, {"url": "http://127.0.0.1:1", **NO_SERVICE})
    with open_ledger(workplace.settings) as ledger:
        for _ in range(3):
            with connect_ledger(workplace.settings) as other, other.begin():
                pass
            with ledger.begin():
                pass


def test_a_ledger_whose_only_connection_was_given_up_goes_on(tmp_path: Path) -> None:
    """SQLite clears away what is beside the file with the last connection; the next one makes it anew."""
    workplace = open_workplace(tmp_path, {"url": "http://127.0.0.1:1", **NO_SERVICE})
    with open_ledger(workplace.settings) as ledger:
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                give_up(ledger)
            with ledger.begin():
                pass


def give_up(ledger: Ledger) -> None:
    with ledger.begin() as connection:
        connection.invalidate()
        raise KeyboardInterrupt


NO_SERVICE = {
    "mindbody": {"api_key": "k", "site_id": "-99", "timezone": "UTC", "username": "u", "password": "p"},
    "referral_rock": {"public_key": "a", "private_key": "b"},
}
