"""Whatever comes out of the ledger is typed at one door, on both databases: times, days and flags.

SQLite keeps a time as text and a flag as a number. A query that gave them back so would compare well on PostgreSQL, and
end a night on the default database.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.ledger.connection import Ledger, open_ledger
from flows.runs.nightly import nightly
from flows.sandbox import start_sandbox
from sql.queries import _all_queries, rows_query
from tests.flows.workplace import SAMPLES, open_workplace

ROOT = Path(__file__).parents[2]
_USED_PLAINLY = re.compile(r"(?<!rows_)query\(\s*\"(\w+)\"")
_FLAG = ("is_", "was_", "has_", "goes_")
_NAMES = sorted(name for name, sql in _all_queries().items() if re.match(r"(--.*\n)*\s*(SELECT|WITH)", sql))
# Of a table that lives for as long as its transaction, filled before.
_STAGED = ("FROM staged", "JOIN staged", "staged_", "staging")


@pytest.fixture
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """One for each database: what happens once must happen to both."""
    faults = "drop_after=100000006*1,twice=100000002,phantom=100000003,drop_after=100000009*1,read_503=100000009"
    with start_sandbox(state=tmp_path_factory.mktemp("typed") / "sandbox.db", faults=faults) as found:
        yield found


@pytest.fixture
def filled(tmp_path: Path, ready: dict[str, Any], database_url: str) -> Iterator[tuple[Ledger, dict[str, Any]]]:
    """A ledger that a real night has written, and what its rows are called."""
    workplace = open_workplace(tmp_path, ready, database_url=database_url)
    for sample in SAMPLES:
        (workplace.inbox / sample.name).write_bytes(sample.read_bytes())
    summary = nightly(workplace.settings)
    with open_ledger(workplace.settings) as ledger:
        with ledger.begin() as connection:
            one = connection.exec_driver_sql("SELECT event_id, file_id FROM events WHERE state = 'posted'").first()
            broken = connection.exec_driver_sql("SELECT break_id FROM breaks").first()
        assert one is not None
        assert broken is not None
        yield ledger, {"run_id": summary.run_id, "event_id": one.event_id, "break_id": broken.break_id}


def values(known: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Return a value for every parameter, of the kind that its name says."""
    moments = {"since_at": datetime(2020, 1, 1, tzinfo=UTC), "until_at": datetime(2030, 1, 1, tzinfo=UTC)}
    told = {
        "target": "mindbody",
        "site_id": "-99",
        "client_id": "100000002",
        "limit": 50,
        "most": 50,
        "skipped": 0,
        "with_own": 1,
        **moments,
        **known,
    }
    return {name: told.get(name, _by_name(name)) for name in names}


_NUMBERS = {
    "after_id",
    "attempt_id",
    "decision_id",
    "file_id",
    "first_file_id",
    "first_row",
    "last_row",
    "number",
    "points",
    "reward_version",
    "row_number",
    "source_id",
    "user_id",
}


def _by_name(name: str) -> object:
    if name.endswith("_at") or name == "now":
        return datetime(2030, 1, 1, tzinfo=UTC)
    if name.endswith("_on"):
        return date(2026, 1, 1)
    if name == "given":
        return "{}"
    if name.startswith(_FLAG):
        return True
    return 1 if name in _NUMBERS else ""


@pytest.mark.first_case
def test_times_days_and_flags_come_out_typed(filled: tuple[Ledger, dict[str, Any]]) -> None:
    ledger, known = filled
    seen: set[str] = set()
    for name in _NAMES:
        sql = _all_queries()[name]
        if any(word in sql for word in _STAGED):
            continue
        names = sorted(set(re.findall(r"(?<!:):(\w+)", sql)))
        statement = rows_query(name)
        for parameter in (one for one in names if f"IN :{one}" in sql):
            statement = rows_query(name, among=parameter)
        bound = {
            one: [known["event_id"]] if f"IN :{one}" in sql else value for one, value in values(known, names).items()
        }
        with ledger.begin() as connection:
            rows = connection.execute(statement, bound).mappings().all()
        for row in rows:
            seen |= {
                f"{name}.{column}" for column, value in row.items() if value is not None and _is_typed(column, value)
            }
    # The test would say nothing of queries that found nothing.
    assert {"events_of_client.settled_at", "last_updates.settled_at", "doubtful_events.was_answered"} <= seen


def _is_typed(column: str, value: object) -> bool:
    """Fail where a value is not what its name says; return whether its name says anything."""
    if column.endswith("_at"):
        assert isinstance(value, datetime), column
        assert value.tzinfo is not None, column
        return True
    if column.endswith("_on"):
        assert isinstance(value, date), column
        return True
    if column.startswith(_FLAG):
        assert isinstance(value, bool), column
        return True
    return False


def test_nothing_that_is_typed_is_read_past_the_door() -> None:
    plainly = {name for path in (ROOT / "sql").glob("*.py") for name in _USED_PLAINLY.findall(path.read_text("utf-8"))}
    typed = re.compile(r"\b(\w+_at|\w+_on|(?:is|was|has|goes)_\w+)\b")
    told = {name: _result_of(_all_queries()[name]) for name in plainly & set(_NAMES)}
    assert {name: found for name, text in told.items() if (found := typed.findall(text))} == {}


def _result_of(sql: str) -> str:
    """Return what stands between SELECT and FROM, without the comments."""
    plain = re.sub(r"--.*", "", sql)
    inner = re.sub(r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)", "", plain)
    found = re.search(r"SELECT(.*?)\bFROM\b", inner, re.DOTALL)
    return found.group(1) if found else ""
