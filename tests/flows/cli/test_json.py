"""Every command with --json: one object and nothing else, or, where it ends before it has anything to tell, nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from tests.flows.cli.every_command import commands_with
from tests.flows.command import Command
from tests.flows.workplace import Workplace

_WITH_JSON = {name: [*words, "--json"] for name, words in commands_with("json").items()}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with start_sandbox(options=("--extra-clients", "2")) as found:
        yield found


def test_the_commands_of_the_contract_take_json() -> None:
    promised = {"check", "run", "upload", "settle", "reconcile", "breaks", "doctor", "status", "retry", "reverse"}
    promised |= {"recover", "db backup", "db bind", "db archive", "template", "layout", "month", "sign", "client"}
    promised |= {"notify test", "user add"}
    assert promised - _WITH_JSON.keys() == set()


@pytest.mark.parametrize("name", sorted(_WITH_JSON))
def test_where_the_settings_are_wrong_stdout_is_empty_and_a_line_says_why(
    name: str, bare_tieout: Command, tmp_path: Path
) -> None:
    (tmp_path / "tieout.toml").write_text("[[[")
    ended = bare_tieout(*_WITH_JSON[name], "--config", tmp_path / "tieout.toml", folder=tmp_path)
    told = json.loads(ended.out)["checks"][0]["message"] if name == "doctor" else ended.err
    assert (ended.code, "tieout.toml is no valid TOML" in told) == (2, True), ended
    assert name == "doctor" or ended.out == ""
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("name", sorted(_WITH_JSON))
def test_whatever_is_asked_stdout_is_one_object_or_empty(name: str, bare_tieout: Command, workplace: Workplace) -> None:
    ended = bare_tieout(*_WITH_JSON[name], "--config", workplace.config, folder=workplace.folder)
    assert ended.out or ended.code in (2, 3), ended
    if ended.out:
        assert isinstance(json.loads(ended.out), dict | list)
    assert "Traceback" not in ended.err


def test_a_copy_of_the_ledger_and_what_is_bound_are_told_as_json(bare_tieout: Command, workplace: Workplace) -> None:
    copy = workplace.folder / "copy.db"
    told = bare_tieout("db", "backup", copy, "--json", "--config", workplace.config)
    assert (told.code, told.json, copy.is_file()) == (0, {"copy": str(copy)}, True)
    bound = bare_tieout("db", "bind", "--by", "Ann", "--reason", "moved", "--json", "--config", workplace.config)
    assert (bound.code, list(bound.json)) == (0, ["bound"])
    old = bare_tieout("db", "archive", "--before", "2020-01-01", "--json", "--config", workplace.config)
    assert old.json == {"before": "2020-01-01", "attempts": 0, "files": []}
