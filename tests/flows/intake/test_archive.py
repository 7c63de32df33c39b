"""The archive: whole, before anything is registered, and with the site that the inbox named."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flows.intake.archive import archived_files, keep_file
from flows.readers.files import sha256_of
from flows.runtime.errors import CouldNotRun
from flows.settings.load import load_settings
from flows.settings.sections import Settings


@pytest.fixture
def settings(workspace: Path) -> Settings:
    return load_settings(workspace / "tieout.toml")


def file_of(settings: Settings, content: str, name: str = "a.csv") -> tuple[Path, str]:
    path = settings.inbox_folder / name
    path.write_text(content, encoding="utf-8")
    return path, sha256_of(path)


def test_keep_file_keeps_files_of_one_name_and_of_two_sites_apart(settings: Settings) -> None:
    for content, site_id in (("one", None), ("two", None), ("two", "-99")):
        path, sha256 = file_of(settings, content)
        keep_file(path, sha256, site_id, settings)
    found = [(file.name, file.default_site_id, file.path.read_text()) for file in archived_files(settings)]
    assert sorted(found, key=str) == [("a.csv", "-99", "two"), ("a.csv", None, "one"), ("a.csv", None, "two")]


def test_keep_file_leaves_the_file_where_it_is_and_is_harmless_twice(settings: Settings) -> None:
    path, sha256 = file_of(settings, "one")
    keep_file(path, sha256, None, settings)
    keep_file(path, sha256, None, settings)
    assert (path.read_text(), len(archived_files(settings))) == ("one", 1)


def test_keep_file_mends_a_copy_that_is_damaged(settings: Settings) -> None:
    path, sha256 = file_of(settings, "one")
    keep_file(path, sha256, None, settings)
    (kept,) = archived_files(settings)
    kept.path.write_text("on")
    keep_file(path, sha256, None, settings)
    assert kept.path.read_text() == "one"


def test_keep_file_refuses_a_content_that_is_not_the_one_that_was_checked(settings: Settings) -> None:
    path, sha256 = file_of(settings, "one row")
    path.write_text("one row, and another")
    with pytest.raises(CouldNotRun, match="changed after it was checked"):
        keep_file(path, sha256, None, settings)
    assert [left for left in settings.archive_folder.rglob("*") if left.is_file()] == []


def test_keep_file_that_cannot_be_written_is_one_line(settings: Settings) -> None:
    settings.archive_folder.write_text("no folder")
    path, sha256 = file_of(settings, "one")
    with pytest.raises(CouldNotRun, match="cannot be kept in the archive"):
        keep_file(path, sha256, None, settings)


def test_archived_files_come_in_the_order_in_which_they_were_taken_in(settings: Settings) -> None:
    for number, name in enumerate(("b.csv", "a.csv", "name.of.parts")):
        path, sha256 = file_of(settings, name, name)
        keep_file(path, sha256, None, settings)
        (kept,) = [file.path for file in archived_files(settings) if file.name == name]
        os.utime(kept, (1_700_000_000 + number, 1_700_000_000 + number))
    assert [file.name for file in archived_files(settings)] == ["b.csv", "a.csv", "name.of.parts"]


def test_archived_files_pass_over_what_is_none_of_ours(settings: Settings) -> None:
    settings.archive_folder.mkdir()
    for name in ("readme.txt", ".a.0123456789ab.csv.part", "a.0123456789.csv"):
        (settings.archive_folder / name).touch()
    assert archived_files(settings) == []


def test_keep_file_of_many_at_once_keeps_it_whole_for_each_of_them(settings: Settings) -> None:
    """The same sheet may come by the desk, by hand and in the inbox at one moment."""
    for number in range(10):
        path, sha256 = file_of(settings, f"{number}" * 1_000_000, f"{number}.csv")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _, path=path, sha256=sha256: keep_file(path, sha256, None, settings), range(8)))
    files = archived_files(settings)
    assert len(files) == 10
    assert all(sha256_of(file.path).startswith(file.digits) for file in files)
    assert len(list(settings.archive_folder.iterdir())) == 10
