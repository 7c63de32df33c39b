"""A ledger that takes no answer any more, while a night posts to two services: the night ends, and nothing goes on."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.workplace import Workplace, earned, open_workplace

REWARDS = "RewardId,PayoutId,Amount"


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with start_sandbox(state=tmp_path / "sandbox.db", options=("--extra-clients", "60")) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any]) -> Workplace:
    return open_workplace(tmp_path, ready)


@pytest.fixture
def tieout(workplace: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tieout:
    return Tieout(workplace, monkeypatch, capsys)


@pytest.fixture
def full_disk() -> Iterator[list[str]]:
    """Let the ledger's file grow no more as the first answers are recorded; give every table that is read since."""
    since: list[str] = []

    def fill(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if "INSERT INTO answers" in statement or since:
            since.append(statement)
            cursor.connection.execute("PRAGMA max_page_count = 1")

    event.listen(Engine, "before_cursor_execute", fill)
    yield since
    event.remove(Engine, "before_cursor_execute", fill)


def states(workplace: Workplace) -> Counter[str]:
    with closing(sqlite3.connect(workplace.folder / "tieout.db")) as ledger:
        return Counter(state for (state,) in ledger.execute("SELECT state FROM events"))


def test_a_full_disk_ends_the_night_and_no_other_place_is_asked(
    workplace: Workplace, tieout: Tieout, full_disk: list[str]
) -> None:
    clients = workplace.ready["mindbody"]["client_ids"][-60:]
    workplace.put("points.csv", *(earned(client_id) for client_id in clients))
    reward_id = workplace.ready["referral_rock"]["reward_ids"][0]
    payout_id = "35b10000-0000-4000-8000-000000000001"
    workplace.put("rewards.csv", f"{reward_id},{payout_id},7", headings=REWARDS)

    full = tieout("run", "--plain", "--json")
    assert full.code == 3
    assert [line for line in full.err.splitlines() if "disk is full" in line] == [full.err.splitlines()[-1]]
    assert "reading back" not in full.err
    assert "Traceback" not in full.err
    sent = Counter(line.get("client_id") for line in workplace.commits())
    # What was sent is known to have been claimed; nothing was sent to the other service, and no report says otherwise.
    assert 0 < sent.total() <= states(workplace)["sending"]
    assert set(sent) <= set(clients)
    assert full_disk
