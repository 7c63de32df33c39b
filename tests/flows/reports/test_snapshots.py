"""A report can be made again, byte for byte, whatever has happened in the ledger and at the services since."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.cli.report import run_report
from flows.ledger.summary import Summary
from flows.runs.reconcile import reconcile as reconcile_run
from flows.runtime.errors import CouldNotRun
from flows.sandbox import start_sandbox
from tests.flows.workplace import SAMPLES, Workplace, earned, open_workplace


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, Any]]:
    faults = "drop_after=100000006*1,twice=100000002,phantom=100000003"
    with start_sandbox(faults=faults, options=("--extra-clients", "9")) as found:
        yield found


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if ".marked." not in path.name}


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory, ready: dict[str, Any]) -> tuple[Workplace, Summary]:
    """The samples, with rejected, refused, held and doubtful rows and breaks of several classes."""
    workplace = open_workplace(tmp_path_factory.mktemp("place"), ready)
    for sample in SAMPLES:
        (workplace.inbox / sample.name).write_bytes(sample.read_bytes())
    return workplace, workplace.run()


def test_report_makes_the_same_files_again_after_the_ledger_has_moved_on(reported: tuple[Workplace, Summary]) -> None:
    workplace, summary = reported
    first = files_of(summary.report.parent)
    workplace.put("later.csv", earned("200000001"))
    workplace.run()
    for path in summary.report.parent.iterdir():
        path.unlink()
    calls = workplace.rows("SELECT sum(calls) AS calls FROM call_counts")
    assert int(run_report(workplace.config, summary.run_id)) == 1
    assert files_of(summary.report.parent) == first
    assert set(map(len, first.values())) != {0}
    assert workplace.rows("SELECT sum(calls) AS calls FROM call_counts") == calls


@pytest.mark.long
def test_report_of_a_reconciliation_is_the_same_again_and_is_the_latest(reported: tuple[Workplace, Summary]) -> None:
    workplace, _ = reported
    ended = reconcile_run(workplace.settings)
    first = files_of(ended.report.parent)
    run_report(workplace.config, "latest")
    assert files_of(ended.report.parent) == first


def test_report_refuses_a_snapshot_that_was_changed(reported: tuple[Workplace, Summary]) -> None:
    workplace, summary = reported
    path = workplace.settings.root / "snapshots" / f"{summary.run_id}.json.gz"
    kept = path.read_bytes()
    path.write_bytes(kept[:-9] + b"x" * 9)
    with pytest.raises(CouldNotRun, match="was changed or is damaged"):
        run_report(workplace.config, summary.run_id)
    path.unlink()
    with pytest.raises(CouldNotRun, match="is gone"):
        run_report(workplace.config, summary.run_id)
    path.write_bytes(kept)


def test_report_of_an_unknown_run_names_the_last_one(reported: tuple[Workplace, Summary]) -> None:
    workplace, _ = reported
    with pytest.raises(CouldNotRun, match="There is no report of run nightly-1: the last one is"):
        run_report(workplace.config, "nightly-1")
