"""A ledger of any earlier version goes on with this one, with all that is in it; a newer one is left alone."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from flows.ledger.connection import Ledger, connect_ledger
from flows.settings.sections import Settings
from sql.revision import head_revision
from tests.flows.command import Command
from tests.postgresql import PostgresqlServer
from tests.sql.old_ledgers import earlier_revisions, fill, upgrade_to

COUNTS = "SELECT state, count(*) AS events, sum(points) AS points FROM events GROUP BY state ORDER BY state"
OPEN_BREAKS = "SELECT count(*) AS breaks FROM breaks WHERE state = 'open'"
EARLIER = earlier_revisions()
LATER = 40  # events that each later version brought


@pytest.fixture
def tieout(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


class Copies:
    """Copies of a ledger as each version left it, aside from the one that goes on."""

    def __init__(self, folder: Path, url: str, server: PostgresqlServer | None) -> None:
        self.folder, self.url, self._server = folder, url, server
        self._made: list[str] = []

    def take(self, revision: str) -> str:
        """Copy the ledger, which nobody has open, and return the copy's address."""
        name = f"at_{revision}_{uuid4().hex[:8]}"
        if self._server is None:
            copy = self.folder / f"{name}.db"
            shutil.copy(self.url.removeprefix("sqlite:///"), copy)
            return f"sqlite:///{copy}"
        with self._server.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {make_url(self.url).database}".encode())
        self._made.append(name)
        return self._server.url(name)

    def drop(self) -> None:
        for name in self._made:
            assert self._server is not None
            with self._server.connect() as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        self._made = []


@pytest.fixture
def copies(request: pytest.FixtureRequest, bare_database_url: str, tmp_path: Path) -> Iterator[Copies]:
    is_file = bare_database_url.startswith("sqlite")
    made = Copies(tmp_path, bare_database_url, None if is_file else request.getfixturevalue("postgresql"))
    yield made
    made.drop()


def settings_of(url: str, folder: Path) -> Settings:
    return Settings(database_url=SecretStr(url), workspace=folder)


def asked(ledger: Ledger, sql: str) -> list[dict[str, Any]]:
    with ledger.begin() as connection:
        return [dict(row) for row in connection.execute(text(sql)).mappings()]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("events_count", "revisions"),
    [
        pytest.param(400, [EARLIER[0], EARLIER[-1]], id="first_and_last"),
        pytest.param(100_000, EARLIER, marks=pytest.mark.long, id="all"),
    ],
)
def test_a_filled_ledger_of_an_earlier_version_goes_on(
    copies: Copies, tieout: Command, tmp_path: Path, events_count: int, revisions: list[str]
) -> None:
    first = 0
    for revision in revisions:
        with connect_ledger(settings_of(copies.url, tmp_path)) as ledger:
            upgrade_to(ledger, revision)
            fill(ledger, f"nightly-{revision}", LATER if first else events_count, first)
            before = asked(ledger, COUNTS), asked(ledger, OPEN_BREAKS)
        first += events_count
        check_upgrade(copies, tieout, revision, before)
        copies.drop()


def check_upgrade(copies: Copies, tieout: Command, revision: str, before: tuple[Any, Any]) -> None:
    """Bring a copy up by the command, and find all that was there."""
    url = copies.take(revision)
    folder = copies.folder / revision
    folder.mkdir()
    config = folder / "tieout.toml"
    config.write_text(f'database_url = "{url}"\n')
    refused = tieout("status", "--config", config)
    assert (refused.code, f"at migration {revision}" in refused.err) == (3, True), refused
    upgraded = tieout("db", "upgrade", "--config", config)
    assert (upgraded.code, head_revision() in upgraded.out) == (0, True), upgraded
    told = tieout("status", "--json", "--config", config).json
    held = next(row["events"] for row in before[0] if row["state"] == "held")
    assert (told["waits"]["held"], told["waits"]["breaks_open"]) == (held, before[1][0]["breaks"])
    with connect_ledger(settings_of(url, folder)) as ledger:
        assert (asked(ledger, COUNTS), asked(ledger, OPEN_BREAKS)) == before
        with pytest.raises(DBAPIError, match="transition not allowed"), ledger.begin() as connection:
            connection.execute(text("UPDATE events SET state = 'ready' WHERE state = 'posted'"))


NEWER = "9999"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        pytest.param(("status",), 3, id="status"),
        pytest.param(("run", "--plain"), 3, id="run"),
        pytest.param(("recover",), 3, id="recover"),
        pytest.param(("db", "upgrade"), 3, id="upgrade"),
        pytest.param(("doctor",), 2, id="doctor"),  # these settings name no service
    ],
)
def test_a_newer_ledger_is_refused_and_left_as_it_is(
    ledger: Ledger, ledger_settings: Settings, tieout: Command, command: tuple[str, ...], code: int
) -> None:
    with ledger.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :newer"), {"newer": NEWER})
    config = ledger_settings.root / "tieout.toml"
    config.write_text(f'database_url = "{ledger_settings.ledger_url}"\n')
    ended = tieout(*command, "--config", config)
    said = ended.out + ended.err
    assert (ended.code, f"at migration {NEWER}" in said, "a newer tieout" in said) == (code, True, True), ended
    assert ("Traceback" in ended.err, "tieout db upgrade" in said) == (False, False)
    assert asked(ledger, "SELECT version_num FROM alembic_version") == [{"version_num": NEWER}]


@pytest.fixture
def bare_ledger(bare_settings: Settings) -> Iterator[Ledger]:
    with connect_ledger(bare_settings) as ledger:
        yield ledger


SENTENCES = {
    "planned by Kim": "plan",
    "planned again by Kim": "plan",
    "more points than guards.max_points_per_event (5,000)": "limit",
    "no date, and another file has an equal row without one": None,
}
REWORD = "UPDATE events SET state_reason = :reason WHERE event_id = :event_id"
DROP = "UPDATE events SET state = 'discarded', state_run_id = run_id, state_reason = :reason WHERE event_id = :event_id"


def test_what_events_wait_for_is_told_from_their_sentences_once(bare_ledger: Ledger) -> None:
    ledger = bare_ledger
    upgrade_to(ledger, "0034")
    fill(ledger, "first", 200)
    expected: dict[str, str | None] = {}
    with ledger.begin() as connection:
        held = connection.execute(text("SELECT event_id FROM events WHERE state = 'held' ORDER BY event_id")).scalars()
        event_ids = iter(held.all())
        for reason, held_for in SENTENCES.items():
            waiting, dropped = next(event_ids), next(event_ids)
            connection.execute(text(REWORD), {"reason": reason, "event_id": waiting})
            own = "" if held_for == "plan" else f"; it had waited: {reason}"
            connection.execute(text(DROP), {"reason": f"discarded with first by Kim{own}", "event_id": dropped})
            expected |= {waiting: held_for, dropped: held_for}
    upgrade_to(ledger, "0035")
    with ledger.begin() as connection:
        found = connection.execute(text("SELECT event_id, held_for FROM events WHERE state IN ('held', 'discarded')"))
        told = {row.event_id: row.held_for for row in found}
    assert {event_id: told[event_id] for event_id in expected} == expected


OWN = "no date, and another file has an equal row without one"
_AT = "'2026-01-01 00:00:00'"
OF_0035 = f"""
INSERT INTO duplicates (file_id, ordinal, sheet, row_number, event_id, reason) VALUES
(1, 1, NULL, 2, :posted, 'bears its receipt; refused on 2026-01-01 because no: tieout retry e'),
(1, 2, NULL, 3, :posted, 'already in the ledger');
INSERT INTO settlements (event_id, run_id, at, attempt_id, decided, evidence) VALUES
(:posted, 'first', {_AT}, 1, 'unknown', :read), (:posted, 'first', {_AT}, 1, 'posted', :ruled);
INSERT INTO sign_in_failures (name_digest, address, failed_at) VALUES
('a', 'browser 0123', {_AT}), ('a', '10.0.0.1', {_AT});
INSERT INTO break_decisions (break_id, at, actor, verb, reason, reason_code, previous_hash, hash) VALUES
('first-0', {_AT}, 'Kim', 'acknowledge', 'timing: soon', 'timing', '', 'x');
UPDATE breaks SET reason = 'timing: soon' WHERE break_id = 'first-0';
UPDATE breaks SET reason = 'mistake: of a version without codes' WHERE break_id = 'first-2'
"""  # noqa: S608 - words of this test
# A reading whose value says what a ruling has for a key, and one that quotes it.
READ = '{"differing": ["ruled_by"], "updateDate": "ruled_by", "failure": "\\"ruled_by\\": x"}'
RULED = '{"ruled_by": "Kim", "reason": "seen"}'


def test_what_was_told_apart_by_sentences_is_told_from_them_once(bare_ledger: Ledger) -> None:
    ledger = bare_ledger
    upgrade_to(ledger, "0035")
    fill(ledger, "first", 200)
    with ledger.begin() as connection:
        held = connection.execute(text("SELECT event_id FROM events WHERE state = 'held' ORDER BY event_id")).scalars()
        dropped, of_plan, *_ = held.all()
        said = f"discarded with first by Kim: not today; it had waited: {OWN}"
        connection.execute(text(DROP), {"reason": said, "event_id": dropped})
        connection.execute(text("UPDATE events SET held_for = 'plan' WHERE event_id = :of"), {"of": of_plan})
        connection.execute(text(DROP), {"reason": said, "event_id": of_plan})
        posted = connection.execute(text("SELECT event_id FROM attempts WHERE attempt_id = 1")).scalar_one()
        for statement in OF_0035.split(";\n"):
            values = {"posted": posted, "read": READ, "ruled": RULED}
            asked_for = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(text(statement), asked_for)
    upgrade_to(ledger, "0036")
    with ledger.begin() as connection:
        told = connection.execute(text("SELECT event_id, own_reason FROM events WHERE own_reason IS NOT NULL")).all()
        assert [tuple(row) for row in told] == [(dropped, OWN)]
        by_receipt = connection.execute(text("SELECT by_receipt FROM duplicates ORDER BY ordinal")).scalars().all()
        assert list(map(bool, by_receipt)) == [True, False]
        ruled = connection.execute(text("SELECT ruled_by FROM settlements ORDER BY settlement_id")).scalars().all()
        assert ruled == [None, "Kim"]
        known = connection.execute(text("SELECT is_known_browser FROM sign_in_failures ORDER BY failure_id")).scalars()
        assert list(map(bool, known)) == [True, False]
        codes = connection.execute(text("SELECT break_id, reason_code FROM breaks WHERE reason_code IS NOT NULL"))
        assert {row.break_id: row.reason_code for row in codes} == {"first-0": "timing", "first-2": "other"}
    for statement in ("UPDATE settlements SET ruled_by = 'Lee'", "UPDATE duplicates SET by_receipt = true"):
        with pytest.raises(DBAPIError, match="append-only"), ledger.begin() as connection:
            connection.execute(text(statement))
