"""What a line says of sending is true whenever it is said: "nothing was sent" only where nothing can have been."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from flows.runs.nightly import nightly
from flows.sandbox import start_sandbox
from flows.services.mindbody import client
from tests.flows.workplace import ROOT, earned, open_workplace

P = ParamSpec("P")
R = TypeVar("R")

# Modules whose lines are told before a run has sent anything, or by commands that send nothing.
BEFORE_SENDING = {
    "flows/cli/plan.py",  # the file is held
    "flows/cli/reverse.py",
    "flows/cli/upload.py",  # nothing of the file is new
    "flows/ledger/recognize.py",  # as the ledger is opened
    "flows/loader/look_back.py",  # before the first claim
    "flows/review/shown.py",  # what is shown of a plan, which waits
}


def test_only_what_is_told_before_sending_says_that_nothing_was_sent() -> None:
    sources = [path for room in ("flows", "sql", "transforms") for path in (ROOT / room).rglob("*.py")]
    saying = {str(path.relative_to(ROOT)) for path in sources if "othing was sent" in path.read_text()}
    assert saying == BEFORE_SENDING


def test_a_service_that_goes_away_after_posting_is_no_reason_to_say_that_nothing_was_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as sandbox:
        ready = sandbox.enter_context(start_sandbox(state=tmp_path / "sandbox.db"))
        workplace = open_workplace(tmp_path / "work", ready)
        workplace.put("a.csv", earned(ready["mindbody"]["client_ids"][0]))
        # Each request needs a new token, so that the one that fails is a token's.
        monkeypatch.setattr(client, "_TOKEN_LIFE", timedelta(0))

        def step(name: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
            if name == "reconcile":
                sandbox.close()
            return function(*args, **kwargs)

        ended = nightly(workplace.settings, step)
    said = " ".join([*ended.failures, *ended.lines, *(one.why for one in ended.not_read)])
    assert ended.totals["posted"] == 1
    assert "is out of reach" in said
    assert "othing was sent" not in said
