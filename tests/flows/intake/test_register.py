import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from flows.intake.check import check_file
from flows.intake.checked_file import CheckedFile
from flows.intake.register import register
from flows.ledger.connection import Ledger, open_ledger
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.register import Registered
from sql.runs import start_run
from sql.tables.events import events
from tests.registered import run_of
from tests.sql.rows import fates, rows_of

HEADINGS = "ClientId,Points,Source,SourceId,Action,ActionDateTime,RewardId,PayoutId,Amount,EligibilityDate,Description"
EARNED = "000123,10,Sale,,Earned,2026-02-01T10:00:00Z,,,,,"
UPDATED = ",,,,,,r-1,p-1,25.50,2026-03-01,thanks"
RUN_ID = "upload-1"


def export(folder: Path, name: str, *rows: str) -> Path:
    path = folder / name
    path.write_text("\n".join([HEADINGS, *rows]), encoding="utf-8")
    return path


def checked(settings: Settings, path: Path, site_id: str = "-99") -> CheckedFile:
    return check_file(settings, path, site_id)


@pytest.fixture
def run(ledger: Ledger) -> str:
    with ledger.begin() as connection:
        start_run(connection, RUN_ID, "upload", utc_now())
    return RUN_ID


@pytest.mark.first_case
@pytest.mark.postgresql
def test_register_keeps_every_value_of_a_row(
    ledger: Ledger, ledger_settings: Settings, run: str, tmp_path: Path
) -> None:
    file = checked(ledger_settings, export(tmp_path, "a.csv", EARNED, UPDATED))
    assert fates(register(run_of(ledger_settings, ledger, run), file)) == {"accepted": 2}
    kept = "SELECT site_id, client_id, points, source, source_id, action, lane, row_number FROM events WHERE points > 0"
    assert rows_of(ledger, kept) == [("-99", "000123", 10, "Sale", None, "Earned", "mindbody:-99:000123", 2)]
    kept = "SELECT site_id, reward_id, payout_id, amount, CAST(eligibility_on AS TEXT), description, lane FROM events"
    assert rows_of(ledger, f"{kept} WHERE points IS NULL") == [
        ("", "r-1", "p-1", "25.5", "2026-03-01", "thanks", "referral_rock:r-1")
    ]


@pytest.mark.postgresql
def test_register_binds_times_as_every_other_statement_does(
    ledger: Ledger, ledger_settings: Settings, run: str, tmp_path: Path
) -> None:
    register(run_of(ledger_settings, ledger, run), checked(ledger_settings, export(tmp_path, "a.csv", EARNED)))
    with ledger.begin() as connection:
        [(action_at, registered_at)] = connection.execute(select(events.c.action_at, events.c.registered_at))
        found = connection.execute(select(events.c.points).where(events.c.action_at == action_at)).scalars().all()
    assert (action_at, registered_at.microsecond, found) == (datetime(2026, 2, 1, 10, tzinfo=UTC), 0, [10])


def test_register_knows_the_same_file_under_another_name(
    ledger: Ledger, ledger_settings: Settings, run: str, tmp_path: Path
) -> None:
    register(run_of(ledger_settings, ledger, run), checked(ledger_settings, export(tmp_path, "a.csv", EARNED)))
    again = checked(ledger_settings, export(tmp_path, "a (1).csv", EARNED))
    assert register(run_of(ledger_settings, ledger, run), again) is None


def test_register_takes_the_same_content_of_another_site_as_another_file(
    ledger: Ledger, ledger_settings: Settings, run: str, tmp_path: Path
) -> None:
    path = export(tmp_path, "a.csv", EARNED)
    register(run_of(ledger_settings, ledger, run), checked(ledger_settings, path, "-99"))
    other = register(run_of(ledger_settings, ledger, run), checked(ledger_settings, path, "-98"))
    assert fates(other) == {"accepted": 1}


def test_register_keeps_what_was_rejected(ledger: Ledger, ledger_settings: Settings, run: str, tmp_path: Path) -> None:
    bad = EARNED.replace("10,", "ten,", 1)
    file = checked(ledger_settings, export(tmp_path, "a.csv", bad, EARNED))
    assert fates(register(run_of(ledger_settings, ledger, run), file)) == {"accepted": 1, "rejected": 1}
    assert rows_of(ledger, "SELECT row_number, code, value FROM rejections") == [
        (2, "points_not_positive_integer", "ten")
    ]


def register_at_once(settings: Settings, paths: Sequence[Path]) -> list[Registered | None]:
    """Register each file by a connection of its own, all started at the same moment."""
    start, ended, files = threading.Barrier(len(paths)), [], [checked(settings, path) for path in paths]

    def take(file: CheckedFile) -> None:
        with open_ledger(settings) as ledger:
            start.wait()
            ended.append(register(run_of(settings, ledger, RUN_ID), file))

    threads = [threading.Thread(target=take, args=[file]) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) == len(paths), "a thread failed"
    return ended


@pytest.mark.postgresql
def test_register_by_two_at_once_takes_a_file_once(
    ledger: Ledger, ledger_settings: Settings, run: str, tmp_path: Path
) -> None:
    path = export(tmp_path, "a.csv", EARNED, UPDATED)
    ended = register_at_once(ledger_settings, [path, path, path])
    assert sorted(registered is None for registered in ended) == [False, True, True]


@pytest.mark.postgresql
def test_register_by_two_at_once_takes_what_overlaps_once(
    ledger: Ledger, ledger_settings: Settings, run: str, tmp_path: Path
) -> None:
    rows = [EARNED.replace("000123", f"{number:06}") for number in range(300)]
    exports = [export(tmp_path, "a.csv", *rows[:200], UPDATED), export(tmp_path, "b.csv", *rows[100:], UPDATED)]
    ended = register_at_once(ledger_settings, exports)
    assert sum(registered.accepted for registered in ended if registered) == 301
    assert sum(registered.duplicate for registered in ended if registered) == 101


@pytest.mark.postgresql
def test_register_knows_a_reward_in_another_case(
    ledger: Ledger, ledger_settings: Settings, run: str, tmp_path: Path
) -> None:
    register(run_of(ledger_settings, ledger, run), checked(ledger_settings, export(tmp_path, "a.csv", UPDATED)))
    same = UPDATED.replace("r-1", "R-1").replace("p-1", "P-1")
    again = register(run_of(ledger_settings, ledger, run), checked(ledger_settings, export(tmp_path, "b.csv", same)))
    assert fates(again) == {"duplicate": 1}


def test_check_file_finds_a_reward_twice_in_two_cases(ledger_settings: Settings, tmp_path: Path) -> None:
    other = UPDATED.replace("r-1", "R-1").replace("25.50", "26")
    file = checked(ledger_settings, export(tmp_path, "a.csv", UPDATED, other))
    assert set(file.checked.errors["code"]) == {"reward_id_conflict"}
