"""The whole line on the samples against one real sandbox, step after step: each test looks at what the runs left."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from flows.ledger.summary import Summary
from flows.runs.nightly import nightly as nightly_run
from flows.runtime.errors import ExitCode
from flows.sandbox import start_sandbox
from flows.settings.load import load_settings
from tests.flows.workplace import SAMPLES, Workplace, open_workplace


@dataclass(frozen=True)
class Nights:
    """Three nights: the samples, nothing new, and the samples under other names."""

    workplace: Workplace
    first: Summary
    commits: list[dict[str, object]]
    attempts_count: int
    second: Summary
    renamed: Summary


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    folder = tmp_path_factory.mktemp("nights")
    with start_sandbox(state=folder / "sandbox.db") as ready:
        workplace = open_workplace(folder, ready, grace_hours=24)
        for sample in SAMPLES:
            shutil.copy(sample, workplace.inbox)
        first, commits = workplace.run(), workplace.commits()
        attempts = workplace.rows("SELECT attempt_id FROM attempts")
        second = workplace.run()
        for sample in SAMPLES:
            shutil.copy(sample, workplace.inbox / f"copy of {sample.name}")
        yield Nights(workplace, first, commits, len(attempts), second, workplace.run())


def test_nightly_counts_as_the_readme_of_the_samples_says(nights: Nights) -> None:
    said = {
        "files": 5, "rows_read": 58, "accepted": 36, "duplicate": 6, "held": 1, "rejected": 15, "carried_in": 0,
        "posted": 30, "refused": 6, "unknown": 0, "pending": 0, "withheld": 0, "points_earned": 586,
        "points_redeemed": 160, "amount_updated": "119.75",
    }  # fmt: skip
    assert {key: nights.first.totals[key] for key in said} == said


def test_nightly_ties_out_and_still_wants_a_person(nights: Nights) -> None:
    assert (nights.first.totals["ties_out"], nights.first.exit_code) == (True, ExitCode.NEEDS_A_PERSON)


def test_the_sandbox_committed_every_posted_event_exactly_once(nights: Nights) -> None:
    fields = ["site_id", "client_id", "action", "points", "source", "source_id", "action_date_time"]
    lines = [line for line in nights.commits if line["service"] == "mindbody"]
    # The fraction that a sheet shows is sent, and identity is to the second.
    to_the_second = [{**line, "action_date_time": line["action_date_time"][:19] + "Z"} for line in lines]
    there = Counter(tuple(line[field] for field in fields) for line in to_the_second)
    columns = ", ".join([*fields[:-1], "replace(substr(action_at, 1, 19), ' ', 'T') || 'Z' AS action_date_time"])
    ours = nights.workplace.rows(f"SELECT {columns} FROM events WHERE state = 'posted' AND target = 'mindbody'")  # noqa: S608
    assert Counter(tuple(row[field] for field in fields) for row in ours) == there


def test_the_sandbox_committed_every_posted_update_exactly_once(nights: Nights) -> None:
    lines = [line for line in nights.commits if line["service"] == "referral_rock"]
    there = Counter((line["reward_id"], line["payout_id"], amount(line["amount"])) for line in lines)
    ours = nights.workplace.rows("SELECT * FROM events WHERE state = 'posted' AND target = 'referral_rock'")
    assert Counter((row["reward_id"], row["payout_id"], amount(row["amount"])) for row in ours) == there


def amount(text: object) -> Decimal | None:
    return None if text is None else Decimal(str(text))


def test_nightly_moves_every_file_to_the_archive(nights: Nights) -> None:
    assert list(nights.workplace.inbox.iterdir()) == []
    stems = {path.name.split(".")[0] for path in (nights.workplace.folder / "archive").iterdir()}
    assert stems == {name for sample in SAMPLES for name in (sample.stem, f"copy of {sample.stem}")}


def test_a_second_night_posts_nothing(nights: Nights) -> None:
    totals = nights.second.totals
    assert [totals[key] for key in ("files", "rows_read", "accepted", "carried_in", "posted")] == [0] * 5
    assert totals["ties_out"]


def test_the_same_content_under_another_name_is_known(nights: Nights) -> None:
    assert [nights.renamed.totals[key] for key in ("files", "accepted", "posted")] == [0] * 3
    assert nights.renamed.totals["ties_out"]


def test_later_nights_send_no_changing_request_at_all(nights: Nights) -> None:
    assert nights.workplace.commits() == nights.commits
    assert len(nights.workplace.rows("SELECT attempt_id FROM attempts")) == nights.attempts_count


def test_later_nights_keep_the_breaks_of_the_first(nights: Nights) -> None:
    opened = {row["opened_run_id"] for row in nights.workplace.rows("SELECT * FROM breaks")}
    assert opened == {nights.first.run_id}
    assert nights.first.totals["breaks_open"] == nights.renamed.totals["breaks_open"] == len(nights.workplace.breaks())


def test_nightly_opens_a_break_for_every_refused_event(nights: Nights) -> None:
    assert Counter(nights.workplace.breaks().values()) == {"refused": 6}


def test_nightly_writes_a_workbook_that_opens(nights: Nights) -> None:
    sheets = load_workbook(nights.first.report).sheetnames
    assert {"Summary", "Breaks", "Rejected rows", "Posted", "By client"} <= set(sheets)


def test_nightly_keeps_the_summary_with_the_run(nights: Nights) -> None:
    rows = nights.workplace.rows("SELECT run_id FROM runs WHERE finished_at IS NOT NULL AND kind = 'nightly'")
    assert {row["run_id"] for row in rows} == {nights.first.run_id, nights.second.run_id, nights.renamed.run_id}


def test_nightly_of_an_empty_inbox_ties_out(workspace: Path) -> None:
    ended = nightly_run(load_settings(workspace / "tieout.toml"))
    assert (ended.exit_code, ended.totals["rows_read"], ended.report.is_file()) == (ExitCode.TIES_OUT, 0, True)
