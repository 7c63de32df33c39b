"""Count the metered calls of a night of 525 events of 320 clients, with each way of proving what was posted.

    python -m tests.bench.calls

The floor is a call an event: the service takes one event a request. The goals are 1.05 calls an event without the
readings by turn, and 1.2 with them; those readings follow from how many clients are posted to within the days that they
are spread over. Counted are nights after the site has earned its trust.
"""

import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from flows.sandbox import start_sandbox
from tests.flows.workplace import Workplace, earned, open_workplace
from transforms.reconcile.proof import Why

_EVENTS, _CLIENTS = 525, 320
_GOAL_WITHOUT, _GOAL_WITH = 1.05, 1.2
_COUNTED = 3  # nights
_BY_TURN = "SELECT count(*) AS readings FROM balance_readings WHERE run_id = '{run_id}' AND why = '{why}'"


@dataclass
class Counted:
    """What so many nights took."""

    events: int = 0
    calls: int = 0
    by_turn: int = 0  # of the calls

    @property
    def without_turns(self) -> float:
        return (self.calls - self.by_turn) / self.events

    @property
    def with_turns(self) -> float:
        return self.calls / self.events


def main() -> int:
    """Print a line for each way; 1 where a goal is missed."""
    read = _count_nights("read", _CLIENTS, before=1)
    _tell("every client read", read)
    balance = _count_nights("balance", _CLIENTS, before=2)
    _tell("by the balance", balance)
    _tell("by the balance, of 800 clients", _count_nights("balance", 800, before=7))
    is_met = balance.without_turns <= _GOAL_WITHOUT and balance.with_turns <= _GOAL_WITH
    sys.stdout.write(f"goal: {_GOAL_WITHOUT} without readings by turn, {_GOAL_WITH} with them\n")
    return 0 if is_met else 1


def _count_nights(proof: str, regulars: int, before: int) -> Counted:
    """Count some nights whose clients are drawn from so many, after others in which trust was earned."""
    drawn = random.Random(7)  # noqa: S311
    counted = Counted()
    with tempfile.TemporaryDirectory() as folder:
        options = ("--extra-clients", str(regulars))
        with start_sandbox(state=Path(folder) / "sandbox.json", options=options) as ready:
            place = open_workplace(Path(folder), ready, calls_per_day=1_000_000)
            place.config.write_text(f'{place.config.read_text("utf-8")}proof = "{proof}"\n', "utf-8")
            clients = ready["mindbody"]["client_ids"][-regulars:]
            days = count(1)
            for _ in range(before):
                _night(place, drawn.sample(clients, _CLIENTS), next(days))
            for _ in range(_COUNTED):
                _add(counted, place, drawn.sample(clients, _CLIENTS), next(days))
    return counted


def _add(counted: Counted, place: Workplace, clients: Sequence[str], day: int) -> None:
    run_id, calls = _night(place, clients, day)
    (row,) = place.rows(_BY_TURN.format(run_id=run_id, why=Why.TURN))
    counted.events += _EVENTS
    counted.calls += calls
    counted.by_turn += row["readings"]


def _night(place: Workplace, clients: Sequence[str], day: int) -> tuple[str, int]:
    rows = [_event(clients[number % len(clients)], number, day) for number in range(_EVENTS)]
    place.put(f"{day}.csv", *rows)
    ended = place.run()
    assert ended.totals["posted"] == _EVENTS, ended.lines
    assert ended.calls_made is not None
    return ended.run_id, ended.calls_made


def _event(client: str, number: int, day: int) -> str:
    """Return an event that is like none of another night, or it would be held for looking like that one, corrected."""
    time = f"{number // 60:02}:{number % 60:02}"
    return earned(client, 10 * day + number % 9, f"2025-10-{day:02}T{time}:00Z")


def _tell(what: str, counted: Counted) -> None:
    figures = f"{counted.without_turns:5.2f} calls an event, {counted.with_turns:5.2f} with readings by turn"
    sys.stdout.write(f"{what:<32} {figures} ({counted.by_turn / _COUNTED:.0f} a night)\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
