"""`tieout check` with extracts beside the inbox: no ledger, no service."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flows.cli.app import app
from flows.runtime.errors import ExitCode

ROWS = """\
ClientId,Points,Action,Source,SourceId
ann,5,Earned,Sale,9001
bob,5,Redeemed,,9001
ann,5,Earned,Class Booking,7001
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIEOUT_CONFIG", "")  # so that what --config sets is gone after the test
    (tmp_path / "tieout.toml").write_text("", encoding="utf-8")
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    folder = tmp_path / "reference" / "-99"
    folder.mkdir(parents=True)
    (folder / "sales.csv").write_text("SaleId,ClientId\n9001,ann\n", encoding="utf-8")
    return tmp_path


def check(workspace: Path, *options: str) -> Result:
    config, file = str(workspace / "tieout.toml"), str(workspace / "rows.csv")
    return CliRunner().invoke(app, ["check", file, "--config", config, "--site", "-99", *options])


def test_check_uses_extracts_and_touches_no_ledger(workspace: Path):
    result = check(workspace)
    assert result.exit_code == ExitCode.NEEDS_A_PERSON
    assert "The booking or sale with this id belongs to another client. (source_id_other_client: 1)" in result.stdout
    assert "Source ids: 2 of 3 checked, 1 of them wrong; 1 left to the service" in result.stdout
    assert sorted(path.name for path in workspace.iterdir()) == ["reference", "rows.csv", "tieout.toml"]


def test_check_json_keeps_its_keys(workspace: Path):
    found = json.loads(check(workspace, "--json").stdout)
    assert [error["code"] for error in found["errors"]] == ["source_id_other_client"]
    assert list(found)[-2:] == ["errors", "notes"]


def test_check_tells_a_wrong_extract_in_one_line(workspace: Path):
    (workspace / "reference" / "-99" / "notes.csv").write_text("Hello,there\n1,2\n", encoding="utf-8")
    result = check(workspace)
    assert result.exit_code == ExitCode.COULD_NOT_RUN
    assert "tieout: reference/-99/notes.csv: no headings of reference data found." in result.stderr
