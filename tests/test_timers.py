"""The files in systemd/ for those who want neither server nor worker: their commands, run as systemd and cron would."""

import re
import shlex
import subprocess
import sys
from configparser import ConfigParser
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

FOLDER = Path(__file__).parents[1] / "systemd"
WRITTEN_FOR = "/srv/tieout"
BINARIES = Path(sys.executable).parent
SYSTEM_PATH = "/usr/bin:/bin"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder in the place of the one that the files are written for, with one address to tell."""
    (tmp_path / "inbox").mkdir()
    settings = 'database_url = "sqlite:///ledger.db"\n[notify]\nurls = ["json://127.0.0.1:9"]\n'
    (tmp_path / "tieout.toml").write_text(settings, encoding="utf-8")
    return tmp_path


def read_unit(name: str) -> ConfigParser:
    unit = ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment] - its keys are written in both cases
    unit.read(FOLDER / name, encoding="utf-8")
    return unit


def run_as_system(command: list[str], folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run with no more environment than the system gives a service."""
    environment = {"PATH": f"{BINARIES}:{SYSTEM_PATH}", "HOME": "/nonexistent"} | variables
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603


@pytest.mark.parametrize(
    ("name", "said"), [("tieout-nightly.service", '"ties_out": true'), ("tieout-watch.service", "last night: none yet")]
)
def test_a_service_runs_as_it_is_written(installed: Path, name: str, said: str) -> None:
    service = read_unit(name)["Service"]
    assert service["WorkingDirectory"] == WRITTEN_FOR
    variable, _, value = service["Environment"].replace(WRITTEN_FOR, str(installed)).partition("=")
    ran = run_as_system(shlex.split(service["ExecStart"]), installed, **{variable: value})
    # The journal keeps both.
    assert (ran.returncode, said in ran.stdout + ran.stderr) == (0, True), ran.stderr


def test_every_timer_has_its_service_and_the_night_is_the_one_of_prefect_yaml() -> None:
    timers = sorted(FOLDER.glob("*.timer"))
    assert all(timer.with_suffix(".service").exists() for timer in timers)
    day, clock, zone = read_unit("tieout-nightly.timer")["Timer"]["OnCalendar"].split()
    assert (day, clock) == ("*-*-*", "03:00:00")
    assert datetime.now(UTC).astimezone(ZoneInfo(zone))
    assert f"timezone: {zone}" in (FOLDER.parent / "prefect.yaml").read_text(encoding="utf-8")


def test_the_lines_of_the_crontab_run_as_cron_runs_them(installed: Path) -> None:
    text = (FOLDER / "crontab").read_text(encoding="utf-8").replace(WRITTEN_FOR, str(installed))
    variables = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    variables["PATH"] = f"{BINARIES}:{variables['PATH']}"
    commands = [line.split(maxsplit=5)[5] for line in text.splitlines() if re.match(r"[\d*]", line)]
    ran = [run_as_system(["/bin/sh", "-c", command], installed, **variables) for command in commands]
    assert [(run.returncode, run.stdout, run.stderr) for run in ran] == [(0, "", "")] * 2
    assert '"ties_out": true' in (installed / "night.log").read_text(encoding="utf-8")
    assert "last night: " in (installed / "watch.log").read_text(encoding="utf-8")
