"""``tieout init``: a settings file that leads from an empty folder to a first night."""

import stat
from pathlib import Path

import pytest

from flows.sandbox import start_sandbox
from tests.flows.command import Command
from tests.flows.workplace import HEADINGS, earned


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(tmp_path)
    return Command(monkeypatch, capsys)


def test_init_filled_in_runs_a_night(typed: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "tieout.toml"
    assert typed("init", "--site", "-99", "--timezone", "America/Los_Angeles").code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with start_sandbox(options=("--extra-clients", "1")) as ready:
        text = file.read_text()
        for key in ("api_key", "username", "password"):
            text = text.replace(f'# {key} = ""', f'{key} = "{ready["mindbody"][key]}"')
        file.write_text(text)
        monkeypatch.setenv("TIEOUT_MINDBODY__BASE_URL", ready["url"])
        doctor = typed("doctor")
        assert (doctor.code, "fail" in doctor.out) == (0, False), doctor
        (tmp_path / "inbox").mkdir()
        (tmp_path / "inbox" / "rows.csv").write_text(f"{HEADINGS}\n{earned('200000001')}\n")
        night = typed("run", "--plain", "--json")
    assert (night.code, night.json["posted"]) == (0, 1), night


def test_what_init_writes_says_what_is_missing_until_it_is_filled_in(typed: Command) -> None:
    typed("init", "--site", "7", "--timezone", "Europe/Berlin", "--times", "utc")
    ended = typed("run", "--plain")
    assert (ended.code, "mindbody.sites.0.username" in ended.err) == (2, True)


def test_init_without_a_site_names_no_service(typed: Command) -> None:
    assert typed("init").code == 0
    doctor = typed("doctor")
    assert (doctor.code, "No service is configured" in doctor.out) == (2, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(("--site", "7"), "--timezone", id="no zone"),
        pytest.param(("--site", "7", "--timezone", "Mars/Dome"), "Mars/Dome", id="no such zone"),
        pytest.param(("--site", "", "--timezone", "UTC"), "site", id="no site"),
    ],
)
def test_init_refuses_a_site_that_is_none(typed: Command, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    ended = typed("init", *options)
    assert (ended.code, said in ended.err, list(tmp_path.iterdir())) == (2, True, []), ended


def test_init_overwrites_nothing(typed: Command, tmp_path: Path) -> None:
    (tmp_path / "tieout.toml").write_text("mine")
    assert typed("init").code == 2
    assert (tmp_path / "tieout.toml").read_text() == "mine"
