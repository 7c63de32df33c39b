"""Two runs at once: nothing is sent twice, each report ties, and both say that their sum is too much."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.runs.upload import upload
from flows.sandbox import start_sandbox
from tests.flows.shell import Ended, tieout
from tests.flows.workplace import Workplace, earned


@pytest.fixture
def ready() -> Iterator[dict[str, Any]]:
    with start_sandbox(options=("--extra-clients", "6")) as found:
        yield found


class _Meanwhile:
    """Says nothing, and uploads another file by a process of its own as the first event is about to be sent."""

    def __init__(self, workplace: Workplace, path: Path) -> None:
        self._command = ("upload", path, "--yes", "--json", "--config", workplace.config)
        self.ended: Ended | None = None

    def __call__(self, line: str, /) -> None:
        if line.startswith("posting") and self.ended is None:
            self.ended = tieout(*self._command)

    def count(self, more: int, /, unit: str = "events") -> None:
        pass


def test_two_runs_at_once_say_that_their_reports_do_not_add_up(workplace: Workplace, tmp_path: Path) -> None:
    first = workplace.put("first.csv", *(earned(f"20000000{number}") for number in (1, 2, 3)))
    second = workplace.put("second.csv", *(earned(f"20000000{number}") for number in (4, 5)))
    meanwhile = _Meanwhile(workplace, second)
    mine = upload(workplace.settings, first, progress=meanwhile)
    assert meanwhile.ended is not None
    theirs = meanwhile.ended.json
    assert (len(workplace.commits()), mine.totals["ties_out"], theirs["ties_out"]) == (5, True, True)
    assert (mine.totals["posted"], theirs["posted"]) == (3, 5)
    for notes, other in ((mine.notes, theirs["run_id"]), (theirs["notes"], mine.run_id)):
        (told,) = [note for note in notes if "do not add these reports up" in note]
        assert told.startswith(f"3 posted events are counted by {other}, too")
    month = tieout("month", "2026-09", "--json", "--config", workplace.config).json
    assert [line["events"] for line in month["walk"] if line["line"] == "posted" and line["kind"] == "earned"] == [5]


def test_runs_one_after_the_other_say_nothing_of_the_kind(workplace: Workplace) -> None:
    for number in (1, 2):
        path = workplace.put(f"{number}.csv", earned(f"20000000{number}"))
        ended = upload(workplace.settings, path)
        assert not [note for note in ended.notes if "add these reports up" in note]
