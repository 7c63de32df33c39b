"""A raw row that the ledger knows is never paid again, whatever the settings make of it by now."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.intake.known_rows import learn_rows
from flows.ledger.connection import open_ledger
from flows.sandbox import start_sandbox
from flows.settings.layouts import layouts_of
from sql.known_rows import files_to_learn
from tests.flows.workplace import Workplace, earned, open_workplace
from transforms.identity.raw_rows import row_rule

LOCAL = "2026-09-20 17:00:00"
OTHER = "2026-09-21 17:00:00"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--extra-clients", "20")) as found:
        yield found


@pytest.fixture
def place(tmp_path: Path, ready: dict[str, Any]) -> Workplace:
    return open_workplace(tmp_path, ready)


def answer(place: Workplace, *lines: str) -> None:
    """Write a layout into the settings, as a person does who answers a question about a sheet."""
    text = place.config.read_text(encoding="utf-8").partition('[columns."desk"]')[0]
    place.configure(text + '[columns."desk"]\n' + "\n".join(lines) + "\n")


def in_new_york(place: Workplace) -> None:
    answer(place, 'timezone = "America/New_York"')


def forget_fingerprints(place: Workplace) -> None:
    """Make the ledger one that was filled before rows had fingerprints."""
    with open_ledger(place.settings) as ledger, ledger.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER events_fingerprint_fixed")
        connection.exec_driver_sql("UPDATE events SET fingerprint = NULL")
        connection.exec_driver_sql("UPDATE files SET row_rule = NULL")


def fates(summary: Any) -> dict[str, int]:
    return {name: summary.totals[name] for name in ("accepted", "duplicate", "held") if summary.totals[name]}


@pytest.mark.first_case
@pytest.mark.parametrize("is_old", [False, True], ids=["new ledger", "ledger of before"])
def test_run_holds_what_a_zone_that_was_answered_later_makes_another_event(place: Workplace, is_old: bool) -> None:
    client = f"20000000{1 + is_old}"
    place.put("a.csv", earned(client, time=LOCAL))
    assert place.run().totals["posted"] == 1
    if is_old:
        forget_fingerprints(place)
    in_new_york(place)
    place.put("b.csv", earned(client, time=LOCAL), earned(client, time=OTHER))
    second = place.run()
    assert fates(second) == {"accepted": 1, "held": 1}
    assert len(place.commits(client)) == 2
    (held,) = place.rows("SELECT state_reason FROM events WHERE state = 'held'")
    assert held["state_reason"].startswith(
        "this row was read before as Sun 20 Sep 2026, 5:00 pm UTC and posted; "
        "now it reads as Sun 20 Sep 2026, 9:00 pm UTC."
    )


@pytest.mark.long
def test_run_takes_a_row_that_was_rejected_before_as_new(place: Workplace) -> None:
    answer(place, 'date_order = "M/D"')
    place.put("a.csv", earned("200000003", time="20/09/2026 5:00 pm"))
    assert place.run().totals["rejected"] == 1
    answer(place, 'date_order = "D/M"')
    place.put("b.csv", earned("200000003", time="20/09/2026 5:00 pm"), earned("200000003", time=OTHER))
    assert fates(place.run()) == {"accepted": 2}


@pytest.mark.long
def test_run_holds_what_another_order_of_dates_makes_another_event(place: Workplace) -> None:
    answer(place, 'date_order = "M/D"')
    place.put("a.csv", earned("200000004", time="05/04/2026 5:00 pm"))
    place.run()
    answer(place, 'date_order = "D/M"')
    place.put("b.csv", earned("200000004", time="05/04/2026 5:00 pm"), earned("200000004", time=OTHER))
    assert fates(place.run()) == {"accepted": 1, "held": 1}


@pytest.mark.long
def test_run_holds_what_a_heading_that_was_named_later_makes_another_event(place: Workplace) -> None:
    headings = "ClientId,Points,Action,Source,When"
    answer(place, '"When" = "-"')
    place.put("a.csv", f"200000005,10,Earned,Sale,{LOCAL}", headings=headings)
    assert place.run().totals["posted"] == 1
    answer(place, '"When" = "ActionDateTime"')
    rows = [f"200000005,10,Earned,Sale,{time}" for time in (LOCAL, OTHER)]
    place.put("b.csv", *rows, headings=headings)
    assert fates(place.run()) == {"accepted": 1, "held": 1}
    assert len(place.commits("200000005")) == 2


@pytest.mark.long
def test_run_learns_the_rows_of_the_archive_once(place: Workplace) -> None:
    place.put("a.csv", earned("200000006", time=LOCAL))
    place.run()
    forget_fingerprints(place)
    place.put("b.csv", earned("200000006", time=OTHER))
    place.run()
    learned = place.rows("SELECT event_id FROM known_rows")
    assert len(learned) == 1
    assert place.rows("SELECT count(*) AS files FROM files WHERE row_rule IS NULL") == [{"files": 0}]


@pytest.mark.long
def test_run_goes_on_where_a_file_of_the_archive_is_gone(place: Workplace) -> None:
    place.put("a.csv", earned("200000007", time=LOCAL))
    place.run()
    forget_fingerprints(place)
    for path in place.settings.archive_folder.iterdir():
        path.unlink()
    place.put("b.csv", earned("200000007", time=OTHER))
    assert fates(place.run()) == {"accepted": 1}


def learn(place: Workplace) -> None:
    with open_ledger(place.settings) as ledger:
        assert learn_rows(place.settings, ledger) == []


def to_learn(place: Workplace) -> int:
    rule = row_rule([layout.reads for layout in layouts_of(place.settings)])
    with open_ledger(place.settings) as ledger, ledger.begin() as connection:
        return len(files_to_learn(connection, rule))


@pytest.mark.long
def test_files_that_the_archive_has_no_more_are_looked_for_once_and_not_where_it_may_not_be_mounted(
    place: Workplace,
) -> None:
    place.put("a.csv", earned("200000008", time=LOCAL))
    place.run()
    forget_fingerprints(place)
    (kept,) = place.settings.archive_folder.iterdir()
    aside = kept.rename(place.folder / kept.name)
    learn(place)
    # An archive without any file may be a share that is not there.
    assert to_learn(place) == 1
    place.put("b.csv", earned("200000009", time=LOCAL))
    place.run()
    learn(place)
    assert to_learn(place) == 0
    # With other headings all are looked for again, and one that is back is read.
    aside.rename(kept)
    answer(place, '"Till" = "SourceId"')
    assert to_learn(place) == 2
    learn(place)
    assert to_learn(place) == 0
