"""Old attempts that leave the ledger for files: told as before, kept to account, and never lost by a crash."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from flows.ledger.connection import Ledger, open_ledger
from flows.ledger.old_attempts import move_old
from flows.runtime.clock import clock_set_to, utc_now
from flows.sandbox import start_sandbox
from sql.tables import metadata
from tests.flows.command import Tieout
from tests.flows.workplace import Workplace, earned, open_workplace
from tests.prove.command import Trouble, run_to_end

# A client with a lost answer, one whom nobody knows, one with somebody else's entry, and two without any trouble.
LOST, UNKNOWN, BY_HAND, FIRST, SECOND = "200000001", "299999999", "200000003", "200000004", "200000005"
POSTED_ONCE = (FIRST, SECOND)
NIGHTS = 3
# Of the two without any trouble all but the last, and of the lost one the second: each client's last stays.
LEAVING = len(POSTED_ONCE) * (NIGHTS - 1) + 1


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    options = ("--extra-clients", "10")
    with start_sandbox(faults=f"mb:drop_after={LOST}*1", options=options) as found:
        yield found


@pytest.fixture
def tieout(workplace: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tieout:
    return Tieout(workplace, monkeypatch, capsys)


def row(client_id: str, number: int) -> str:
    return earned(client_id, 10 + number, f"2026-09-{20 + number}T17:00:00Z")


def live(workplace: Workplace, days_ago: int) -> None:
    """Let nights pass, so long ago and later, each with an event of every client."""
    for number in range(NIGHTS):
        workplace.put(f"night{number}.csv", *(row(client, number) for client in (LOST, UNKNOWN, BY_HAND, *POSTED_ONCE)))
        if number == 1:
            entry = {"ClientId": BY_HAND, "Points": 1, "Action": "Earned", "ActionDateTime": "2026-09-21T09:00:00Z"}
            workplace.talk.post_json("/sandbox/desk/transactions", entry)
        with clock_set_to(utc_now() - timedelta(days=days_ago and days_ago - number)):
            workplace.run()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, ready: dict[str, Any]) -> Workplace:
    workplace = open_workplace(tmp_path_factory.mktemp("lived"), ready)
    live(workplace, days_ago=40)
    return workplace


@pytest.fixture
def workplace(tmp_path: Path, lived: Workplace) -> Workplace:
    """A workspace of its own that has seen the same nights."""
    shutil.copytree(lived.folder, tmp_path, dirs_exist_ok=True)
    return replace(lived, folder=tmp_path)


def today() -> str:
    return f"{utc_now():%Y-%m-%d}"


def event_ids(workplace: Workplace) -> list[str]:
    return [row["event_id"] for row in workplace.rows("SELECT event_id FROM events ORDER BY event_id")]


def stories(tieout: Tieout, ids: list[str]) -> list[str]:
    return [tieout("trace", event_id).out for event_id in ids]


def left(workplace: Workplace) -> dict[str, int]:
    """Return how many rows of each kind the ledger still has."""
    names = ("attempts", "answers", "transitions", "events")
    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        counts = [connection.execute(select(func.count()).select_from(metadata.tables[name])) for name in names]
        return {name: int(count.scalar_one()) for name, count in zip(names, counts, strict=True)}


def test_what_leaves_the_ledger_is_told_as_before_and_not_paid_again(workplace: Workplace, tieout: Tieout) -> None:
    ids, before = event_ids(workplace), left(workplace)
    told, breaks = stories(tieout, ids), tieout("breaks").out
    asked = tieout("db", "archive", "--before", today(), answer="n\n")
    assert f"{LEAVING} attempts of events that are over for good" in asked.out
    assert left(workplace) == before

    assert tieout("db", "archive", "--before", today(), "--by", "Ann", "--yes").code == 0
    assert_left(workplace, before)
    assert stories(tieout, ids) == told
    assert tieout("breaks").out == breaks
    assert f"{LEAVING} attempts lie in" in tieout("doctor").out
    assert tieout("db", "archive", "--before", today(), "--yes").out.startswith("Nothing")

    sent = len(workplace.commits())
    workplace.put("again.csv", *(row(client_id, number) for client_id in POSTED_ONCE for number in range(NIGHTS)))
    ended = tieout("run", "--plain", "--json")
    assert (ended.json["duplicate"], ended.json["accepted"], ended.json["ties_out"]) == (6, 0, True)
    assert len(workplace.commits()) == sent


def assert_left(workplace: Workplace, before: dict[str, int]) -> None:
    """Each attempt left with its answer and its two moves, and no event."""
    gone = {"attempts": LEAVING, "answers": LEAVING, "transitions": 2 * LEAVING, "events": 0}
    assert left(workplace) == {table: count - gone[table] for table, count in before.items()}


@pytest.mark.long
def test_the_same_on_both_databases(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with start_sandbox(faults=f"mb:drop_after={LOST}*1", options=("--extra-clients", "10")) as own:
        workplace = open_workplace(tmp_path, own, database_url=database_url)
        live(workplace, days_ago=0)
        tieout = Tieout(workplace, monkeypatch, capsys)
        ids, before = event_ids(workplace), left(workplace)
        told = stories(tieout, ids)
        # A day that is not over is refused by the command: the nights of a shared ledger go by its own clock.
        with open_ledger(workplace.settings) as ledger:
            assert len(list(move_old(workplace.settings, ledger, utc_now(), by="Ann"))) == 1
        assert_left(workplace, before)
        assert stories(tieout, ids) == told
        with open_ledger(workplace.settings) as ledger, pytest.raises(DBAPIError, match="append-only"):
            delete(ledger, "attempts")


def delete(ledger: Ledger, table: str) -> None:
    with ledger.begin() as connection:
        connection.execute(metadata.tables[table].delete())


# Of 43 steps: the file is written, it has its name, its rows are deleted and not committed, all is committed.
@pytest.mark.first_case
@pytest.mark.first_case
@pytest.mark.parametrize("step", [30, 38, *(pytest.param(step, marks=pytest.mark.long) for step in (26, 28, 34, 41))])
def test_a_crash_on_the_way_loses_nothing(workplace: Workplace, tieout: Tieout, step: int) -> None:
    ids = event_ids(workplace)
    told = stories(tieout, ids)
    words = ("db", "archive", "--before", today(), "--yes")
    assert run_to_end(workplace.config, Trouble(die_at_step=step), words) == -9
    assert stories(tieout, ids) == told
    assert run_to_end(workplace.config, words=words) == 0
    assert stories(tieout, ids) == told
    assert list(workplace.settings.old_attempts_folder.glob("*.parquet"))


def test_a_file_that_is_gone_or_changed_is_named(workplace: Workplace, tieout: Tieout) -> None:
    tieout("db", "archive", "--before", today(), "--yes")
    (file,) = workplace.settings.old_attempts_folder.glob("*.parquet")
    content = file.read_bytes()
    first, *_ = [row for row in workplace.rows("SELECT * FROM events ORDER BY attempt_id") if row["client_id"] == FIRST]
    file.write_bytes(content[:-1] + b"?")
    assert "has changed since it was written" in tieout("trace", first["event_id"]).err
    file.unlink()
    ended = tieout("trace", first["event_id"])
    assert (ended.code, "which is not there: put it back" in ended.err) == (3, True)
    assert "1 of 1 files" in tieout("doctor").out
    file.write_bytes(content)
    assert tieout("trace", first["event_id"]).code == 0


@pytest.mark.long
@pytest.mark.parametrize("table", ["attempts", "answers", "transitions", "attempt_archives"])
def test_nothing_else_can_be_deleted(workplace: Workplace, tieout: Tieout, table: str) -> None:
    tieout("db", "archive", "--before", today(), "--yes")
    with open_ledger(workplace.settings) as ledger, pytest.raises(DBAPIError, match="append-only"):
        delete(ledger, table)


def test_a_day_that_is_not_over_is_refused(workplace: Workplace, tieout: Tieout) -> None:
    tomorrow = f"{utc_now() + timedelta(days=1):%Y-%m-%d}"
    ended = tieout("db", "archive", "--before", tomorrow, "--yes")
    assert (ended.code, "lies in the future" in ended.err) == (2, True)
