"""`tieout layout FILE` makes a layout of a sheet whose headings are the site's own words."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.intake.check import check_file
from flows.settings.load import load_settings
from tests.flows.readers.reading import write_bytes

SITE = (
    '[mindbody]\napi_key = "k"\n[[mindbody.sites]]\nsite_id = "-99"\ntimezone = "UTC"\nusername = "u"\npassword = "p"\n'
)


def layout(path: Path, answer: str) -> tuple[int, str]:
    config = path.with_name("tieout.toml")
    config.write_text(SITE, encoding="utf-8")
    ended = CliRunner().invoke(app, ["layout", str(path), "--config", str(config)], input=answer)
    return ended.exit_code, ended.output


@pytest.mark.parametrize(
    ("headings", "answer"),
    [
        pytest.param("Member,Pts,What,Staff", "Member\nPts\nWhat\n", id="none is known"),
        pytest.param("Client Id,Pts,What,Staff", "Pts\nWhat\n", id="some are known"),
    ],
)
def test_headings_of_its_own_are_asked_for_and_kept(headings: str, answer: str, tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "a.csv", f"Rewards of May\n{headings}\n000123,5,Earned,Ann\n".encode())
    code, said = layout(path, answer)
    assert (code, "which column is Points (how many points)?" in said) == (0, True), said
    checked = check_file(load_settings(tmp_path / "tieout.toml"), path, None).checked
    assert checked.events[["client_id", "points"]].to_numpy().tolist() == [["000123", 5]]
    kept = (tmp_path / "layouts.toml").read_text(encoding="utf-8")
    assert '"Pts" = "Points"' in kept
    assert '"What" = "Action"' in kept


def test_a_file_without_anything_like_headings_is_still_refused(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "a.csv", b"1,2,3\n4,5,6\n")
    assert layout(path, "1\n")[0] != 0
    assert not (tmp_path / "layouts.toml").exists()


def test_the_refusal_says_how_a_layout_is_made(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "a.csv", b"Member,Pts,What\n000123,5,Earned\n")
    (tmp_path / "tieout.toml").write_text(SITE, encoding="utf-8")
    ended = CliRunner().invoke(app, ["check", str(path), "--config", str(tmp_path / "tieout.toml")])
    assert "`tieout layout FILE` asks" in ended.output
