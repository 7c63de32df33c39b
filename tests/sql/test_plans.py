"""What a night, and a question, ask the ledger: no statement walks through what is over, whatever the ledger's age.

Every statement that real nights and commands send is explained by the database itself, with its own parameters, on a
ledger that has many nights behind it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from flows.ledger.connection import open_ledger
from flows.sandbox import start_sandbox
from tests.aged import age
from tests.flows.command import Tieout
from tests.flows.workplace import HEADINGS, Workplace, earned, open_workplace

# Whatever has rows that stay: all but what a person sets up once, and the rows of the file that is being registered.
GROWING = {
    "answers", "attempts", "balance_readings", "batches", "break_decisions", "break_moves", "breaks", "client_balances",
    "closing_lines", "closings", "corrections", "decided_events", "duplicates", "event_decisions", "events", "files",
    "known_rows", "lookalikes", "recoveries", "rejections", "replacements", "reversals", "run_carried", "run_numbers",
    "runs", "settlements", "skipped_rows", "snapshots", "source_id_checks", "transitions",
}  # fmt: skip
# Indexes that hold what is open alone: few rows, however many there are beside them.
OF_WHAT_IS_OPEN = {
    "ix_breaks_not_closed", "ix_breaks_open", "ix_events_held", "ix_events_not_compared", "ix_events_ready",
    "ix_events_refused", "ix_events_to_try_again", "ix_events_under_watch", "ix_runs_unfinished",
    "uq_events_one_in_flight_per_lane",
}  # fmt: skip
# By how a statement begins, with what it walks through, and why that is no walk through what is old.
KNOWN = {
    # It ends at the first row: whether there is any.
    "-- Grain: one row. What the file brings": {"known_rows"},
    # A service tells all rewards in one sweep, so each one is compared: the updates of rewards, and no other event.
    "-- Grain: one row per reward: its last update": {"events"},
    # It ends at the first row, which is the one with the highest number.
    "SELECT closings.closing_id": {"closings"},
    "-- Grain: one row. Who the ledger is": {"attempts", "run_numbers"},
    "SELECT coalesce(max(break_moves.move_id)": {"break_moves"},
    "SELECT snapshots.run_id": {"snapshots"},
    "-- Grain: one row, which is another one as soon as anything was registered": {
        "files",
        "transitions",
        "event_decisions",
    },
    "SELECT event_decisions.hash": {"event_decisions"},
    "SELECT break_decisions.hash": {"break_decisions"},
    # A person takes a file back, whose name and hash may be told by their beginning: of files there are few.
    "-- Files of this name": {"files"},
    # It asks whether rows may be changed, and looks at none.
    "UPDATE runs SET kind = kind WHERE 1 = 0": {"runs"},
    # Doctor alone proves that the decisions of people follow from each other, from the first one on.
    "SELECT break_decisions.decision_id": {"break_decisions"},
    "SELECT event_decisions.decision_id": {"event_decisions"},
    # Of updates of rewards alone, of which there are too few here to tell.
    "-- Values that were accepted once and replaced since": {"events"},
}
# SQLite names what refers to a table that rows are added to. It looks there only where a row was missing that was
# referred to already, and no key of ours may wait for that.
REFERRED_TO = {
    "INSERT INTO events": {"breaks", "known_rows"},
    "INSERT INTO attempts": {"settlements"},
    "INSERT INTO event_decisions": {"replacements"},
}
# SQLite keeps no count of rows and plans the same for any; PostgreSQL goes by how many there are.
EVENTS = {"sqlite": 300, "postgresql": 20_000}
PER_NIGHT = 30
PAYOUT = "35b10000-0000-4000-8000-000000000001"
Found = dict[str, set[str]]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "state.db"
    with start_sandbox(state=state, faults="mb:drop_after/9", options=("--extra-clients", "60")) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any], database_url: str) -> Workplace:
    return open_workplace(tmp_path, ready, database_url=database_url, calls_per_day=1_000_000)


class Plans:
    """Asks for the plan of each statement as it is about to be sent; keeps what it would walk through."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self.walks: Found = {}
        event.listen(Engine, "before_cursor_execute", self._ask)

    def end(self) -> None:
        event.remove(Engine, "before_cursor_execute", self._ask)

    def _ask(
        self, _connection: Any, cursor: Any, statement: str, parameters: Any, _context: Any, is_many: bool
    ) -> None:
        verb = _without_comments(statement).split(maxsplit=1)[0].upper()
        if statement in self.asked or verb not in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}:
            return
        self.asked.add(statement)
        values = parameters[0] if is_many else parameters
        is_sqlite = type(cursor).__module__.startswith("sqlite3")
        walk = _walk_of_sqlite if is_sqlite else _walk_of_postgresql
        if tables := walk(cursor.connection, statement, values) - _known(statement):
            self.walks[statement] = tables


def _without_comments(statement: str) -> str:
    return "\n".join(line for line in statement.splitlines() if not line.startswith("--"))


def _known(statement: str) -> set[str]:
    bare = _without_comments(statement)
    beginnings = {**KNOWN, **REFERRED_TO}
    return {
        table
        for beginning, tables in beginnings.items()
        if statement.startswith(beginning) or bare.startswith(beginning)
        for table in tables
    }


def _walk_of_sqlite(connection: Any, statement: str, values: Any) -> set[str]:
    walked = set()
    aliases = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for _, _, _, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values):
        words = step.split()
        # To look for the least of all without an index is called a search, too.
        is_whole = words[0] == "SCAN" or (words[0] == "SEARCH" and "USING" not in words)
        if not is_whole or (words[-1] in OF_WHAT_IS_OPEN and "INDEX" in words):
            continue
        # A step names a table by its alias where it has one.
        walked.add(words[1] if words[1] in aliases else _table_of_alias(statement, words[1]))
    return walked & GROWING


def _table_of_alias(statement: str, alias: str) -> str:
    words = statement.replace(",", " ").split()
    named = [words[n - 2] for n, word in enumerate(words) if word == alias and n > 1 and words[n - 1] == "AS"]
    return named[0] if named else ""


# To walk through a table is cheaper as long as it is small, and joins that do so with it: what is left of these is what
# there is no other way for, also where it is large.
_AS_IF_LARGE = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")


def _walk_of_postgresql(connection: Any, statement: str, values: Any) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT before_the_plan")
        try:
            for setting in _AS_IF_LARGE:
                cursor.execute(f"SET LOCAL {setting} = off")
            cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", values)
            (plan,) = cursor.fetchone()
        finally:
            cursor.execute("ROLLBACK TO before_the_plan")
    found = plan if isinstance(plan, list) else json.loads(plan)
    return set(_walks_in(found[0]["Plan"])) & GROWING


def _walks_in(node: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Give the tables that a plan reads whole; the end of an index, as far as a limit goes, is no walk."""
    by_index = node["Node Type"] in {"Index Scan", "Index Only Scan"}
    has_bounds = "Index Cond" in node or above == "Limit" or node.get("Index Name") in OF_WHAT_IS_OPEN
    if node["Node Type"] == "Seq Scan" or (by_index and not has_bounds):
        yield node["Relation Name"]
    for below in node.get("Plans", ()):
        yield from _walks_in(below, node["Node Type"])


def put_files(workplace: Workplace, night: int) -> None:
    """Give a night new rows, rows that are known, a wrong one, one that looks like another, and updates of rewards."""
    clients = workplace.ready["mindbody"]["client_ids"][-60:]
    rows = [earned(client_id) for client_id in clients[: 30 + night]]
    changed = earned(clients[40], 11) if night else f"{clients[41]},0,Earned,Sale,,2026-09-20T17:00:00Z"
    workplace.put(f"points{night}.csv", *rows[night:], changed)
    rewards = workplace.ready["referral_rock"]["reward_ids"][:6]
    updates = [f"{reward_id},{PAYOUT},{night + 7}" for reward_id in rewards]
    workplace.put(f"rewards{night}.csv", *updates, headings="RewardId,PayoutId,Amount")


def questions(workplace: Workplace) -> Iterator[tuple[str, ...]]:
    """Give what people and monitors ask for between the nights."""
    client = workplace.ready["mindbody"]["client_ids"][-50]
    planned = workplace.folder / "planned.csv"
    planned.write_text("\n".join((HEADINGS, earned(client, 77))), encoding="utf-8")
    yield ("plan", str(planned))
    (held,) = workplace.rows("SELECT run_id FROM events WHERE state = 'held' AND points = 77")
    yield from (("plan",), ("plan", held["run_id"]), ("breaks", "--open"), ("status",), ("doctor",), ("files",))
    yield from (("trace", "points0.csv::3"), ("trace", client), ("client", client), ("clean",))


def said(walks: Found) -> Sequence[str]:
    return [f"{sorted(tables)}: {' '.join(statement.split())[:160]}" for statement, tables in walks.items()]


def test_neither_a_night_nor_a_question_walks_through_what_is_old(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workplace.run()
    with open_ledger(workplace.settings) as ledger:
        age(ledger, EVENTS["sqlite" if ledger.file else "postgresql"], PER_NIGHT, with_decisions=True)
    desk = {"ClientId": workplace.ready["mindbody"]["client_ids"][-60], "Points": 3, "Action": "Earned"}
    workplace.talk.post_json("/sandbox/desk/transactions", {**desk, "ActionDateTime": "2026-09-20T09:00:00Z"})
    tieout = Tieout(workplace, monkeypatch, capsys)
    plans = Plans()
    try:
        for night in range(2):
            put_files(workplace, night)
            summary = workplace.run()
            assert summary.totals["posted"] > 0
        for words in questions(workplace):
            assert tieout(*words).code in {0, 1}, words
    finally:
        plans.end()
    assert len(plans.asked) > 120
    assert not plans.walks, "\n".join(said(plans.walks))
