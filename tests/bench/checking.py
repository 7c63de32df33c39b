"""How long `tieout check` takes and what memory it needs, against the bare reading of the same file.

Each side runs in a process of its own, whose memory is the most that it ever held. First the whole command, with all it
loads and every process that it starts, against a Python that loads pandas and reads the file; dataframely on polars
by its own rules beside it. Then, in one process and after the imports, the check: a delimited file against
`pandas.read_csv(dtype=str)`; the same ten times as long; Frictionless by the same rules; an .xlsx against
`pandas.read_excel` by calamine; an .xlsx with its marked copy against openpyxl's load and save.

    TIEOUT_BENCH_ROWS          of the delimited file; 1,000,000 without it
    TIEOUT_BENCH_LONG          1: check a file ten times as long too, which takes minutes
    TIEOUT_BENCH_DATAFRAMELY   1: install dataframely into an environment of its own and let it validate the same file
    TIEOUT_BENCH_FRICTIONLESS  1: install Frictionless into an environment of its own and let it validate 100,000 rows
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from tests.bench.goals import Goal, tell

_ROWS = int(os.environ.get("TIEOUT_BENCH_ROWS", "1000000"))
_SHEET_ROWS, _MARKED_ROWS, _FRICTIONLESS_ROWS = 100_000, 50_000, 100_000
_FIXED_SEED = 7
_HEADINGS = ["ClientId", "Points", "Action", "Source", "SourceId", "ActionDateTime", "Description", "Phone"]
_AT_ONCE = 100_000
_SCHEMA = {
    "fields": [
        {"name": "ClientId", "type": "string", "constraints": {"required": True}},
        {"name": "Points", "type": "integer", "constraints": {"required": True, "minimum": 1}},
        {"name": "Action", "type": "string", "constraints": {"required": True, "enum": ["Earned", "Redeemed"]}},
        {
            "name": "Source",
            "type": "string",
            "constraints": {"enum": ["Appointment Booking", "Class Booking", "Referral", "Sale"]},
        },
        {"name": "SourceId", "type": "integer", "constraints": {"minimum": 1}},
        {"name": "ActionDateTime", "type": "datetime"},
        {"name": "Description", "type": "string"},
        {"name": "Phone", "type": "string"},
    ]
}
_VALIDATE = """
import json, sys, time
from frictionless import Schema, Resource, validate
resource = Resource(path=sys.argv[1], basepath=sys.argv[2], schema=Schema.from_descriptor(json.loads(sys.argv[3])))
started = time.perf_counter()
report = validate(resource, limit_errors=10_000_000)
print(json.dumps({"seconds": time.perf_counter() - started, "errors": report.stats["errors"]}))
"""


# The rules that need no list of sites, no zone and no ledger, over the same columns as texts.
_DATAFRAMELY = r"""
import sys
import dataframely as dy
import polars as pl
class Rows(dy.Schema):
    ClientId = dy.String(nullable=False, max_length=50)
    Points = dy.String(nullable=False, regex=r"^[1-9][0-9]{0,17}$")
    Action = dy.String(nullable=False, regex=r"^(Earned|Redeemed)$")
    Source = dy.String(nullable=True, regex=r"^(Appointment Booking|Class Booking|Referral|Sale)$")
    SourceId = dy.String(nullable=True, regex=r"^[1-9][0-9]{0,17}$")
    ActionDateTime = dy.String(nullable=True)
    Description = dy.String(nullable=True)
    Phone = dy.String(nullable=True)
    @dy.rule()
    def time_is_read(cls) -> pl.Expr:
        return pl.col("ActionDateTime").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False).is_not_null()
good, failures = Rows.filter(pl.read_csv(sys.argv[1], infer_schema=False))
print(len(good), failures.counts())
"""
_TURNS = 3
_SET_CHILD_SUBREAPER = 36
# Of the clock and of the processor, of the whole process with all that it starts.
_UNITS, _GOALS = ("times by the clock", "times its processor"), (3.0, 5.0)
_OURS = ("all cores", "one process")


def main() -> None:
    """Print one line per comparison."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        check_whole(folder)
        check_delimited(folder)
        check_workbook(folder)
        mark_workbook(folder)
        if os.environ.get("TIEOUT_BENCH_FRICTIONLESS"):
            validate_by_frictionless(folder)


def check_whole(folder: Path) -> None:
    """Compare the command with a Python that reads the file, in turn, and keep the least of each."""
    path = write_csv(folder / "whole.csv", _ROWS)
    reading = [sys.executable, "-c", f"import pandas; pandas.read_csv({str(path)!r}, dtype=str)"]
    checking = [sys.executable, "-m", "flows.cli", "check", "--site", "-99", str(path)]
    sides = {"bare": reading, "all cores": checking, "one process": checking}
    if os.environ.get("TIEOUT_BENCH_DATAFRAMELY"):
        sides |= by_dataframely(folder, path)
    least: dict[str, tuple[float, float]] = {}
    for _ in range(_TURNS):
        for name, command in sides.items():
            workers = {"TIEOUT_SCALE__WORKERS": "1"} if name == "one process" else {}
            took = take(command, {**os.environ, **workers})
            before = least.get(name, took)
            least[name] = min(before[0], took[0]), min(before[1], took[1])
    bare = least.pop("bare")
    for name, took in least.items():
        for unit, ours, theirs, goal in zip(_UNITS, took, bare, _GOALS, strict=True):
            what = f"check of {_ROWS:,} rows, {name}" if name in _OURS else name
            rival = f"pandas.read_csv(dtype=str): {theirs:.1f} s; this {ours:.1f} s"
            tell(Goal(what, ours / theirs, goal if name in _OURS else None, unit, rival))


def take(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run a command and return its seconds by the clock, and of the processor with all that it started."""
    # Whoever is left by a process that ends comes to this one, so that all of them are counted.
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run(command, env=environment, cwd=Path(__file__).parents[2], capture_output=True, check=False)  # noqa: S603
    seconds = time.perf_counter() - started
    with suppress(ChildProcessError):
        while True:
            os.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def by_dataframely(folder: Path, path: Path) -> dict[str, list[str]]:
    """Return the command that validates the file by dataframely, where that can be installed."""
    venv.create(folder / "dataframely", with_pip=True)
    python = str(folder / "dataframely" / "bin" / "python")
    try:
        run([python, "-m", "pip", "install", "--quiet", "dataframely"])
    except subprocess.CalledProcessError as error:
        write(f"dataframely cannot be installed here: {' '.join(error.stderr.split())[-200:]}")
        return {}
    return {"dataframely on polars": [python, "-c", _DATAFRAMELY, str(path)]}


def check_delimited(folder: Path) -> None:
    """Compare the check of a long file with pandas' bare reading, and with one ten times as long."""
    path = write_csv(folder / "rows.csv", _ROWS)
    bare, whole = measure("read_csv", path), measure("check", path)
    say(f"CSV, {_ROWS:,} rows, 1% bad, one process", bare, whole, 5, f"memory {whole['mb']:,.0f} MB (at most 1,024)")
    if os.environ.get("TIEOUT_BENCH_LONG"):
        longer = measure("check", write_csv(folder / "long.csv", 10 * _ROWS))
        memory = f"memory {longer['mb'] / whole['mb']:.2f} times (at most 1.1): {longer['mb']:,.0f} MB"
        say(f"CSV, {10 * _ROWS:,} rows against {_ROWS:,}", whole, longer, 11, memory)


def check_workbook(folder: Path) -> None:
    """Compare the check of a workbook with pandas' bare reading by calamine."""
    path = write_xlsx(folder / "rows.xlsx", _SHEET_ROWS, 0.01)
    say(f"xlsx, {_SHEET_ROWS:,} rows", measure("read_excel", path), measure("check", path), 2)


def mark_workbook(folder: Path) -> None:
    """Compare the check with its marked copy to openpyxl's bare load and save."""
    path = write_xlsx(folder / "marked.xlsx", _MARKED_ROWS, 0.01)
    bare, marked = measure("load_and_save", path), measure("check_and_mark", path)
    say(f"marked copy, {_MARKED_ROWS:,} x {len(_HEADINGS)} cells, about 500 bad", bare, marked, 1.3)


def validate_by_frictionless(folder: Path) -> None:
    """Show what Frictionless takes for the rules that it can express, in an environment of its own."""
    path = write_csv(folder / "some.csv", _FRICTIONLESS_ROWS)
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    try:
        run([python, "-m", "pip", "install", "--quiet", "frictionless"])
        told = json.loads(run([python, "-c", _VALIDATE, path.name, folder, json.dumps(_SCHEMA)]).splitlines()[-1])
    except subprocess.CalledProcessError as error:
        write(f"Frictionless cannot be installed or run here: {' '.join(error.stderr.split())[-200:]}")
        return
    ours = measure("check", path)
    write(
        f"Frictionless, {_FRICTIONLESS_ROWS:,} rows: {told['seconds']:.1f} s, {told['errors']:,} errors; "
        f"tieout {ours['seconds']:.1f} s, {ours['errors']:,.0f} errors"
    )


def say(what: str, bare: dict[str, float], whole: dict[str, float], most: float, more: str = "") -> None:
    """Print both sides, their ratio by the clock and by the processor's time, and the limit."""
    ratio, of_cpu = (whole[unit] / bare[unit] for unit in ("seconds", "cpu_seconds"))
    sides = f"{bare['seconds']:.1f} s, checked {whole['seconds']:.1f} s"
    write(
        f"{what}: bare {sides}   ratio {ratio:.2f}, of processor time {of_cpu:.2f} (at most {most:g})   {more}".rstrip()
    )


def write(line: str) -> None:
    """Print at once, since a line takes minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run(command: list[str | Path]) -> str:
    """Run a program and return what it prints."""
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])  # noqa: S603
    return done.stdout


def measure(what: str, path: Path) -> dict[str, float]:
    """Run one side in a fresh process."""
    told: dict[str, float] = json.loads(run([sys.executable, "-m", "tests.bench.checking", what, path]))
    return told


def measure_here(work: Callable[[Path], int], path: Path) -> dict[str, float]:
    """Measure a side whose imports are done; the memory counts them too."""
    started, cpu_started = time.perf_counter(), time.process_time()
    errors = work(path)
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu_started,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "errors": errors,
    }


def run_one(what: str, path: Path) -> dict[str, float]:
    """Measure one side here."""
    import openpyxl
    import pandas as pd

    from flows.intake.check import check_file
    from flows.marked_copy.statuses import statuses_of_check
    from flows.marked_copy.write import write_marked
    from flows.settings.sections import Settings

    def check(path: Path) -> int:
        file = check_file(Settings(scale={"workers": 1}), path, "-99", keeps_events=False)
        return sum(len(errors) for errors in file.errors)

    def check_and_mark(path: Path) -> int:
        file = check_file(Settings(), path, "-99")
        checked = file.checked
        write_marked(
            path, file.sheets, checked.errors, path.with_name("ours.xlsx"), statuses=statuses_of_check(checked)
        )
        return len(checked.errors)

    sides: dict[str, Callable[[Path], object]] = {
        "check": check,
        "check_and_mark": check_and_mark,
        "read_csv": lambda path: len(pd.read_csv(path, dtype=str)),
        "read_excel": lambda path: len(pd.read_excel(path, engine="calamine", dtype=str)),
        "load_and_save": lambda path: openpyxl.load_workbook(path).save(path.with_name("theirs.xlsx")),
    }
    return measure_here(lambda path: int(str(sides[what](path) or 0)), path)


def write_csv(path: Path, rows: int) -> Path:
    """Write rows of one site, one of a hundred bad, a part at a time."""
    random = np.random.default_rng(_FIXED_SEED)
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(_HEADINGS) + "\n")
        for first in range(0, rows, _AT_ONCE):
            file.writelines(",".join(row) + "\n" for row in make_rows(random, first, min(_AT_ONCE, rows - first), 0.01))
    return path


def write_xlsx(path: Path, rows: int, bad_share: float) -> Path:
    """Write the same as a workbook."""
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Rewards")
        made = make_rows(np.random.default_rng(_FIXED_SEED), 0, rows, bad_share)
        for number, row in enumerate([_HEADINGS, *made]):
            sheet.write_row(number, 0, row)
    return path


def make_rows(random: np.random.Generator, first: int, count: int, bad_share: float) -> list[list[str]]:
    """Make rows as texts; a bad one has no number where its points should be."""
    clients = 100_000_000 + random.integers(0, max(1, _ROWS // 20), count)
    points, source_ids = random.integers(1, 500, count), random.integers(1, 10_000_000, count)
    sources = np.array(_SCHEMA["fields"][3]["constraints"]["enum"])[random.integers(0, 4, count)]  # type: ignore[index]
    is_bad = random.random(count) < bad_share
    seconds = 1_700_000_000 + (np.arange(first, first + count) * 7) % 60_000_000
    times = seconds.astype("datetime64[s]").astype(str)
    return [
        [
            *(f"{clients[i]}", "ten" if is_bad[i] else f"{points[i]}", "Earned", sources[i], f"{source_ids[i]}"),
            *(f"{times[i]}Z", "Spring offer", f"555-{i % 10_000:04}"),
        ]
        for i in range(count)
    ]


if __name__ == "__main__":
    if len(sys.argv) == 3:
        json.dump(run_one(sys.argv[1], Path(sys.argv[2])), sys.stdout)
    else:
        main()
