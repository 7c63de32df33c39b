"""A file that is written beside its name: whole at any moment, whoever else writes it, and however it ends."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flows.runtime.whole_file import is_part, written_whole

LETTERS = "abcdefgh"
SIZE = 200_000
KILLED = """
import os, signal, sys
from pathlib import Path
from flows.runtime.whole_file import written_whole
with written_whole(Path(sys.argv[1])) as part:
    part.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def write(path: Path, letter: str) -> None:
    with written_whole(path) as part, part.open("w", encoding="utf-8") as file:
        for _ in range(SIZE // 1000):
            file.write(letter * 1000)


def test_many_writers_leave_what_one_of_them_wrote(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    with ThreadPoolExecutor(len(LETTERS)) as pool:
        for _ in pool.map(lambda letter: write(path, letter), LETTERS * 5):
            content = path.read_text(encoding="utf-8") if path.exists() else "a" * SIZE
            assert (len(content), len(set(content))) == (SIZE, 1)
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "marker.json"
    path.write_text("before")

    def fail() -> None:
        with written_whole(path, durably=True) as part:
            part.write_text("half")
            raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        fail()
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("marker.json", "before")]


def test_what_is_killed_leaves_what_was_there_and_a_part_that_is_told_from_it(tmp_path: Path) -> None:
    path = tmp_path / "march.0b1c2d3e4f5a.xlsx"
    path.write_text("before")
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)  # noqa: S603
    assert (ended.returncode, path.read_text()) == (-9, "before")
    (part,) = [one for one in tmp_path.iterdir() if one != path]
    assert (is_part(part), is_part(path), part.read_text()) == (True, False, "half")


@pytest.mark.parametrize("name", ["x" * 255, "\u00e9" * 125 + ".xlsx", ".hidden", "a\nb.csv"])
def test_any_name_that_a_folder_takes_can_be_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with written_whole(path, durably=True) as part:
        assert part.parent == tmp_path
        part.write_text("whole")
        assert is_part(part)
    assert [one.name for one in tmp_path.iterdir()] == [name]
