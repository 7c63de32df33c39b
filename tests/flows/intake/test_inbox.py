import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.intake.inbox import clear_file, look_into_inbox
from flows.intake.inbox_memory import not_told_yet, remembered_inbox
from flows.readers.files import sha256_of
from flows.runtime.errors import CouldNotRun
from flows.settings.load import load_settings
from flows.settings.sections import Settings


@pytest.fixture
def settings(workspace: Path) -> Settings:
    return load_settings(workspace / "tieout.toml")


def names(settings: Settings) -> list[str]:
    inbox = settings.inbox_folder
    return [file.path.relative_to(inbox).as_posix() for file in look_into_inbox(settings).files]


def test_a_new_workspace_has_its_inbox_made(settings: Settings) -> None:
    settings.inbox_folder.rmdir()
    assert look_into_inbox(settings, is_new=True).files == []
    assert settings.inbox_folder.is_dir()


def test_an_inbox_that_is_gone_is_never_made_again(settings: Settings) -> None:
    look_into_inbox(settings, is_new=True)
    settings.inbox_folder.rmdir()
    with pytest.raises(CouldNotRun, match="is not there: is its share mounted"):
        look_into_inbox(settings, is_new=True)
    assert not settings.inbox_folder.exists()


def test_an_inbox_that_nights_have_seen_and_nobody_remembers_is_not_made(settings: Settings) -> None:
    settings.inbox_folder.rmdir()
    with pytest.raises(CouldNotRun, match="is not there"):
        look_into_inbox(settings, is_new=False)


def test_a_share_that_is_not_mounted_is_no_empty_inbox(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.path.ismount", lambda _: True)
    look_into_inbox(settings)
    monkeypatch.setattr("os.path.ismount", lambda _: False)
    with pytest.raises(CouldNotRun, match="was a share that is mounted, and is none now"):
        look_into_inbox(settings)
    # A person says that it is meant so.
    known = remembered_inbox(settings)
    assert known is not None
    known.path.unlink()
    assert look_into_inbox(settings).files == []


def test_files_come_in_order_with_the_site_of_the_nearest_folder_that_is_one(workspace: Path) -> None:
    site = '[[mindbody.sites]]\nsite_id = "-99"\ntimezone = "UTC"\nusername = "u"\npassword = "p"\n'
    (workspace / "tieout.toml").write_text(site)
    settings = load_settings(workspace / "tieout.toml")
    for name in ("b.csv", "a.csv", "-99/c.csv", "-99/2026/11/e.csv", "new/-98/d.csv"):
        (settings.inbox_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.inbox_folder / name).touch()
    assert [(file.path.name, file.default_site_id) for file in look_into_inbox(settings).files] == [
        ("e.csv", "-99"), ("c.csv", "-99"), ("a.csv", None), ("b.csv", None), ("d.csv", "-98"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.csv", "~$open.xlsx", ".git/a.csv", "march.csv.part", "march.CSV.TMP", "march.crdownload", "a.filepart",
        ".~lock.march.ods#", ".DS_Store", "Thumbs.db", "desktop.ini", "march.csv~",
    ],
)  # fmt: skip
def test_what_its_name_says_to_be_no_export_is_passed_over_and_told(settings: Settings, name: str) -> None:
    (settings.inbox_folder / name).parent.mkdir(exist_ok=True)
    (settings.inbox_folder / name).touch()
    found = look_into_inbox(settings)
    assert (found.files, found.not_read, found.passed_over) == ([], [], [name.split("/")[0]])


def test_what_is_passed_over_is_told_once(settings: Settings) -> None:
    told = [not_told_yet(settings, names) for names in (["a.part"], ["a.part", "b.part"], [], ["a.part"])]
    assert told == [["a.part"], ["b.part"], [], ["a.part"]]


def test_an_inbox_that_is_a_file_says_so(settings: Settings) -> None:
    settings.inbox_folder.rmdir()
    settings.inbox_folder.touch()
    with pytest.raises(CouldNotRun, match="is a file and no folder: nothing of it was read"):
        look_into_inbox(settings)


def test_links_are_followed_within_the_inbox_and_the_folders_that_the_settings_name(workspace: Path) -> None:
    (workspace / "tieout.toml").write_text('[inbox]\nroots = ["share"]\n')
    settings = load_settings(workspace / "tieout.toml")
    for name in ("share/-99/a.csv", "share/b.csv", "elsewhere/c.csv"):
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace / name).write_text(name)
    inbox = settings.inbox_folder
    (inbox / "-99").symlink_to(workspace / "share" / "-99")
    (inbox / "b.csv").symlink_to(workspace / "share" / "b.csv")
    (inbox / "out.csv").symlink_to(workspace / "elsewhere" / "c.csv")
    (inbox / "outside").symlink_to(workspace / "elsewhere")
    (inbox / "broken.csv").symlink_to(workspace / "gone.csv")
    (inbox / "round").symlink_to(inbox)
    found = look_into_inbox(settings)
    assert names(settings) == ["-99/a.csv", "b.csv"]
    whys = {one.what: one.why for one in found.not_read}
    assert sorted(whys) == ["broken.csv", "out.csv", "outside", "round"]
    assert "inbox.roots" in whys["outside"]
    assert "leads nowhere" in whys["broken.csv"]
    assert "leads back" in whys["round"]


def test_clear_file_takes_a_link_away_and_leaves_what_it_leads_to(workspace: Path) -> None:
    (workspace / "tieout.toml").write_text('[inbox]\nroots = ["share"]\n')
    settings = load_settings(workspace / "tieout.toml")
    target = workspace / "share" / "a.csv"
    target.parent.mkdir()
    target.write_text("one row")
    link = settings.inbox_folder / "a.csv"
    link.symlink_to(target)
    assert clear_file(link, sha256_of(link), settings)
    assert (link.is_symlink(), target.is_file()) == (False, True)


def test_what_is_no_file_is_told(settings: Settings) -> None:
    os.mkfifo(settings.inbox_folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(settings.inbox_folder)
        listening.bind("socket")
        os.chdir(here)
    assert [one.what for one in look_into_inbox(settings).not_read] == ["pipe.csv", "socket"]


def test_a_folder_that_cannot_be_read_is_told_and_the_others_are_read(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("-98/a.csv", "-99/b.csv"):
        (settings.inbox_folder / name).parent.mkdir()
        (settings.inbox_folder / name).touch()
    listed = Path.iterdir

    def iterdir(folder: Path) -> Iterator[Path]:
        if folder.name == "-98":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    found = look_into_inbox(settings)
    assert [file.path.name for file in found.files] == ["b.csv"]
    assert [(one.what, one.why) for one in found.not_read] == [("-98", "it cannot be looked at: Permission denied.")]


def test_clear_file_takes_a_file_out_of_the_inbox(settings: Settings) -> None:
    path = settings.inbox_folder / "a.csv"
    path.write_text("one row")
    assert clear_file(path, sha256_of(path), settings)
    assert list(settings.inbox_folder.iterdir()) == []


def left_in(settings: Settings) -> list[tuple[str, str]]:
    return [(left.name, left.read_text()) for left in settings.inbox_folder.iterdir()]


def test_clear_file_leaves_a_file_that_somebody_went_on_writing(settings: Settings) -> None:
    path = settings.inbox_folder / "a.csv"
    path.write_text("one row")
    sha256 = sha256_of(path)
    path.write_text("one row, and another")
    assert clear_file(path, sha256, settings) is False
    assert left_in(settings) == [("a.csv", "one row, and another")]


def test_clear_file_leaves_a_file_that_somebody_may_still_write_into(settings: Settings) -> None:
    path = settings.inbox_folder / "a.csv"
    with path.open("w") as writing:
        writing.write("one row")
        writing.flush()
        assert clear_file(path, sha256_of(path), settings) is False
        writing.write(", and another")
    assert left_in(settings) == [("a.csv", "one row, and another")]


def test_clear_file_minds_no_other_run_that_was_faster(settings: Settings) -> None:
    path = settings.inbox_folder / "a.csv"
    path.write_text("one row")
    sha256 = sha256_of(path)
    path.unlink()
    assert clear_file(path, sha256, settings)


def test_a_file_that_a_killed_run_had_put_aside_comes_back(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (settings.inbox_folder / ".a.csv.0123456789ab.taken").write_text("one row")
    # A run at work has it so for a moment.
    assert names(settings) == []
    later = time.time() + 3600
    monkeypatch.setattr("time.time", lambda: later)
    assert names(settings) == ["a.csv"]
