"""Fetch what lies at an address, and take it out once it is safe."""

import atexit
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from hashlib import file_digest
from pathlib import Path, PurePosixPath

from flows.intake.growing import Watch
from flows.intake.inbox_way import InboxWay
from flows.intake.remote_inbox.address import Address, open_address, reachable, why_not, without_secrets
from flows.intake.remote_inbox.listing import (
    Fetched,
    RemoteFile,
    companions,
    listed_at,
    name_below,
    that_do_not_grow,
    with_companions,
)
from flows.intake.unfinished import is_passed_over
from flows.runtime.visible import fitting_name
from transforms.destinations import NotRead

_ADDED_BYTES = 8
# One object that cannot be had is its own trouble; so many in a row are the address's.
_MOST_FAILED = 3
_opened: dict[str, Address] = {}


def fetch_inbox(
    url: str,
    *,
    was_seen: bool,
    quiet_seconds: float = 0.0,
    done_suffix: str = "",
    watch: Watch = lambda *_: None,
    way: InboxWay | None = None,
) -> Fetched:
    """Fetch all that waits and is whole; ``was_seen`` says that an earlier night saw something there.

    Raises `SettingsError` where nothing here can open such an address, `CouldNotRun` where it, its bucket or its folder
    is out of reach.
    """
    folder = _incoming()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    fetched = Fetched()
    with reachable(url):
        address = _opened[url] = open_address(url, way or InboxWay())
        listed = listed_at(address, fetched, url, was_seen=was_seen)
        if done_suffix:
            names = with_companions(address, fetched, listed, done_suffix)
        else:
            names = that_do_not_grow(address, fetched, url, listed, quiet_seconds, watch)
        _fetch(address, fetched, names, folder)
    return fetched


def look_into_address(url: str, *, was_seen: bool, way: InboxWay | None = None) -> str:
    """Open the inbox and fetch nothing; return its address without secrets. Raises as `fetch_inbox` does."""
    with reachable(url):
        listed_at(open_address(url, way or InboxWay()), Fetched(), url, was_seen=was_seen)
    return without_secrets(url)


def remove_fetched(url: str, path: Path, sha256: str, done_suffix: str = "") -> bool:
    """Take a file out of the inbox, now that its content is safe; False where the inbox holds another by now.

    Where another run, at work at the same time, has taken it out already, nothing is left to do.
    """
    address = _opened[url]
    name = address.names[path]
    with reachable(url):
        try:
            with address.system.open(name, "rb") as file:
                is_same = file_digest(file, "sha256").hexdigest() == sha256
            if is_same:
                address.system.rm_file(name)
        except FileNotFoundError:
            return True
    if is_same and done_suffix:
        for companion in companions(name, done_suffix):
            with suppress(Exception):
                address.system.rm_file(companion)
    return is_same


def _fetch(address: Address, fetched: Fetched, names: list[str], folder: Path) -> None:
    failed_in_a_row = 0
    for number, name in enumerate(names):
        below = PurePosixPath(name_below(address, name))
        if ".." in below.parts:
            fetched.not_read.append(NotRead(str(below), "its name leads out of the inbox."))
            continue
        if any(is_passed_over(part) for part in below.parts):
            fetched.passed_over.append(str(below))
            continue
        # Each in a folder of its own: a store may hold x.csv beside x.csv/y.csv.
        path = folder / str(number) / fitting_name(below.name, _ADDED_BYTES)
        path.parent.mkdir()
        try:
            address.system.get_file(name, str(path))
        except FileNotFoundError:  # another run was faster, or whoever had put it there
            continue
        except Exception as error:
            failed_in_a_row += 1
            if failed_in_a_row >= _MOST_FAILED:
                raise
            fetched.not_read.append(NotRead(str(below), f"it cannot be fetched: {why_not(error)}."))
            continue
        failed_in_a_row = 0
        if not path.is_file():
            fetched.not_read.append(NotRead(str(below), "it is no file but a link to a folder."))
            continue
        address.names[path] = name
        fetched.files.append(RemoteFile(path, below.parts[:-1]))


@cache
def _incoming() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tieout-inbox-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
