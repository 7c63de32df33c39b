"""What a command loads before it answers: nothing heavy that it does not use."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
# With half a second of processor time in all; pandas alone is as much again.
_NEVER = {"alembic", "aiohttp", "fastapi", "numpy", "openpyxl", "pandas", "pandera", "prefect", "pyarrow"}
_NEVER |= {"apprise", "dask", "distributed", "fsspec", "reportlab", "uvicorn", "xlsxwriter"}
# A night needs frames and a report; no client where nothing is to be sent, and no openpyxl where nothing goes back. One
# without a file needs no rules, no readers, and no way to an inbox at an address.
_NOT_AT_NIGHT = {"aiohttp", "alembic", "apprise", "dask", "distributed", "fastapi", "openpyxl", "prefect", "reportlab"}
_NOT_AT_NIGHT |= {"fsspec", "hypothesis", "pandera", "python_calamine"}
_SCRIPT = """
import json, sys
from contextlib import suppress
from flows.cli import main
def loaded():
    return sorted({name.partition(".")[0] for name in sys.modules})
def run(*words):
    sys.argv = ["tieout", *words]
    with suppress(SystemExit):
        main()
for words in json.loads(sys.argv[1]):
    run(*words)
before = loaded()
run("run", "--plain")
print(json.dumps([before, loaded()]))
"""


def test_what_lists_and_tells_loads_no_frames_and_a_night_no_more_than_it_needs(
    tmp_path: Path, sqlite_template: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "tieout.db")
    commands = json.dumps([["--help"], ["status"], ["breaks"], ["plan"]])
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    told = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", _SCRIPT, commands],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    listed, at_night = (set(names) for names in json.loads(told.stdout.splitlines()[-1]))
    assert "0 breaks." in told.stdout
    assert "sqlalchemy" in listed
    assert listed & _NEVER == set()
    assert "Ties out" in told.stdout
    assert "pandas" in at_night
    assert at_night & _NOT_AT_NIGHT == set()
