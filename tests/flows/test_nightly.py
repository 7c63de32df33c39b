import os
import signal
from pathlib import Path

import pytest

from flows.ledger.summary import Summary
from flows.nightly import nightly
from flows.runtime.errors import SettingsError
from flows.runtime.interrupt import stop_requested, stopping_in_order

# isort: split
from prefect.client.orchestration import SyncPrefectClient

from tests.flows.prefect_runs import latest_runs


def test_nightly_returns_the_summary_of_the_settings_it_is_given(prefect_url: str, workspace: Path) -> None:
    summary = nightly(str(workspace / "tieout.toml"))
    assert summary.to_json()["files"] == 0


def test_nightly_that_cannot_run_raises_and_leaves_a_failed_flow_run(
    prefect_client: SyncPrefectClient, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="There is no settings file"):
        nightly(str(tmp_path / "missing.toml"))
    last = latest_runs(prefect_client)[0]
    assert last.state
    assert (last.state.is_failed(), "There is no settings file" in str(last.state.message)) == (True, True)


def test_nightly_says_nothing_of_its_own_failure(
    prefect_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SettingsError):
        nightly(str(tmp_path / "missing.toml"))
    assert capfd.readouterr() == ("", "")


def test_sigterm_asks_the_line_to_stop_and_does_not_cut_it_off(
    prefect_url: str, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []

    def stopped_line(*_: object) -> Summary:
        os.kill(os.getpid(), signal.SIGTERM)
        heard.append(stop_requested.wait(1))
        return Summary("nightly-1", {"ties_out": True}, workspace / "report.xlsx")

    monkeypatch.setattr("flows.nightly.nightly_steps", stopped_line)
    with stopping_in_order():  # as the command line does
        nightly(str(workspace / "tieout.toml"))
    assert heard == [True]
