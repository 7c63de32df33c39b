"""Kill a person's approval at its steps, and the night that posts what was approved: everything once, or asked again.

A sheet is planned, so that all of it is held and nothing sent. A killed approval either stands as a whole or was never
given, and the second one says which. Then the next night posts, is killed, and is run again until quiet.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.postgresql import postgresql_server
from tests.prove.command import Trouble, run_to_end
from tests.prove.ledgers import read_rows
from tests.prove.sweeps import ANSWERS_LOST, Line, run_trials
from tests.prove.trial import Bench, Ended, database_url_of, prove_night

_NONE = Trouble()
_STEPS_OF_AN_APPROVAL = 60  # counted: some 50
_STEPS_OF_THE_NIGHT = range(20, 340)
_GIVEN, _GIVEN_BEFORE = 0, 2  # exit codes of an approval


def sweep_approvals(folder: Path, seed: int, stride: int) -> Iterator[Line]:
    """Kill the approval, and the night after it, on both databases."""
    approvals = range(1 + seed % stride, _STEPS_OF_AN_APPROVAL, stride)
    nights = _STEPS_OF_THE_NIGHT[seed % stride :: 2 * stride]
    yield sweep_approvals_at(folder / "sqlite", "SIGKILL in and after an approval", approvals, nights)
    yield sweep_approvals_at(folder / "lost", "the same, answers are lost", (), nights, faults=ANSWERS_LOST)
    with postgresql_server("fsync=off") as server:
        name = "PostgreSQL: SIGKILL in and after an approval"
        yield sweep_approvals_at(folder / "postgresql", name, approvals, nights, server=server)


def sweep_approvals_at(folder: Path, name: str, approvals: Sequence[int], nights: Sequence[int], **where: Any) -> Line:
    """Kill at each of these steps; ``where`` is as `run_trials` takes it."""
    trials = [_approved(of_approval=Trouble(die_at_step=point)) for point in approvals]
    trials += [_approved(of_night=Trouble(die_at_step=point)) for point in nights]
    return run_trials(folder, name, trials, **where)


def _approved(*, of_approval: Trouble = _NONE, of_night: Trouble = _NONE) -> Callable[[Bench], Ended]:
    def prove(bench: Bench) -> Ended:
        def first(config: Path) -> bool:
            hits = []
            for sheet in sorted((config.parent / "inbox").iterdir()):
                plan_id = _plan(config, sheet)
                hits.append(run_to_end(config, of_approval, _approve(plan_id)) not in {_GIVEN, _GIVEN_BEFORE})
                _approve_again(config, plan_id)
            hits.append(of_night != _NONE and run_to_end(config, of_night) not in {0, 1})
            return any(hits)

        return prove_night(bench, first)

    return prove


def _plan(config: Path, sheet: Path) -> str:
    """Hold everything of a sheet; return the id of the plan."""
    aside = config.parent / sheet.name
    sheet.rename(aside)
    run_to_end(config, words=("plan", str(aside)))
    ((plan_id,),) = read_rows(database_url_of(config), "SELECT DISTINCT run_id FROM events WHERE state = 'held'")
    return str(plan_id)


def _approve(plan_id: str) -> tuple[str, ...]:
    return ("approve", plan_id, "--by", "Kim")


def _approve_again(config: Path, plan_id: str) -> None:
    """Let whoever was killed type it again; all of it was approved before, or nothing was: never a part."""
    database_url = database_url_of(config)
    of_plan = f"SELECT state FROM events WHERE run_id = '{plan_id}'"  # noqa: S608
    states = Counter(state for (state,) in read_rows(database_url, of_plan))
    assert len(states) == 1, f"A part of {plan_id} was approved in {config.parent}: {states}"
    code = run_to_end(config, words=_approve(plan_id))
    wanted = _GIVEN if states["held"] else _GIVEN_BEFORE
    assert code == wanted, f"Approving {plan_id} a second time ended with {code} in {config.parent}"
    sql = f"SELECT 1 FROM event_decisions WHERE verb = 'approve' AND about = 'plan {plan_id}'"  # noqa: S608
    assert len(read_rows(database_url, sql)) == 1, f"{plan_id} was decided about more than once in {config.parent}"
