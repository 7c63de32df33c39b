"""Where nothing says which services there are, nothing ties out: in an empty folder, or by half a settings file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.sandbox import start_sandbox
from tests.flows.command import Command
from tests.flows.workplace import Workplace, earned, open_workplace

ROW = "ClientId,Points,Action,Source,SourceId,ActionDateTime\n1,5,Earned,Sale,7,2026-01-01T10:00:00Z\n"
THAT_LOOK = [
    ("status",),
    ("breaks",),
    ("plan",),
    ("files",),
    ("month", "2026-09"),
    ("trace", "x"),
    ("client", "1"),
    ("user", "list"),
    ("clean",),
    ("recover",),
    ("db", "current"),
    ("db", "upgrade"),
]
THAT_WORK = [
    ("run",),
    ("run", "--plain"),
    ("upload", "rows.csv", "--yes"),
    ("plan", "rows.csv"),
    ("settle",),
    ("reconcile",),
    ("serve",),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text(ROW)
    return tmp_path


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


@pytest.mark.parametrize("command", THAT_LOOK + THAT_WORK, ids=" ".join)
def test_a_command_in_an_empty_folder_says_so_and_makes_no_ledger(
    command: tuple[str, ...], folder: Path, typed: Command
) -> None:
    ended = typed(*command)
    assert (ended.code, ended.out, "tieout.toml" in ended.err, "--config" in ended.err) == (2, "", True, True)
    assert not list(folder.glob("*.db")) + list(folder.glob("reports/*"))


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """A workplace that posted a row, and whose settings were cut short since."""
    with start_sandbox(options=("--extra-clients", "1")) as ready:
        workplace = open_workplace(tmp_path_factory.mktemp("sent"), ready)
        workplace.put("rows.csv", earned("200000001"))
        assert workplace.run().totals["posted"] == 1
        yield workplace.configure('[inbox]\nurl = "inbox"\n')


@pytest.mark.parametrize("command", [("run", "--plain"), ("settle",), ("reconcile",)], ids=" ".join)
def test_settings_that_name_no_service_any_more_tie_nothing_out(
    command: tuple[str, ...], sent: Workplace, typed: Command
) -> None:
    ended = typed(*command, "--config", sent.config)
    assert (ended.code, ended.out) == (2, "")
    assert f"No service is configured in {sent.config}, and this ledger has sent events to Mindbody" in ended.err
