"""A sample of `make mutants`: the same ones in every run of the tests."""

import tempfile
from functools import cache
from pathlib import Path

import pytest

from tests.mutants.judge import BAD, Truth, Verdict, judge, read_truth
from tests.mutants.mutate import Mutant, make_mutant
from tests.mutants.originals import Original, originals
from tests.mutants.worker import open_worker

_SEED, _COUNT, _PARTS = 20_260_301, 120, 8


@cache
def known() -> list[Original]:
    with tempfile.TemporaryDirectory() as folder:
        return originals(Path(folder))


@cache
def truth_of(original: Original) -> Truth:
    with tempfile.TemporaryDirectory() as folder:
        return read_truth(original, Path(folder))


def verdict_of(mutant: Mutant, folder: Path) -> Verdict:
    return judge(mutant, truth_of(mutant.original), folder)


@pytest.mark.first_case
@pytest.mark.parametrize("part", range(_PARTS))
def test_no_mutant_brings_a_wrong_row_or_a_traceback(part: int, tmp_path: Path) -> None:
    mutants = [make_mutant(_SEED, number, known()) for number in range(part, _COUNT, _PARTS)]
    verdicts = {mutant.number: verdict_of(mutant, tmp_path) for mutant in mutants}
    assert {number: verdict for number, verdict in verdicts.items() if verdict.outcome in BAD} == {}


def test_every_original_has_good_rows() -> None:
    assert [original.name for original in known() if not truth_of(original).good.total()] == []


def test_make_mutant_makes_the_same_again() -> None:
    assert make_mutant(1, 7, known()) == make_mutant(1, 7, known())


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        pytest.param(b"ClientId,Points,Action\nA,5,Earned\nB,6,Earned\n", "equal", id="nothing changed"),
        pytest.param(b"ClientId,Points,Action\nA,5,Earned\n", "fewer", id="a row gone"),
        pytest.param(b"ClientId,Points,Action\nA,50,Earned\nB,6,Earned\n", "changed", id="as the bytes say"),
        pytest.param(b"ClientId,Points,Action\nA,51,Earned\nB,62,Earned\n", "wrong", id="more than was touched"),
        pytest.param(b"ClientId,Points,Action\nA,x,Earned\nB,6,Earned\n", "equal", id="rejected"),
        pytest.param(b"nothing of it", "refused", id="refused"),
    ],
)
def test_judge_tells_what_came_of_it(content: bytes, outcome: str, tmp_path: Path) -> None:
    original = Original("a.csv", b"ClientId,Points,Action\nA,5,Earned\nB,6,Earned\n")
    assert verdict_of(Mutant(0, original, "by hand", 1, ".csv", content), tmp_path).outcome == outcome


def test_judge_allows_no_change_in_a_format_with_checksums(tmp_path: Path) -> None:
    original = Original("a.xlsx", b"ClientId,Points,Action\nA,5,Earned\n")
    changed = Mutant(0, original, "by hand", 1, ".csv", b"ClientId,Points,Action\nA,6,Earned\n")
    assert verdict_of(changed, tmp_path).outcome == "wrong"


@pytest.mark.long
def test_worker_judges_in_a_process_of_its_own() -> None:
    with open_worker(_SEED) as worker:
        name, _, verdict = worker.judge(0)
    assert (name, verdict.outcome in BAD) == (make_mutant(_SEED, 0, known()).original.name, False)
