import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec import filesystem

from flows.intake.inbox import Found, InboxFile, clear_file, look_into_address
from flows.readers.files import sha256_of
from flows.runtime.errors import CouldNotRun, SettingsError
from flows.settings.load import load_settings
from flows.settings.sections import Settings

ROW = b"ClientId,Points,Action\n100000010,5,Redeemed\n"


def settings_for(workspace: Path, url: str) -> Settings:
    (workspace / "tieout.toml").write_text(f'[inbox]\nurl = "{url}"\n', encoding="utf-8")
    return load_settings(workspace / "tieout.toml")


@pytest.fixture
def settings(workspace: Path) -> Iterator[Settings]:
    """An inbox in fsspec's own store, which behaves as a bucket does: it knows no folders."""
    bucket = filesystem("memory")
    for name in ("/studio/inbox/b.csv", "/studio/inbox/-99/a.csv", "/studio/inbox/~$open.xlsx", "/studio/other/c.csv"):
        bucket.pipe(name, ROW + name.encode())
    yield settings_for(workspace, "memory://studio/inbox")
    bucket.rm("/studio", recursive=True)


def look(settings: Settings) -> Found:
    return look_into_address(settings, lambda *_: None, quiet_seconds=0)


def take(settings: Settings) -> InboxFile:
    return look(settings).files[0]


def test_list_inbox_fetches_what_waits_with_the_site_of_its_folder(settings: Settings) -> None:
    found = [(file.path.name, file.default_site_id) for file in look(settings).files]
    assert found == [("a.csv", "-99"), ("b.csv", None)]
    assert take(settings).path.read_bytes().startswith(ROW)


def test_clear_file_takes_a_fetched_file_out_of_the_inbox(settings: Settings) -> None:
    path = take(settings).path
    assert clear_file(path, sha256_of(path), settings)
    assert [file.path.name for file in look(settings).files] == ["b.csv"]


def test_clear_file_leaves_what_was_replaced_in_the_inbox_meanwhile(settings: Settings) -> None:
    path = take(settings).path
    filesystem("memory").pipe("/studio/inbox/-99/a.csv", b"another export")
    assert clear_file(path, sha256_of(path), settings) is False
    assert take(settings).path.read_bytes() == b"another export"


def test_clear_file_minds_no_other_run_that_was_faster(settings: Settings) -> None:
    path = take(settings).path
    filesystem("memory").rm("/studio/inbox/-99/a.csv")
    assert clear_file(path, sha256_of(path), settings)


def test_a_name_that_leads_out_of_the_inbox_is_told_and_not_read(workspace: Path) -> None:
    filesystem("memory").store["/odd/inbox/../../evil.csv"] = filesystem("memory").open("/some.csv", "wb")
    found = look(settings_for(workspace, "memory://odd/inbox"))
    filesystem("memory").store.clear()
    assert (found.files, found.passed_over) == ([], [".."])


def test_a_folder_that_is_not_there_is_no_empty_night(workspace: Path) -> None:
    with pytest.raises(CouldNotRun, match="There is no folder memory://nothing/here"):
        look(settings_for(workspace, "memory://nothing/here"))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("nope://me:TOPSECRET@bucket/inbox", "nope://bucket/inbox cannot be opened", id="unknown"),
        pytest.param("gs://me:TOPSECRET@bucket/inbox", "gcsfs", id="not installed"),
    ],
)
def test_list_inbox_says_what_opens_an_address(workspace: Path, url: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason) as raised:
        look(settings_for(workspace, url))
    assert "TOPSECRET" not in str(raised.value)


def test_list_inbox_out_of_reach_is_one_line_without_secrets(workspace: Path) -> None:
    with pytest.raises(CouldNotRun, match=r"The inbox ftp://127\.0\.0\.1:9/inbox is out of reach") as raised:
        look(settings_for(workspace, "ftp://me:TOPSECRET@127.0.0.1:9/inbox"))
    assert "TOPSECRET" not in str(raised.value)


def test_a_run_takes_the_files_of_an_address(workspace: Path) -> None:
    (workspace / "inbox" / "bad.csv").write_bytes(b"ClientId,Points,Action\n1,0,Earned\n")
    settings_for(workspace, (workspace / "inbox").as_uri())
    command = [sys.executable, "-m", "flows.cli", "run", "--plain", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    ended = subprocess.run(command, cwd=workspace, env=environment, capture_output=True, check=False)  # noqa: S603  (our own code)
    assert (ended.returncode, json.loads(ended.stdout)["rejected"]) == (1, 1)
    assert list((workspace / "inbox").iterdir()) == []
