"""What the doctor finds, with a real ledger, a real sandbox, and each thing wrong in turn."""

import json
import logging
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fsspec import filesystem
from sqlalchemy import text

from flows.doctor import examine
from flows.doctor.diagnosis import Diagnosis, Health, worst_exit_code
from flows.doctor.zones import compare_zones
from flows.ledger.connection import open_ledger
from flows.orchestration.service_errors import hearing_errors
from flows.runtime.clock import utc_now
from flows.runtime.errors import ExitCode
from flows.sandbox import start_sandbox
from flows.status.schedule import Schedule, keep_schedule
from sql.break_decisions import Verb, decide
from sql.breaks import update_breaks
from sql.budget import take_calls
from sql.claims import claim, ready_heads
from sql.runs import start_run
from tests.flows.workplace import Workplace, open_workplace
from tests.registered import EARN, add_events, add_run
from transforms.vocabulary import ReasonCode, Target

Examined = Callable[..., dict[str, Diagnosis]]


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, Any]]:
    with start_sandbox() as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Workplace:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "no prefect"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    workplace = open_workplace(tmp_path, ready)
    open_ledger(workplace.settings).close()
    return workplace


def found(workplace: Workplace) -> dict[str, Diagnosis]:
    """Return what is not well, by name."""
    return {finding.name: finding for finding in examine(workplace.config) if finding.health is not Health.OK}


def test_examine_finds_nothing_wrong_where_all_is_well(workplace: Workplace) -> None:
    findings = examine(workplace.config)
    assert (found(workplace), worst_exit_code(findings)) == ({}, ExitCode.TIES_OUT)
    names = ["settings", "ledger", "migrations", "decisions", "inbox", "archive", "reports", "Mindbody"]
    names += [
        "Mindbody clock",
        "Mindbody site -99",
        "Mindbody site -99 zone",
        "Referral Rock",
        "Referral Rock clock",
        "Referral Rock keys",
    ]
    assert [finding.name for finding in findings] == [*names, "Prefect", "nights", "calls"]


def test_examine_counts_the_calls_that_it_makes(workplace: Workplace) -> None:
    examine(workplace.config)
    rows = workplace.rows("SELECT target, sum(calls) AS calls FROM call_counts GROUP BY target")
    calls = {row["target"]: row["calls"] for row in rows}
    assert calls == {"mindbody": 2, "referral_rock": 1}


def test_examine_makes_no_ledger_and_no_folder(tmp_path: Path, ready: dict[str, Any]) -> None:
    workplace = open_workplace(tmp_path, ready)
    (tmp_path / "tieout.db").unlink()
    findings = examine(workplace.config)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inbox", "tieout.toml"]
    (site,) = [finding for finding in findings if finding.name == "Mindbody site -99"]
    assert (site.health, "not counted" in site.message) == (Health.OK, True)


def test_examine_of_settings_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "tieout.toml").write_text("[loader]\nconcurency = 1\n")
    findings = examine(tmp_path / "tieout.toml")
    assert (worst_exit_code(findings), "loader.concurency" in findings[0].message) == (ExitCode.WRONG_USAGE, True)


WRONG_SETTINGS = [
    pytest.param("", "No service is configured", id="nothing"),
    pytest.param('[[mindbody.sites]]\nsite_id="1"\ntimezone="UTC"\nusername="u"\npassword="p"', "api_key", id="no key"),
    pytest.param('[referral_rock]\npublic_key = "k"', "private_key", id="half a pair of keys"),
    pytest.param('[inbox]\nurl = "nowhere://bucket/in"', "nowhere://bucket", id="an inbox that nothing opens"),
    pytest.param('database_url = "oracle://x"', "database_url", id="another database"),
]


@pytest.mark.parametrize(("text_", "said"), WRONG_SETTINGS)
def test_examine_exits_2_where_the_settings_are_wrong(workplace: Workplace, text_: str, said: str) -> None:
    workplace.configure(text_ or "# nothing")
    findings = examine(workplace.config)
    assert worst_exit_code(findings) is ExitCode.WRONG_USAGE
    assert any(said in finding.message for finding in findings if finding.exit_code is ExitCode.WRONG_USAGE)


def test_examine_names_a_variable_that_nobody_reads(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_LODER__MAX_TRIES", "3")
    finding = found(workplace)["settings"]
    assert (finding.health, finding.mend) == (Health.WARN, "Did you mean TIEOUT_LOADER?")


@pytest.mark.parametrize(
    ("section", "name"),
    [pytest.param("mindbody", "Mindbody site -99", id="mindbody"), pytest.param("referral_rock", "Referral Rock keys")],
)
def test_examine_finds_credentials_that_are_refused_and_shows_none(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch, section: str, name: str
) -> None:
    key = {"mindbody": "API_KEY", "referral_rock": "PRIVATE_KEY"}[section]
    monkeypatch.setenv(f"TIEOUT_{section.upper()}__{key}", "hush-hush")
    finding = found(workplace)[name]
    assert finding.exit_code is ExitCode.WRONG_USAGE
    assert "hush-hush" not in json.dumps([one.to_json() for one in examine(workplace.config)])


def test_examine_says_what_is_out_of_reach_and_asks_it_nothing_more(workplace: Workplace) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}"
        known = workplace.config.read_text()
        workplace.config.write_text(known.replace(workplace.ready["url"], closed, 1))
        wrong = found(workplace)
    assert (list(wrong), wrong["Mindbody"].exit_code) == (["Mindbody"], ExitCode.COULD_NOT_RUN)


def test_examine_says_when_the_calls_of_the_day_are_spent(workplace: Workplace) -> None:
    workplace.configure(calls_per_day=1)
    examine(workplace.config)
    # The second look may be of the day after.
    tomorrow = (utc_now() + timedelta(days=1)).date()
    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        take_calls(connection, Target.MINDBODY, tomorrow, 1, 1)
    finding = found(workplace)["Mindbody site -99"]
    assert (finding.health, "were not tried" in finding.message) == (Health.WARN, True)


def with_zone(workplace: Workplace, name: str) -> Workplace:
    known = workplace.config.read_text()
    workplace.config.write_text(known.replace("America/Los_Angeles", name))
    return workplace


def test_examine_finds_a_zone_that_is_not_the_one_of_the_service(workplace: Workplace) -> None:
    wrong = found(with_zone(workplace, "America/Phoenix"))
    assert list(wrong) == ["Mindbody site -99 zone"]
    finding = wrong["Mindbody site -99 zone"]
    assert (finding.exit_code, 'timezone = "America/Los_Angeles"' in finding.mend) == (ExitCode.WRONG_USAGE, True)


def test_examine_takes_another_name_of_the_same_zone(workplace: Workplace) -> None:
    assert found(with_zone(workplace, "US/Pacific")) == {}


@pytest.mark.parametrize(
    ("told", "health", "word"),
    [
        ("Pacific Standard Time", Health.OK, "is the one"),  # as Windows calls it, all the year round
        ("Mountain Standard Time", Health.FAIL, "America/Denver"),
        ("(UTC-08:00) Pacific", Health.OK, "no name that is known"),
        (None, Health.OK, "does not tell"),
    ],
)
def test_compare_zones_by_whatever_name(told: str | None, health: Health, word: str) -> None:
    finding = compare_zones("zone", "America/Los_Angeles", told, utc_now())
    assert (finding.health, word in finding.line) == (health, True)


@pytest.mark.parametrize(("more", "is_well"), [("[backups]\nkeep = 0", False), ("own_copies_days = 90", True)])
def test_examine_says_where_nothing_lets_old_things_go(workplace: Workplace, more: str, is_well: bool) -> None:
    workplace.config.write_text(f"{workplace.config.read_text()}\n[keep]\narchive_days = 400\n{more}\n")
    assert ("keeping" not in found(workplace)) is is_well


def test_examine_names_claims_of_a_process_that_died(workplace: Workplace) -> None:
    an_hour_ago = utc_now() - timedelta(hours=1)
    with open_ledger(workplace.settings) as ledger:
        add_run(ledger, "run")
        add_events(ledger, workplace.settings, [EARN], "run")
        with ledger.begin() as connection:
            heads = [(head, b"{}") for head in ready_heads(connection, Target.MINDBODY, "-99", 1, run_id="run")]
            times = {"now": an_hour_ago, "lease_until": an_hour_ago, "settle_at": an_hour_ago}
            claim(connection, heads, run_id="run", **times)
    finding = found(workplace)["claims"]
    assert (finding.health, "1 events" in finding.message) == (Health.WARN, True)


def test_examine_finds_a_clock_that_is_off(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.services.clocks.utc_now", lambda: utc_now() + timedelta(minutes=3))
    wrong = found(workplace)
    assert list(wrong) == ["Mindbody clock", "Referral Rock clock"]
    assert "180 s ahead of" in wrong["Mindbody clock"].message


def test_examine_finds_folders_that_are_files(workplace: Workplace) -> None:
    (workplace.folder / "reports").write_text("not a folder")
    assert list(found(workplace)) == ["reports"]


@pytest.mark.parametrize(
    ("url", "exit_code"),
    [
        ("memory://inbox", ExitCode.TIES_OUT),
        ("memory://nothing/here", ExitCode.COULD_NOT_RUN),
        ("ftp://me:hush-hush@127.0.0.1:9/in", ExitCode.COULD_NOT_RUN),
    ],
)
def test_examine_looks_into_an_inbox_at_an_address(workplace: Workplace, url: str, exit_code: ExitCode) -> None:
    filesystem("memory").makedirs("/inbox", exist_ok=True)
    workplace.configure(workplace.config.read_text() + f'\n[inbox]\nurl = "{url}"\n')
    (finding,) = [finding for finding in examine(workplace.config) if finding.name == "inbox"]
    assert (finding.exit_code, "hush-hush" in finding.line) == (exit_code, False)


def test_examine_asks_the_prefect_api_that_is_configured(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch, ready: dict[str, Any]
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://user:hush-hush@127.0.0.1:9/api")
    finding = found(workplace)["Prefect"]
    assert (finding.exit_code, "hush-hush" in finding.line) == (ExitCode.COULD_NOT_RUN, False)


def test_examine_reads_the_active_profile_of_prefect(workplace: Workplace) -> None:
    home = workplace.folder / "no prefect"
    home.mkdir()
    (home / "profiles.toml").write_text(
        'active = "team"\n[profiles.team]\nPREFECT_API_URL = "http://127.0.0.1:9/api"\n'
    )
    assert "127.0.0.1:9" in found(workplace)["Prefect"].message


@pytest.fixture
def kept(workplace: Workplace, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """A workplace whose ledger lies in SQLite or in PostgreSQL and holds two decisions."""
    monkeypatch.setenv("TIEOUT_DATABASE_URL", database_url)
    found_break = dict.fromkeys(("site_id", "client_id", "reward_id", "points", "amount", "action_at", "event_id"))
    found_break |= {"break_id": "b1", "class": "unexpected_remote", "target": "mindbody"}
    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        start_run(connection, "night", "nightly", utc_now())
        update_breaks(connection, [found_break], [], run_id="night", now=utc_now())
        for verb in (Verb.ACKNOWLEDGE, Verb.RESOLVE):
            decide(connection, "b1", verb, actor="Ann", reason="asked", reason_code=ReasonCode.OTHER, now=utc_now())
    return workplace


def behind_its_back(workplace: Workplace, *statements: str) -> None:
    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_examine_finds_a_changed_history(kept: Workplace) -> None:
    assert found(kept) == {}
    of_postgresql = "postgresql" in kept.settings.ledger_url
    guard = "append_only ON break_decisions" if of_postgresql else "no_update"
    change = "UPDATE break_decisions SET reason = 'fine' WHERE decision_id = 1"
    behind_its_back(kept, f"DROP TRIGGER break_decisions_{guard}", change)
    finding = found(kept)["decisions"]
    assert (finding.health, finding.message.startswith("Decision 1 ")) == (Health.FAIL, True)


def test_examine_finds_a_ledger_of_another_version(kept: Workplace) -> None:
    behind_its_back(kept, "UPDATE alembic_version SET version_num = '0001'")
    finding = found(kept)["migrations"]
    assert (finding.mend, finding.exit_code) == ("Run `tieout db upgrade`.", ExitCode.NEEDS_A_PERSON)


READ_ONLY = "EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database())"


def test_examine_finds_a_ledger_that_cannot_be_read_or_written_to(kept: Workplace) -> None:
    if "postgresql" in kept.settings.ledger_url:
        behind_its_back(kept, f"DO $$ BEGIN {READ_ONLY}; END $$")
        assert "read-only" in found(kept)["ledger"].message
    else:
        file = Path(kept.settings.ledger_url.removeprefix("sqlite:///"))
        file.write_bytes(b"no database at all" * 100)
        assert found(kept)["ledger"].exit_code is ExitCode.COULD_NOT_RUN


def test_examine_is_red_where_a_night_was_due_and_did_not_run(workplace: Workplace) -> None:
    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        keep_schedule(connection, Schedule("0 3 * * *", "UTC"), utc_now() - timedelta(days=3))
    finding = found(workplace)["nights"]
    assert (finding.health, finding.exit_code) == (Health.FAIL, ExitCode.COULD_NOT_RUN)
    assert "did not run: " in finding.message


def test_examine_tells_what_the_services_of_prefect_logged(workplace: Workplace) -> None:
    workplace.settings.prefect_folder.mkdir()
    with hearing_errors(workplace.settings.prefect_folder, lambda _line: None):
        logging.getLogger("prefect.server.services.scheduler").error("Can't evaluate bulk DML statement")
    finding = found(workplace)["Prefect services"]
    assert finding.health is Health.WARN
    assert "1 error in two days" in finding.message
    assert "bulk DML" in finding.message
