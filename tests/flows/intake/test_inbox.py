from pathlib import Path

import pytest

from flows.intake.inbox import clear_file, list_inbox
from flows.readers.files import sha256_of
from flows.runtime.errors import CouldNotRun
from flows.settings.load import load_settings
from flows.settings.sections import Settings


@pytest.fixture
def settings(workspace: Path) -> Settings:
    return load_settings(workspace / "tieout.toml")


def test_list_inbox_makes_an_inbox_that_does_not_exist(settings: Settings) -> None:
    settings.inbox_folder.rmdir()
    assert (list_inbox(settings), settings.inbox_folder.is_dir()) == ([], True)


def test_list_inbox_gives_files_in_order_with_the_site_of_their_folder(settings: Settings) -> None:
    for name in ("b.csv", "a.csv", "-99/c.csv", "new/-98/d.csv"):
        (settings.inbox_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.inbox_folder / name).touch()
    assert [(file.path.name, file.default_site_id) for file in list_inbox(settings)] == [
        ("c.csv", "-99"), ("a.csv", None), ("b.csv", None), ("d.csv", "-98"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", [".hidden.csv", "~$open.xlsx", ".git/a.csv"])
def test_list_inbox_passes_over_hidden_and_lock_files(settings: Settings, name: str) -> None:
    (settings.inbox_folder / name).parent.mkdir(exist_ok=True)
    (settings.inbox_folder / name).touch()
    assert list_inbox(settings) == []


def test_list_inbox_that_is_a_file_says_so(settings: Settings) -> None:
    settings.inbox_folder.rmdir()
    settings.inbox_folder.touch()
    with pytest.raises(CouldNotRun, match="cannot be read"):
        list_inbox(settings)


def test_clear_file_takes_a_file_out_of_the_inbox(settings: Settings) -> None:
    path = settings.inbox_folder / "a.csv"
    path.write_text("one row")
    assert clear_file(path, sha256_of(path), settings)
    assert list(settings.inbox_folder.iterdir()) == []


def test_clear_file_leaves_a_file_that_somebody_went_on_writing(settings: Settings) -> None:
    path = settings.inbox_folder / "a.csv"
    path.write_text("one row")
    sha256 = sha256_of(path)
    path.write_text("one row, and another")
    assert clear_file(path, sha256, settings) is False
    assert [(left.name, left.read_text()) for left in settings.inbox_folder.iterdir()] == [
        ("a.csv", "one row, and another")
    ]


def test_clear_file_minds_no_other_run_that_was_faster(settings: Settings) -> None:
    assert clear_file(settings.inbox_folder / "gone.csv", "0" * 64, settings)
