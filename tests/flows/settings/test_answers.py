"""What people answer about their sheets is kept, also where several answer at one moment."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flows.runtime.errors import CouldNotRun
from flows.settings.answers import changed_answers, read_answers
from flows.settings.load import load_settings


def test_no_answer_of_many_at_once_is_lost(workspace: Path) -> None:
    settings = load_settings(workspace / "tieout.toml")

    def answer(number: int) -> None:
        with changed_answers(settings) as answers:
            answers.sites[str(number)] = {"times": "utc"}
            answers.layouts[f"Heading {number}"] = {"Heading": "points"}

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(answer, range(40)))
    assert (len(read_answers(settings)), len(read_answers(settings, "sites"))) == (40, 40)


def test_an_answer_that_cannot_be_kept_is_told_and_what_was_kept_stays(workspace: Path) -> None:
    settings = load_settings(workspace / "tieout.toml")
    with changed_answers(settings) as answers:
        answers.sites["-99"] = {"times": "utc"}
    (workspace / ".tieout" / "layouts.lock").unlink()
    (workspace / ".tieout" / "layouts.lock").mkdir()
    with pytest.raises(CouldNotRun, match="the answer cannot be kept"), changed_answers(settings) as answers:
        answers.sites.clear()
    assert read_answers(settings, "sites") == {"-99": {"times": "utc"}}
