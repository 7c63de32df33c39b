"""A raw row that the ledger knows is never paid again, whatever the settings make of it by now."""

from collections.abc import Iterator
from typing import Any

import pytest

from flows.intake.known_rows import learn_rows
from flows.ledger.connection import open_ledger
from flows.sandbox import start_sandbox
from flows.settings.layouts import layouts_of
from sql.known_rows import files_to_learn
from tests.flows.workplace import Workplace, earned
from transforms.identity.raw_rows import row_rule

LOCAL = "2026-09-20 17:00:00"
OTHER = "2026-09-21 17:00:00"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--extra-clients", "20")) as found:
        yield found


def answer(workplace: Workplace, *lines: str) -> None:
    """Write a layout into the settings, as a person does who answers a question about a sheet."""
    text = workplace.config.read_text(encoding="utf-8").partition('[columns."desk"]')[0]
    workplace.configure(text + '[columns."desk"]\n' + "\n".join(lines) + "\n")


def in_new_york(workplace: Workplace) -> None:
    answer(workplace, 'timezone = "America/New_York"')


def forget_fingerprints(workplace: Workplace) -> None:
    """Make the ledger one that was filled before rows had fingerprints."""
    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER events_fingerprint_fixed")
        connection.exec_driver_sql("UPDATE events SET fingerprint = NULL")
        connection.exec_driver_sql("UPDATE files SET row_rule = NULL")


def fates(summary: Any) -> dict[str, int]:
    return {name: summary.totals[name] for name in ("accepted", "duplicate", "held") if summary.totals[name]}


@pytest.mark.first_case
@pytest.mark.parametrize("is_old", [False, True], ids=["new ledger", "ledger of before"])
def test_run_holds_what_a_zone_that_was_answered_later_makes_another_event(workplace: Workplace, is_old: bool) -> None:
    client = f"20000000{1 + is_old}"
    workplace.put("a.csv", earned(client, time=LOCAL))
    assert workplace.run().totals["posted"] == 1
    if is_old:
        forget_fingerprints(workplace)
    in_new_york(workplace)
    workplace.put("b.csv", earned(client, time=LOCAL), earned(client, time=OTHER))
    second = workplace.run()
    assert fates(second) == {"accepted": 1, "held": 1}
    assert len(workplace.commits(client)) == 2
    (held,) = workplace.rows("SELECT state_reason FROM events WHERE state = 'held'")
    assert held["state_reason"].startswith(
        "this row was read before as Sun 20 Sep 2026, 5:00 pm UTC and posted; "
        "now it reads as Sun 20 Sep 2026, 9:00 pm UTC."
    )


@pytest.mark.long
def test_run_takes_a_row_that_was_rejected_before_as_new(workplace: Workplace) -> None:
    answer(workplace, 'date_order = "M/D"')
    workplace.put("a.csv", earned("200000003", time="20/09/2026 5:00 pm"))
    assert workplace.run().totals["rejected"] == 1
    answer(workplace, 'date_order = "D/M"')
    workplace.put("b.csv", earned("200000003", time="20/09/2026 5:00 pm"), earned("200000003", time=OTHER))
    assert fates(workplace.run()) == {"accepted": 2}


@pytest.mark.long
def test_run_holds_what_another_order_of_dates_makes_another_event(workplace: Workplace) -> None:
    answer(workplace, 'date_order = "M/D"')
    workplace.put("a.csv", earned("200000004", time="05/04/2026 5:00 pm"))
    workplace.run()
    answer(workplace, 'date_order = "D/M"')
    workplace.put("b.csv", earned("200000004", time="05/04/2026 5:00 pm"), earned("200000004", time=OTHER))
    assert fates(workplace.run()) == {"accepted": 1, "held": 1}


@pytest.mark.long
def test_run_holds_what_a_heading_that_was_named_later_makes_another_event(workplace: Workplace) -> None:
    headings = "ClientId,Points,Action,Source,When"
    answer(workplace, '"When" = "-"')
    workplace.put("a.csv", f"200000005,10,Earned,Sale,{LOCAL}", headings=headings)
    assert workplace.run().totals["posted"] == 1
    answer(workplace, '"When" = "ActionDateTime"')
    rows = [f"200000005,10,Earned,Sale,{time}" for time in (LOCAL, OTHER)]
    workplace.put("b.csv", *rows, headings=headings)
    assert fates(workplace.run()) == {"accepted": 1, "held": 1}
    assert len(workplace.commits("200000005")) == 2


@pytest.mark.long
def test_run_learns_the_rows_of_the_archive_once(workplace: Workplace) -> None:
    workplace.put("a.csv", earned("200000006", time=LOCAL))
    workplace.run()
    forget_fingerprints(workplace)
    workplace.put("b.csv", earned("200000006", time=OTHER))
    workplace.run()
    learned = workplace.rows("SELECT event_id FROM known_rows")
    assert len(learned) == 1
    assert workplace.rows("SELECT count(*) AS files FROM files WHERE row_rule IS NULL") == [{"files": 0}]


@pytest.mark.long
def test_run_goes_on_where_a_file_of_the_archive_is_gone(workplace: Workplace) -> None:
    workplace.put("a.csv", earned("200000007", time=LOCAL))
    workplace.run()
    forget_fingerprints(workplace)
    for path in workplace.settings.archive_folder.iterdir():
        path.unlink()
    workplace.put("b.csv", earned("200000007", time=OTHER))
    assert fates(workplace.run()) == {"accepted": 1}


def learn(workplace: Workplace) -> None:
    with open_ledger(workplace.settings) as ledger:
        assert learn_rows(workplace.settings, ledger) == []


def to_learn(workplace: Workplace) -> int:
    rule = row_rule([layout.reads for layout in layouts_of(workplace.settings)])
    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        return len(files_to_learn(connection, rule))


@pytest.mark.long
def test_files_that_the_archive_has_no_more_are_looked_for_once_and_not_where_it_may_not_be_mounted(
    workplace: Workplace,
) -> None:
    workplace.put("a.csv", earned("200000008", time=LOCAL))
    workplace.run()
    forget_fingerprints(workplace)
    (kept,) = workplace.settings.archive_folder.iterdir()
    aside = kept.rename(workplace.folder / kept.name)
    learn(workplace)
    # An archive without any file may be a share that is not there.
    assert to_learn(workplace) == 1
    workplace.put("b.csv", earned("200000009", time=LOCAL))
    workplace.run()
    learn(workplace)
    assert to_learn(workplace) == 0
    # With other headings all are looked for again, and one that is back is read.
    aside.rename(kept)
    answer(workplace, '"Till" = "SourceId"')
    assert to_learn(workplace) == 2
    learn(workplace)
    assert to_learn(workplace) == 0
