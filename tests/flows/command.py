"""The command as a shell sees it, run within this process: exit code, stdout, stderr."""

import io
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from flows.cli import main
from tests.flows.workplace import Workplace


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Everything that is for a terminal."""
        return self.out + self.err


class Command:
    """Runs `tieout` with these arguments, through `main` itself."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        # So that what --config sets is gone after the test.
        monkeypatch.setenv("TIEOUT_CONFIG", "")

    def __call__(self, *arguments: object, answer: str = "", folder: Path | None = None) -> Ended:
        """Run one command, with what a person types, and in this folder where one is named."""
        if folder is not None:
            self._monkeypatch.chdir(folder)
        self._monkeypatch.setattr(sys, "argv", ["tieout", *map(str, arguments)])
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Ended(int(ended.value.code or 0), *self._capsys.readouterr())


class Tieout:
    """Runs `tieout` for one workplace."""

    def __init__(
        self, workplace: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.workplace = workplace
        self._command = Command(monkeypatch, capsys)

    def __call__(self, *arguments: object, answer: str = "") -> Ended:
        """Run one command, with what a person types."""
        return self._command(*arguments, "--config", self.workplace.config, answer=answer)

    def night(self) -> Ended:
        """Run a night plainly; its JSON must tie."""
        ended = self("run", "--plain", "--json")
        assert ended.json["ties_out"], ended
        return ended
