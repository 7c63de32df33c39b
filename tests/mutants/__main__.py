"""`make mutants`: damage good files of every format in every way, and look for a wrong row, a traceback or a hang.

    make mutants                      10,000 mutants, some minutes
    make mutants SEED=7 COUNT=500     the same again: the seed is printed with the table
    python -m tests.mutants --seed 7 --first 123 --count 1 --keep FOLDER    one of them, kept to look at

Exit code 1 where any was wrong.
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.mutants.judge import BAD, GOOD
from tests.mutants.mutate import make_mutant
from tests.mutants.originals import originals
from tests.mutants.worker import open_worker

_OUTCOMES = (*GOOD, *BAD)
_SHOWN = 20


def main() -> int:
    """Judge the mutants that are asked for and print a table by format and by damage."""
    arguments = _read_arguments()
    numbers = range(arguments.first, arguments.first + arguments.count)
    by_format: Counter[tuple[str, str]] = Counter()
    by_kind: Counter[tuple[str, str]] = Counter()
    with open_worker(arguments.seed) as worker:
        for number in numbers:
            name, kind, verdict = worker.judge(number)
            by_format[Path(name).suffix, verdict.outcome] += 1
            by_kind[kind, verdict.outcome] += 1
            if verdict.outcome in BAD or arguments.verbose:
                sys.stdout.write(f"{number} {name}, {kind}: {verdict.outcome}: {verdict.said}\n")
                sys.stdout.flush()
    if arguments.keep:
        _keep(arguments.keep, arguments.seed, numbers)
    _tell("format", by_format)
    _tell("damage", by_kind)
    bad = sum(count for (_, outcome), count in by_kind.items() if outcome in BAD)
    verdict_line = "No wrong row, no traceback, no hang" if not bad else f"{bad} BAD"
    sys.stdout.write(f"{verdict_line}: {len(numbers)} mutants. Again: make mutants SEED={arguments.seed}\n")
    return 1 if bad else 0


def _tell(title: str, counts: Counter[tuple[str, str]]) -> None:
    line = "{:<16}" + " {:>9}" * len(_OUTCOMES) + "\n"
    sys.stdout.write(line.format(title, *_OUTCOMES))
    for name in sorted({name for name, _ in counts}):
        sys.stdout.write(line.format(name, *(counts[name, outcome] for outcome in _OUTCOMES)))
    sys.stdout.write(
        line.format("all", *(sum(counts[n, o] for n, o in counts if o == outcome) for outcome in _OUTCOMES))
    )


def _keep(folder: Path, seed: int, numbers: range) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        known = originals(Path(made))
    for number in numbers[:_SHOWN]:
        mutant = make_mutant(seed, number, known)
        (folder / f"{number}{mutant.suffix}").write_bytes(mutant.content)


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--verbose", action="store_true", help="a line for every mutant")
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = random.randrange(10_000)  # noqa: S311 - repeatable, not a secret
    return arguments


if __name__ == "__main__":
    sys.exit(main())
