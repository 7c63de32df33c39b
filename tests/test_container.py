"""The container file and the wheel: their commands, run as they stand there, where no container can be built."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from flows.ledger.connection import open_ledger
from flows.runtime.clock import utc_now
from flows.settings.load import load_settings
from flows.status.schedule import Schedule, keep_schedule

ROOT = Path(__file__).parents[1]
BINARIES = Path(sys.executable).parent
CRON = "0 * * * *"
INSTALLED = "/opt/tieout"


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the container file, in their order."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return [(word, rest) for word, _, rest in pairs]


def of(word: str) -> list[str]:
    return [rest for found, rest in instructions() if found == word]


def pythons() -> list[str]:
    """Return the interpreters of this machine that the product is for, one of each version."""
    found = {sys.version_info[:2]: sys.executable}
    for path in sorted(Path.home().glob(".pyenv/versions/3.*/bin/python")):
        major, minor = path.parts[-3].split(".")[:2]
        if (3, 11) <= (int(major), int(minor)) <= (3, 13):
            found.setdefault((int(major), int(minor)), str(path))
    return list(found.values())


def test_what_runs_is_nobody_with_one_volume() -> None:
    words = [word for word, _ in instructions()]
    (user,) = of("USER")
    assert user not in ("root", "0")
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert (of("VOLUME"), of("WORKDIR")[-1]) == (["/data"], "/data")
    assert any(f"chown {user}: /data" in run for run in of("RUN"))


def test_the_extras_that_are_installed_are_those_of_the_product() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (extras,) = [re.search(r"\.\[(.*)\]", run) for run in of("RUN") if ".[" in run]
    assert extras is not None
    assert set(extras[1].split(",")) == set(project["optional-dependencies"]) - {"dev"}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The volume, with a schedule that is an hour's."""
    monkeypatch.setenv("TIEOUT_CONFIG", str(tmp_path / "tieout.toml"))
    (tmp_path / "inbox").mkdir()
    (tmp_path / "tieout.toml").write_text(f'[schedule]\ncron = "{CRON}"\ntimezone = "UTC"\n', encoding="utf-8")
    return tmp_path


def run_in(folder: Path, command: str) -> int:
    environment = {"PATH": f"{BINARIES}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": "/nonexistent"}
    environment["TIEOUT_CONFIG"] = str(folder / "tieout.toml")
    return subprocess.run(command, cwd=folder, env=environment, shell=True, check=False).returncode  # noqa: S602


def test_the_health_check_is_red_where_a_night_did_not_run_and_not_where_somebody_has_to_look(data: Path) -> None:
    check = of("HEALTHCHECK")[0].partition(" CMD ")[2]
    (entry,), (command,) = of("ENTRYPOINT"), of("CMD")
    assert (entry, command) == ('["tieout"]', '["serve"]')
    assert run_in(data, check) == 0
    settings = load_settings(data / "tieout.toml")
    with open_ledger(settings) as ledger, ledger.begin() as connection:
        keep_schedule(connection, Schedule("1 * * * *", "UTC"), utc_now() - timedelta(hours=9))
        keep_schedule(connection, Schedule(CRON, "UTC"), utc_now() - timedelta(hours=8))
    assert run_in(data, check) == 1


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("python", pythons(), ids=lambda path: "-".join(Path(path).parts[-3:-2]))
def test_what_it_installs_runs_the_demo_from_an_empty_folder(python: str, tmp_path: Path) -> None:
    source, home, empty = tmp_path / "src", tmp_path / "opt", tmp_path / "empty"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", "tests", "*.db*")
    shutil.copytree(ROOT, source, ignore=ignored)
    empty.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    building = [run for run in of("RUN") if INSTALLED in run]
    for run in building:
        command = run.replace(INSTALLED, str(home))
        words = shlex.split(command)
        # The image's interpreter is the one that is asked about.
        words[0] = python if words[0] == "python" else words[0]
        subprocess.run(words, cwd=source, env=environment, check=True)  # noqa: S603
    demo = subprocess.run(  # noqa: S603
        [str(home / "bin" / "tieout"), "demo", "--plain"], cwd=empty, env=environment, capture_output=True, text=True
    )
    assert (demo.returncode, "ties_out: yes" in demo.stdout, list(empty.iterdir())) == (1, True, []), demo
