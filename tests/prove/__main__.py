"""`make prove`: meet small nights with every trouble, run again until quiet, and compare with the service.

    make prove                 the whole sweep, some minutes
    make prove SEED=7          the same again: the seed is printed with the table
    make prove ONLY=faults     or kills, sites, trusted, approvals, ledger, rows, disks, pairs, retries, postgresql
    make prove ONLY=cluster    a long file, two runs, and a Dask cluster that is taken from under them
    make prove ONLY=tests      the long tests, and every law by all its examples
    make prove ONLY=recovery   a ledger of 5,000 events that is gone, or three nights old: EVENTS= for another size
    make prove ONLY=lies       what the service itself commits twice, late, or only says it did: shown as breaks
    make prove STRIDE=1        every step instead of every other one

Exit code 1 where an event was lost, paid twice, or left out of every report; and where the service itself did so, and
not each single case is shown as a break.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.laws import LONG
from tests.prove import sweeps
from tests.prove.approvals import sweep_approvals
from tests.prove.cluster import sweep_cluster
from tests.prove.recovery import sweep_recovery
from tests.prove.replacing import sweep_replacements
from tests.prove.trusted import sweep_trusted

_TESTS = "tests"
_LONGEST_TEST_SECONDS = 900
_HEADINGS = ("trouble", "points", "events", "lost", "twice", "shown", "unknown", "untold", "traces", "s")
_FORMAT = "{:<58} {:>6} {:>7} {:>5} {:>6} {:>6} {:>8} {:>7} {:>7} {:>5}  {}\n"


def main() -> int:
    """Run the sweeps and the tests that are asked for."""
    arguments = _read_arguments()
    is_proven = arguments.only == _TESTS or _prove_lines(arguments)
    are_held = arguments.only not in ("", _TESTS) or _run_long_tests()
    return 0 if is_proven and are_held else 1


def _prove_lines(arguments: argparse.Namespace) -> bool:
    """Print the table as it grows, and whether each of its lines is as it must be."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    os.environ["PYTHONPATH"] = str(Path.cwd())
    folder = Path(tempfile.mkdtemp(prefix="tieout-prove-"))
    sys.stdout.write(f"SEED={arguments.seed}, in {folder}\n" + _FORMAT.format(*_HEADINGS, ""))
    lines = []
    for line in _all_lines(arguments, folder):
        lines.append(line)
        _tell(line)
    points = sum(line.points for line in lines)
    is_proven = all(line.is_proven for line in lines)
    verdict = "Nothing lost, nothing twice, every lie shown" if is_proven else "NOT PROVEN"
    sys.stdout.write(f"{verdict}: {points} points. Again: make prove SEED={arguments.seed}\n")
    return is_proven


def _run_long_tests() -> bool:
    """Run the tests that are too long for each change, in a process of their own; say whether all hold."""
    by_file = ["-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"]
    # Long ones run dozens of commands each: what `make test` gives to a test is not enough on a busy machine.
    patience = f"--timeout={_LONGEST_TEST_SECONDS}"
    command = [sys.executable, "-m", "pytest", *by_file, patience, "-q", "-m", "long or law"]
    return subprocess.run(command, env={**os.environ, LONG: "1"}, check=False).returncode == 0  # noqa: S603 - our own


def _all_lines(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    for name, prove in _PARTS.items():
        if arguments.only in ("", name):
            yield from prove(arguments, folder / name)


def _prove_faults(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    seed = arguments.seed
    yield from sweeps.sweep_faults(folder / "faults", seed)
    yield from sweeps.sweep_faults(folder / "hostile", seed, sweeps.HOSTILE)
    yield from sweeps.sweep_xml(folder / "xml", seed)
    yield from sweeps.sweep_kept_otherwise(folder / "kept", seed)
    yield from sweeps.sweep_faults_on_postgresql(folder / "postgresql", seed)


def _prove_lies(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    yield from sweeps.sweep_lies(folder / "sqlite", arguments.seed)
    yield from sweeps.sweep_lies_on_postgresql(folder / "postgresql", arguments.seed)


def _prove_ledger(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    yield sweeps.sweep_count(folder / "count")
    yield sweeps.sweep_unlinked(folder / "unlinked", arguments.seed, 18)


def _prove_rows(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    yield from sweeps.sweep_read_otherwise_on_both(folder, 4 * arguments.stride)


def _prove_disks(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    yield from sweeps.sweep_full_disks(folder, arguments.seed, 18)


def _prove_pairs(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    yield from sweeps.sweep_pairs(folder, arguments.seed, 18)


def _prove_retries(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    yield from sweeps.sweep_retries(folder, arguments.seed, 2 * arguments.stride)


def _prove_replacements(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    yield from sweep_replacements(folder, arguments.seed, 2 * arguments.stride)


def _prove_postgresql(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    yield from sweeps.sweep_postgresql(folder, arguments.seed, 18, 3 * arguments.stride)


def _prove_cluster(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    yield from sweep_cluster(folder, arguments.seed, max(1, 6 // arguments.stride))


def _prove_recovery(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    yield from sweep_recovery(folder, arguments.events)


def _prove_sites(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    yield from sweeps.sweep_sites(folder, arguments.seed, 6 * arguments.stride, 12)


def _prove_trusted(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    yield from sweep_trusted(folder, arguments.seed, 4 * arguments.stride)


def _prove_approvals(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    yield from sweep_approvals(folder, arguments.seed, 4 * arguments.stride)


def _prove_kills(arguments: argparse.Namespace, folder: Path) -> Iterator[sweeps.Line]:
    seed, stride = arguments.seed, arguments.stride
    yield sweeps.sweep_kills(folder / "kills", seed, "answers arrive", None, stride)
    yield sweeps.sweep_first_tables(folder / "tables", seed, 2 * stride)
    yield sweeps.sweep_kills(folder / "settles", seed, "answers are lost", sweeps.ANSWERS_LOST, stride)


_PARTS: dict[str, Callable[[argparse.Namespace, Path], Iterator[sweeps.Line]]] = {
    "faults": _prove_faults,
    "lies": _prove_lies,
    "ledger": _prove_ledger,
    "rows": _prove_rows,
    "disks": _prove_disks,
    "pairs": _prove_pairs,
    "retries": _prove_retries,
    "replaced": _prove_replacements,
    "postgresql": _prove_postgresql,
    "cluster": _prove_cluster,
    "recovery": _prove_recovery,
    "sites": _prove_sites,
    "trusted": _prove_trusted,
    "approvals": _prove_approvals,
    "kills": _prove_kills,
}


def _tell(line: sweeps.Line) -> None:
    note = f"see {', '.join(line.failed[:3])}" if line.failed and not line.is_proven else ""
    before = (line.points, line.events, line.lost, line.twice)
    after = (line.unknown, line.untold, line.tracebacks, round(line.seconds))
    sys.stdout.write(_FORMAT.format(line.trouble, *before, _share_shown(line), *after, note))
    sys.stdout.flush()


def _share_shown(line: sweeps.Line) -> str:
    """Say how much of what the service itself did wrong is shown; nothing of it is ours to prevent."""
    if line.damages is None:
        return "-"
    return f"{100 * line.shown // line.damages}%" if line.damages else "none"


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", choices=("", _TESTS, *_PARTS), default="")
    parser.add_argument("--events", type=int, default=5_000, help="of the ledger that is recovered")
    parser.add_argument("--stride", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = random.randrange(10_000)  # noqa: S311 - repeatable, not a secret
    return arguments


if __name__ == "__main__":
    sys.exit(main())
