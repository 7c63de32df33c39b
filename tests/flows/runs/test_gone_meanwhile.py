"""A file that leaves the inbox, or changes, while a night is at it: told where nobody has taken it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flows.ledger.summary import Summary
from flows.runs.nightly import nightly
from flows.sandbox import start_sandbox
from tests.flows.shell import tieout
from tests.flows.workplace import HEADINGS, Workplace, earned


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, Any]]:
    with start_sandbox(options=("--extra-clients", "9")) as found:
        yield found


class _When:
    """Does something, once, as a night comes to a step."""

    def __init__(self, step: str, do: Callable[[], object]) -> None:
        self._step, self._do = step, do

    def __call__(self, line: str, /) -> None:
        if line == self._step:
            self._step = ""
            self._do()

    def count(self, more: int, /, unit: str = "events") -> None:
        pass


def night(workplace: Workplace, step: str, do: Callable[[], object]) -> Summary:
    return nightly(workplace.settings, progress=_When(step, do))


@pytest.mark.parametrize("step", ["checking a.csv", "registering a.csv"])
def test_a_file_that_somebody_moved_away_meanwhile_is_told(step: str, workplace: Workplace) -> None:
    path = workplace.put("a.csv", earned("200000001", time="2026-09-01T17:00:00Z"))
    ended = night(workplace, step, path.unlink)
    assert (int(ended.exit_code), [one.what for one in ended.not_read]) == (3, ["a.csv"])
    assert ["a.csv: it lay in the inbox as this night began, and is gone" in line for line in ended.failures] == [True]
    assert "What was read ties out" in "\n".join(ended.lines)
    assert workplace.rows("SELECT name FROM files WHERE name = 'a.csv'") == []


@pytest.mark.first_case
@pytest.mark.parametrize(("step", "client_id"), [("checking b.csv", "200000002"), ("registering b.csv", "200000004")])
def test_a_file_that_another_night_took_meanwhile_is_nobodys_trouble(
    step: str, client_id: str, workplace: Workplace
) -> None:
    workplace.put("b.csv", earned(client_id, time="2026-09-02T17:00:00Z"))
    other = ("run", "--plain", "--config", workplace.config)
    ended = night(workplace, step, lambda: tieout(*other))
    assert (int(ended.exit_code), ended.not_read, ended.failures) == (0, (), ())
    assert len(workplace.commits(client_id)) == 1


def test_a_file_that_changed_after_it_was_checked_is_not_read(workplace: Workplace) -> None:
    path = workplace.put("c.csv", earned("200000003", time="2026-09-03T17:00:00Z"))
    other = f"{HEADINGS}\n{earned('200000003', 7, time='2026-09-04T17:00:00Z')}\n"
    ended = night(workplace, "registering c.csv", lambda: path.write_text(other))
    assert (int(ended.exit_code), [one.what for one in ended.not_read]) == (3, ["c.csv"])
    assert path.exists()
    assert nightly(workplace.settings).totals["posted"] == 1
    assert [line["points"] for line in workplace.commits("200000003")] == [7]
