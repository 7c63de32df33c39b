"""A ledger that takes no answer any more, while a night posts to several sites: it ends at all of them."""

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
from tests.flows.workplace import PASSWORD, Workplace, earned, further_sites

FURTHER = ("1001", "1002")


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with start_sandbox(state=tmp_path / "sandbox.db", options=("--extra-clients", "60", "--more-sites", "2")) as found:
        yield found


class FullDisk:
    """Lets the ledger's file grow no more as the first answers are recorded, until it is emptied."""

    def __init__(self) -> None:
        self.is_full = False
        event.listen(Engine, "before_cursor_execute", self._fill)

    def _fill(self, _connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if "INSERT INTO answers" in statement or self.is_full:
            self.is_full = True
            cursor.connection.execute("PRAGMA max_page_count = 1")

    def end(self) -> None:
        """Let it grow again."""
        event.remove(Engine, "before_cursor_execute", self._fill)


def states(workplace: Workplace) -> Counter[str]:
    with closing(sqlite3.connect(workplace.folder / "tieout.db")) as ledger:
        return Counter(state for (state,) in ledger.execute("SELECT state FROM events"))


def test_a_full_disk_ends_the_night_at_all_places_and_the_next_pays_nobody_twice(
    workplace: Workplace, tieout: Tieout
) -> None:
    text = (
        workplace.configure(key_pace=100)
        .config.read_text("utf-8")
        .replace("timeout_seconds = 5", "timeout_seconds = 1")
    )
    workplace.configure(text + further_sites(dict.fromkeys(FURTHER, PASSWORD)))
    clients = workplace.ready["mindbody"]["client_ids"][-60:]
    for site_id in ("-99", *FURTHER):
        workplace.put(f"{site_id}/points.csv", *(earned(client_id) for client_id in clients))

    disk = FullDisk()
    try:
        full = tieout("run", "--plain", "--json")
    finally:
        disk.end()
    assert full.code == 3
    assert [line for line in full.err.splitlines() if "disk is full" in line] == [full.err.splitlines()[-1]]
    assert "reading back" not in full.err
    assert "Traceback" not in full.err
    sent, found = workplace.commits(), states(workplace)
    assert 0 < len(sent) < len(clients) * (1 + len(FURTHER))
    # Whatever was sent is known to have been claimed.
    assert len(sent) <= found["sending"] + found["unknown"] + found["posted"]

    for _ in range(5):
        tieout("run", "--plain", "--json")
        if set(states(workplace)) == {"posted"}:
            break
    paid = Counter((line["site_id"], line["client_id"]) for line in workplace.commits())
    assert paid == Counter((site_id, client_id) for site_id in ("-99", *FURTHER) for client_id in clients)
