"""Seed breaks of every class, match, and compare class by class; then live a month of honest exports.

python -m tests.truth [--events 1000000] [--breaks 5000] [--seed 1] [--nights 30]
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.truth.balance_month import live_a_month as live_a_balance_month
from tests.truth.compare import Line, compare
from tests.truth.honest_month import live_a_month, read_and_register, studios
from tests.truth.seeded import seed_sides
from tests.truth.seeded_rewards import compare_rewards, seed_rewards

_CLIENTS = 40


def main() -> int:
    """Print one line per class; 1 where a class or a single event comes out otherwise than seeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.truth", description="Matching against seeded breaks.")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--breaks", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nights", type=int, default=30)
    arguments = parser.parse_args()
    size = (arguments.events, arguments.breaks, arguments.seed)
    agree = [_tell("transactions", compare(seed_sides(*size))), _tell("rewards", compare_rewards(seed_rewards(*size)))]
    agree += [_tell_month(arguments, with_corrections=corrected) for corrected in (False, True)]
    agree.append(_tell_balances(arguments))
    return 0 if all(agree) else 1


def _tell_month(arguments: argparse.Namespace, *, with_corrections: bool) -> bool:
    with TemporaryDirectory() as folder, studios(Path(folder)) as (ledger, settings):
        month = live_a_month(
            ledger,
            settings,
            nights=arguments.nights,
            seed=arguments.seed,
            with_corrections=with_corrections,
            take_in=read_and_register,
        )
    sys.stdout.write(
        f"{month.nights} nights, {month.files:,} files, {month.rows:,} rows: {month.moved:,} rescheduled, "
        f"{month.corrected:,} corrections seeded, {month.held:,} held\n"
    )
    for told in month.not_held:
        sys.stdout.write(f"   NOT HELD {told}\n")
    for told in month.held_wrongly:
        sys.stdout.write(f"   HELD {told}\n")
    return month.is_right


def _tell_balances(arguments: argparse.Namespace) -> bool:
    """Live the same month with the proof by the balance on and off: it may find nothing less."""
    with TemporaryDirectory() as folder:
        on, off = (
            live_a_balance_month(
                Path(folder) / proof, proof, arguments.seed, nights=arguments.nights, clients_count=_CLIENTS
            )
            for proof in ("balance", "read")
        )
    missing = off.found - on.found
    sys.stdout.write(
        f"{arguments.nights} nights of {_CLIENTS} clients: {off.found.total()} breaks where everybody is read "
        f"({off.calls:,} calls), {on.found.total()} where the balance proves ({on.calls:,} calls), once its turn has "
        f"come; {missing.total()} not found\n"
    )
    for client, points in missing:
        sys.stdout.write(f"   NOT FOUND {client}: {points}\n")
    return not missing


def _tell(what: str, lines: list[Line]) -> bool:
    sys.stdout.write(f"{what:<20}{'seeded':>12}{'found':>12}{'the same':>12}\n")
    for line in lines:
        told = f"{line.outcome:<20}{line.seeded:>12,}{line.found:>12,}{line.right:>12,}"
        sys.stdout.write(f"{told}{'' if line.agrees else '   DIFFERS'}\n")
    return all(line.agrees for line in lines)


if __name__ == "__main__":
    sys.exit(main())
