"""Seed breaks of every class, match, and compare class by class.

python -m tests.truth [--events 1000000] [--breaks 5000] [--seed 1]
"""

import argparse
import sys

from tests.truth.compare import Line, compare
from tests.truth.seeded import seed_sides
from tests.truth.seeded_rewards import compare_rewards, seed_rewards


def main() -> int:
    """Print one line per class; 1 where a class or a single event comes out otherwise than seeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.truth", description="Matching against seeded breaks.")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--breaks", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    size = (arguments.events, arguments.breaks, arguments.seed)
    agree = [_tell("transactions", compare(seed_sides(*size))), _tell("rewards", compare_rewards(seed_rewards(*size)))]
    return 0 if all(agree) else 1


def _tell(what: str, lines: list[Line]) -> bool:
    sys.stdout.write(f"{what:<20}{'seeded':>12}{'found':>12}{'the same':>12}\n")
    for line in lines:
        told = f"{line.outcome:<20}{line.seeded:>12,}{line.found:>12,}{line.right:>12,}"
        sys.stdout.write(f"{told}{'' if line.agrees else '   DIFFERS'}\n")
    return all(line.agrees for line in lines)


if __name__ == "__main__":
    sys.exit(main())
