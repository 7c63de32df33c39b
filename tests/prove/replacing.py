"""Kill whatever happens while a corrected row takes the place of the one that was posted, and see each paid once.

The order is the proof: what was posted, then what takes it back, then the corrected row, and nothing of it twice.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.postgresql import postgresql_server
from tests.prove.command import Trouble, run_to_end
from tests.prove.compare import Found, log_length, read_log
from tests.prove.ledgers import read_rows
from tests.prove.sweeps import ANSWERS_LOST, Line, run_trials
from tests.prove.trial import Bench, Ended, begin_night

_NONE = Trouble()
_MOST_RUNS = 12
_LEFT = "SELECT state FROM events WHERE state IN ('held', 'ready', 'sending', 'unknown')"
_HELD = "SELECT event_id FROM events WHERE state = 'held'"
_STEPS_OF_A_DECISION = 50  # counted: some 45
_FIRST_STEP, _LAST_STEP = 20, 260  # of the night after it


def sweep_replacements(folder: Path, seed: int, stride: int) -> Iterator[Line]:
    """Kill the decision at its steps, and the night after it, where answers arrive and where they are lost."""
    decisions = range(1 + seed % stride, _STEPS_OF_A_DECISION, stride)
    nights = range(_FIRST_STEP + seed % stride, _LAST_STEP, stride)
    yield sweep_replacements_at(folder / "sqlite", "SIGKILL as a row is replaced", decisions, nights)
    yield sweep_replacements_at(folder / "lost", "the same, answers are lost", (), nights, faults=ANSWERS_LOST)
    with postgresql_server("fsync=off") as server:
        name = "PostgreSQL: SIGKILL as a row is replaced"
        yield sweep_replacements_at(folder / "postgresql", name, decisions, nights, server=server)


def sweep_replacements_at(
    folder: Path, name: str, decisions: Sequence[int], nights: Sequence[int], **where: Any
) -> Line:
    """Kill at each of these steps; ``where`` is as `run_trials` takes it."""
    trials = [_replaced(of_decision=Trouble(die_at_step=point)) for point in decisions]
    trials += [_replaced(of_night=Trouble(die_at_step=point)) for point in nights]
    return run_trials(folder, name, trials, **where)


def _replaced(*, of_decision: Trouble = _NONE, of_night: Trouble = _NONE) -> Callable[[Bench], Ended]:
    def prove(bench: Bench) -> Ended:
        night, config, database_url = begin_night(bench)
        since = log_length(bench.ready)
        clients = sorted({transaction[0] for transaction in night.transactions})
        rows = [[client, 10 + place, f"2025-11-0{1 + place}T17:00:00Z"] for place, client in enumerate(clients)]
        for path in (config.parent / "inbox").iterdir():
            path.unlink()
        _write(config, "sheet.csv", rows)
        _run_until(config, database_url, "SELECT 1 FROM events WHERE state <> 'posted'")
        rows[3][1] = 99
        _write(config, "again.csv", rows)
        run_to_end(config)
        ((event_id,),) = read_rows(database_url, _HELD)
        words = ("replace", event_id, "--by", "Kim", "--reason", "a slip")
        was_hit = run_to_end(config, of_decision, words) not in {0, 1}
        run_to_end(config, words=words)  # whoever was killed types it again
        was_hit |= of_night != _NONE and run_to_end(config, of_night) not in {0, 1}
        runs = _run_until(config, database_url, _LEFT)
        found = _judge(read_log(bench.ready, since), rows, database_url)
        tracebacks = (config.parent / "run.err").read_text(encoding="utf-8").count("Traceback")
        return Ended(found, len(rows) + 2, runs, was_hit, 0, config.parent, tracebacks)

    return prove


def _write(config: Path, name: str, rows: Sequence[Sequence[Any]]) -> None:
    lines = [f"{client},{points},Earned,Sale,{at}" for client, points, at in rows]
    text = "\n".join(["ClientId,Points,Action,Source,ActionDateTime", *lines]) + "\n"
    (config.parent / "inbox" / name).write_text(text, encoding="utf-8")


def _run_until(config: Path, database_url: str, left: str) -> int:
    """Run nights until the query finds nothing any more; return how many."""
    for runs in range(1, _MOST_RUNS + 1):
        if run_to_end(config) in {0, 1} and not read_rows(database_url, left):
            return runs
    return _MOST_RUNS


def _judge(log: Sequence[dict[str, Any]], rows: Sequence[Sequence[Any]], database_url: str) -> Found:
    """Look for each client's entries in their order."""
    lost, twice = [], []
    for place, (client, points, _) in enumerate(rows):
        entries = [(line["action"], line["points"]) for line in log if line.get("client_id") == client]
        due = [("Earned", points)]
        if place == 3:
            due = [("Earned", 13), ("Redeemed", 13), ("Earned", points)]
        lost += [f"{client}: {one}" for one in (Counter(due) - Counter(entries)).elements()]
        twice += [f"{client}: {one}" for one in (Counter(entries) - Counter(due)).elements()]
        if not lost and not twice and entries != due:
            twice.append(f"{client}: in another order, {entries}")
    states = Counter(state for (state,) in read_rows(database_url, _LEFT))
    return Found(tuple(lost), tuple(twice), states, untold=0, open_breaks=Counter(), damages=0, shown=0)
