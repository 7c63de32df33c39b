"""A few points of the sweeps, so that none of them rots; `make prove` runs all of it.

Those marked long have a short case elsewhere: retries in `tests/flows/review/`, lies in `tests/flows/reconciliation/`,
a ledger that is taken away, its marker and a full disk in `tests/flows/ledger/`.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.prove.approvals import sweep_approvals_at
from tests.prove.replacing import sweep_replacements_at
from tests.prove.sweeps import (
    ANSWERS_LOST,
    LATE_SECONDS,
    SITES,
    Line,
    sweep_count,
    sweep_faults,
    sweep_full_disks,
    sweep_kills_at,
    sweep_lies,
    sweep_pairs,
    sweep_retries,
    sweep_unlinked,
)
from tests.prove.trusted import sweep_trusted_at


def is_clean(line: Line) -> bool:
    return line.is_proven and line.unknown == 0 and line.points > 0


_IN_DOUBT_FOR_NO_TWIN = """
SELECT count(*) FROM events WHERE state IN ('ready', 'sending') OR state = 'unknown' AND NOT EXISTS (
    SELECT 1 FROM events AS twins WHERE twins.lane = events.lane AND twins.action = events.action
    AND twins.points = events.points AND twins.event_id <> events.event_id AND twins.watch_from_at IS NOT NULL
)
"""


def is_proven_but_for_twins(line: Line) -> bool:
    """Let rows of the hour that the site has twice stay in doubt while the other may have left twice, and nothing else.

    The service shows both at one local time, so until the watch over the other is over nobody can tell whose a second
    entry is.
    """
    for folder in line.failed:
        with closing(sqlite3.connect(Path(folder) / "tieout.db")) as ledger:
            if ledger.execute(_IN_DOUBT_FOR_NO_TWIN).fetchone() != (0,):
                return False
    return line.is_proven and line.points > 0 and bool(line.unknown) == bool(line.failed)


# Steps of a night: registering, claiming, a request on its way, an answer that is there and not recorded, settling.
def test_runs_killed_at_a_step_lose_nothing_and_pay_nothing_twice(tmp_path: Path) -> None:
    line = sweep_kills_at(tmp_path, "a sample", ANSWERS_LOST, (140, 260, 333))
    assert is_clean(line), line


def test_a_night_of_several_sites_that_is_killed_pays_nobody_twice(tmp_path: Path) -> None:
    line = sweep_kills_at(tmp_path, "a sample", ANSWERS_LOST, (230, 350), SITES)
    assert is_clean(line), line


def test_faults_of_the_service_lose_nothing_and_pay_nothing_twice(tmp_path: Path) -> None:
    (line,) = sweep_faults(tmp_path, 1, ("mb:late@3~1.4,mb:401@7,mb:drop_after/5,rr:reset_mid_batch/2",))
    assert is_clean(line), line


def test_hostile_answers_lose_nothing_and_pay_nothing_twice(tmp_path: Path) -> None:
    spec = "mb:403_page_after/7,rr:403_page/4,mb:400_unknown/9,mb:drop_after@3,read_odd@2~2"
    (line,) = sweep_faults(tmp_path, 1, (spec,))
    assert is_proven_but_for_twins(line), line


def test_two_runs_at_once_lose_nothing_and_pay_nothing_twice(tmp_path: Path) -> None:
    for line in sweep_pairs(tmp_path, 1, 1):
        assert is_clean(line), line


@pytest.mark.long
def test_full_disks_lose_nothing_and_pay_nothing_twice(tmp_path: Path) -> None:
    for line in sweep_full_disks(tmp_path, 1, 1):
        assert is_clean(line), line


@pytest.mark.long
def test_what_is_tried_again_is_paid_once_or_shown(tmp_path: Path) -> None:
    killed, nights, late = sweep_retries(tmp_path, 1, 1, retries=(22,), nights=(110,), late_nights=1)
    assert is_clean(killed), killed
    assert is_clean(nights), nights
    assert late.is_proven, late


# Steps of the decision, and of the night after it: what takes back is claimed, on its way, posted; the new row let go.
def test_a_row_that_takes_the_place_of_another_is_paid_once_and_in_order(tmp_path: Path) -> None:
    line = sweep_replacements_at(tmp_path, "a sample", (20,), (120, 165))
    assert is_clean(line), line


# The steps at which the run is made known, numbered and marked.
@pytest.mark.long
def test_runs_killed_around_their_number_are_no_false_alarm(tmp_path: Path) -> None:
    line = sweep_count(tmp_path, (12, 20, 28))
    assert is_clean(line), line


@pytest.mark.long
def test_a_ledger_that_is_unlinked_in_mid_run_pays_nothing_twice(tmp_path: Path) -> None:
    line = sweep_unlinked(tmp_path, 1, 1)
    assert is_proven_but_for_twins(line), line


@pytest.mark.long
def test_what_the_service_does_twice_or_late_is_shown_by_a_night_without_work(tmp_path: Path) -> None:
    lies = ((f"mb:late/6~{LATE_SECONDS},mb:twice/5", ""),)
    for line in sweep_lies(tmp_path, 1, lies):
        assert is_clean(line), line
        assert line.damages, line


# Steps of the decision, and of a night after it: claiming, and an answer that is there and not recorded.
@pytest.mark.long
def test_what_a_killed_approval_left_is_approved_as_a_whole_or_not_at_all_and_paid_once(tmp_path: Path) -> None:
    line = sweep_approvals_at(tmp_path, "a sample", (20, 30), (120,))
    assert is_clean(line), line


@pytest.mark.long
def test_a_killed_night_of_a_trusted_site_hides_nothing_behind_its_balances(tmp_path: Path) -> None:
    line = sweep_trusted_at(tmp_path, "a sample", (90, 180))
    assert is_clean(line), line
