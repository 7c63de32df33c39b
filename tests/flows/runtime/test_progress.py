import pytest

from flows.runtime import progress
from flows.runtime.progress import Stderr, say_nothing


def test_stderr_says_each_step_and_nothing_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    Stderr()("posting")
    assert capsys.readouterr() == ("", "posting\n")


def test_stderr_counts_since_the_step_began_and_only_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Stderr()
    told("posting")
    told.count(5)
    assert capsys.readouterr().err == "posting\n"
    monkeypatch.setattr(progress, "_EVERY_SECONDS", 0.0)
    told.count(1_000)
    assert capsys.readouterr().err.startswith("  1,005 events, ")


def test_say_nothing_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    say_nothing("posting")
    say_nothing.count(3)
    assert capsys.readouterr() == ("", "")
