import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = "import json, os, flows.runtime.prefect_quiet; print(json.dumps(dict(os.environ)))"


def import_in(home: Path, **variables: str) -> dict[str, str]:
    """Give the environment of a new process, in that home and with those variables, after the import."""
    found = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", SCRIPT],
        env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(found.stdout))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DO_NOT_TRACK", "1"),
        ("PREFECT_SERVER_ANALYTICS_ENABLED", "false"),
        ("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL"),
        ("no_proxy", "127.0.0.1"),
    ],
)
def test_unset_variables_are_made_quiet(tmp_path: Path, name: str, value: str) -> None:
    assert import_in(tmp_path)[name] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("DO_NOT_TRACK", "0", id="tracking"),
        pytest.param("PREFECT_HOME", "/somewhere", id="home"),
        pytest.param("no_proxy", "*", id="no-proxy-at-all"),
        pytest.param("no_proxy", "127.0.0.1,localhost", id="loopback-spared-already"),
    ],
)
def test_what_somebody_set_stays(tmp_path: Path, name: str, value: str) -> None:
    assert import_in(tmp_path, **{name: value})[name] == value


def test_a_proxy_is_still_spared_what_it_was_spared(tmp_path: Path) -> None:
    assert import_in(tmp_path, NO_PROXY="intranet.example")["no_proxy"] == "intranet.example,127.0.0.1"


def test_a_level_for_prefects_log_opens_the_console(tmp_path: Path) -> None:
    assert "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL" not in import_in(tmp_path, PREFECT_LOGGING_LEVEL="DEBUG")


def test_a_profile_is_used_and_its_level_opens_the_console(tmp_path: Path) -> None:
    (tmp_path / ".prefect").mkdir()
    profile = 'active = "mine"\n[profiles.mine]\nPREFECT_LOGGING_LEVEL = "DEBUG"\n'
    (tmp_path / ".prefect" / "profiles.toml").write_text(profile, encoding="utf-8")
    environment = import_in(tmp_path)
    assert not {"PREFECT_HOME", "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"} & environment.keys()


def test_prefects_home_goes_away_and_the_users_stays_empty(tmp_path: Path) -> None:
    home = Path(import_in(tmp_path)["PREFECT_HOME"])
    assert not home.exists()
    assert list(tmp_path.iterdir()) == []
