"""Nights as they really come: the real command in processes of its own, the real clock, a real sandbox.

Nothing here starts a run: whatever is posted was posted because a schedule said so.
"""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flows.sandbox import start_sandbox
from flows.sandbox.settings_text import settings_text
from tests.flows.eventually import eventually
from tests.flows.sandbox.talk import open_talk
from tests.flows.workplace import HEADINGS

TIEOUT = str(Path(sys.executable).with_name("tieout"))
EVERY_MINUTE = "* * * * *"
# Slow enough to be killed in the middle, fast enough to end before the next minute.
_LOADER = "[loader]\nsettle_after_seconds = 1\nrequests_per_second = 5\ntimeout_seconds = 5\n"
_INBOX = "[inbox]\nquiet_seconds = 0\n"  # no file is put there before it is whole
_CLIENTS = 12
# A minute until the night is due, and the start of its process on a machine that is busy with other tests.
_LONGEST_WAIT_SECONDS = 240


@dataclass(frozen=True)
class Nights:
    """A fresh folder with an inbox and settings, beside a sandbox."""

    folder: Path
    ready: Mapping[str, object]

    @property
    def config(self) -> Path:
        return self.folder / "tieout.toml"

    def put(self, name: str, rows_count: int, day: int) -> None:
        """Put a file into the inbox in one move, so that no night meets the half of it."""
        rows = [
            f"1000000{1 + number % _CLIENTS:02},{10 + number},Earned,Sale,,2026-10-{day:02}T17:{number:02}:00Z"
            for number in range(rows_count)
        ]
        written = self.folder / name
        written.write_text("\n".join([HEADINGS, *rows]) + "\n", encoding="utf-8")
        written.rename(self.folder / "inbox" / name)

    def commits_of(self, day: int) -> list[str]:
        """The points that the service took in for events of that day, one by one."""
        log = open_talk(dict(self.ready)).log()
        return [str(line["points"]) for line in log if f"-10-{day:02}T" in str(line.get("action_date_time", line))]

    def wait_for_commits(self, day: int, count: int) -> None:
        found = eventually(lambda: len(self.commits_of(day)) >= count, _LONGEST_WAIT_SECONDS)
        assert found, f"{self.commits_of(day)} of {count}"

    def is_each_posted_once(self, day: int, rows_count: int) -> bool:
        return Counter(self.commits_of(day)) == Counter(str(10 + number) for number in range(rows_count))

    def status(self) -> "subprocess.CompletedProcess[str]":
        return run_command("status", "--config", str(self.config), "--json")


@contextmanager
def open_nights(folder: Path) -> Iterator[Nights]:
    with start_sandbox(state=folder / "sandbox.db") as ready:
        (folder / "inbox").mkdir()
        (folder / "tieout.toml").write_text(settings_text(ready) + _LOADER + _INBOX, encoding="utf-8")
        yield Nights(folder, ready)


def own_environment(**variables: str) -> dict[str, str]:
    """The environment of a person who has set nothing of Prefect's, and whose home is empty."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "TIEOUT"))}
    # Who watches nights watches no pages.
    return kept | {"TIEOUT_DESK__ON": "false"} | variables


def run_command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [TIEOUT, *arguments]
    return subprocess.run(command, env=own_environment(), capture_output=True, text=True, check=False)  # noqa: S603


def start_command(
    command: list[str], folder: Path, log: IO[str], environment: dict[str, str]
) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, text=True)  # noqa: S603


def children_of(parent: "subprocess.Popen[str]") -> list[tuple[int, str]]:
    """All processes that came from this one: their ids and command lines."""
    listed = ["ps", "-eo", "pid=,ppid=,args="]
    rows = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S603 - of the system
    processes = [(int(pid), int(above), line) for pid, above, line in (row.split(maxsplit=2) for row in rows)]
    family = {parent.pid}
    while more := {pid for pid, above, _ in processes if above in family} - family:
        family |= more
    return [(pid, line) for pid, _, line in processes if pid in family - {parent.pid}]


def kill_with_children(*parents: "subprocess.Popen[str]") -> None:
    """SIGKILL to the processes and to all that came from them, as a power cut would."""
    doomed = [pid for parent in parents for pid, _ in children_of(parent)]
    for pid in (*(parent.pid for parent in parents), *doomed):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    for parent in parents:
        parent.wait()
