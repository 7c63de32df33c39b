"""An inbox at an address (``s3://bucket/inbox``, ``sftp://…``): whatever fsspec opens.

Its files are fetched to a folder of this process and read there, each under its own name, with the site of its folder.
A file leaves the inbox when its content lies in the archive and the inbox still holds the same.

A bucket knows no folders. A prefix under which nothing lies and one that was misspelt look the same, so the first night
wants to see something there; later on an empty one is what a night leaves behind. A folder of a server is there or not.
"""

import atexit
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from fsspec import AbstractFileSystem, filesystem
from fsspec.core import url_to_fs

from flows.intake.host_keys import open_server
from flows.intake.inbox_way import InboxWay
from flows.intake.tunnel import open_tunnel
from flows.intake.unfinished import is_passed_over
from flows.runtime.errors import CouldNotRun, SettingsError
from flows.runtime.visible import fitting_name, storable
from transforms.vocabulary import NotRead

Watch = Callable[[int, float], None]  # so many young files, for so many seconds; raises where a stop is asked for

_STORES = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "oci"}  # what lies there is whole
_SHELLS = {"sftp", "ssh"}
_LOGINS = {*_SHELLS, "ftp", "smb"}  # the user and the password stand in the address
_CONNECT_SECONDS = 30
_ADDED_BYTES = 8
_TRUST_HINT = "where your network signs certificates itself, name the file of its authority by network.ca_file"
# One object that cannot be had is its own trouble; so many in a row are the address's.
_MOST_FAILED = 3


@dataclass(frozen=True)
class RemoteFile:
    """A file that was fetched: where it lies here, and the folders that it lies in there, the outermost first."""

    path: Path
    folders: tuple[str, ...]


@dataclass
class Fetched:
    """What an address held."""

    files: list[RemoteFile] = field(default_factory=list)
    not_read: list[NotRead] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    is_there: bool = False  # there is something, or a folder that may be empty


@dataclass
class _Address:
    system: AbstractFileSystem
    root: str
    names: dict[Path, str] = field(default_factory=dict)  # of what was fetched, by where it lies here


_opened: dict[str, _Address] = {}


def is_remote(url: str) -> bool:
    """Tell an address from a folder of this machine."""
    return "://" in url


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
    with _reachable(url):
        address = _opened[url] = _open(url, way or InboxWay())
        listed = _list(address, fetched, url, was_seen=was_seen)
        if done_suffix:
            names = _with_companions(address, fetched, listed, done_suffix)
        else:
            names = _quiet(address, fetched, url, listed, quiet_seconds, watch)
        _fetch(address, fetched, names, folder)
    return fetched


def look_into_address(url: str, *, was_seen: bool, way: InboxWay | None = None) -> str:
    """Open the inbox and fetch nothing; return its address without secrets. Raises as `fetch_inbox` does."""
    with _reachable(url):
        _list(_open(url, way or InboxWay()), Fetched(), url, was_seen=was_seen)
    return without_secrets(url)


def remove_fetched(url: str, path: Path, sha256: str, done_suffix: str = "") -> bool:
    """Take a file out of the inbox, now that its content is safe; False where the inbox holds another by now.

    Where another run, at work at the same time, has taken it out already, nothing is left to do.
    """
    address = _opened[url]
    name = address.names[path]
    with _reachable(url):
        try:
            with address.system.open(name, "rb") as file:
                is_same = file_digest(file, "sha256").hexdigest() == sha256
            if is_same:
                address.system.rm_file(name)
        except FileNotFoundError:
            return True
    if is_same and done_suffix:
        for companion in _companions(name, done_suffix):
            with suppress(Exception):
                address.system.rm_file(companion)
    return is_same


def _open(url: str, way: InboxWay) -> _Address:
    parts = urlsplit(url)
    try:
        if parts.scheme in _LOGINS:
            return _log_in(url, way)
        # A listing of before would be an inbox of before; only what has listings to keep knows the word.
        options: dict[str, Any] = {"use_listings_cache": False} if parts.scheme in _STORES else {}
        options |= way.store_options
        system, root = url_to_fs(url, skip_instance_cache=True, **options)
    except (ImportError, ValueError) as error:  # the library says which package opens such an address
        raise SettingsError(f"inbox.url {without_secrets(url)} cannot be opened: {error}.") from None
    return _Address(system, root.rstrip("/"))


def _log_in(url: str, way: InboxWay) -> _Address:
    """Open a server by the user and the password of the address, in which any sign may be written by its code."""
    parts = urlsplit(url)
    options: dict[str, Any] = {"host": parts.hostname or "", "skip_instance_cache": True}
    if parts.port:
        options["port"] = parts.port
    if parts.username:
        options["username"] = unquote(parts.username)
    if parts.password:
        options["password"] = unquote(parts.password)
    if parts.scheme in _SHELLS:
        options |= dict.fromkeys(("timeout", "banner_timeout", "auth_timeout"), _CONNECT_SECONDS)
        # With a password, keys that lie around are not tried first: a server counts them as failures.
        options |= {"allow_agent": not parts.password, "look_for_keys": not parts.password}
        system = open_server(options, way.host_keys, _tunnel(way))
    else:
        system = filesystem(parts.scheme, **options)
    return _Address(system, unquote(parts.path).rstrip("/") or "/")


def _tunnel(way: InboxWay) -> Callable[[str, int], Any] | None:
    proxy = way.way.proxy if way.way is not None else None
    if proxy is None:
        return None
    return partial(open_tunnel, proxy, trust=way.trust, timeout_seconds=_CONNECT_SECONDS)


def _list(address: _Address, fetched: Fetched, url: str, *, was_seen: bool) -> dict[str, Mapping[str, Any]]:
    """Return what lies there, by name; `CouldNotRun` where the bucket or the folder does not."""
    if urlsplit(url).scheme in _STORES:
        listed = _list_store(address)
        fetched.is_there = bool(listed)
        if not listed and not was_seen:
            raise CouldNotRun(
                f"There is nothing under {without_secrets(url)}, and no night has seen anything there: is it misspelt? "
                "Where it is meant to be empty, put an empty object there whose name ends in a slash."
            )
        return {name: info for name, info in listed.items() if not name.endswith("/")}
    if not address.system.isdir(address.root):
        raise CouldNotRun(f"There is no folder {without_secrets(url)}. Make it, or mend inbox.url.")
    fetched.is_there = True
    listed = {}
    _list_folder(address, fetched, address.root, listed)
    return listed


def _list_store(address: _Address) -> dict[str, Mapping[str, Any]]:
    bucket = address.root.partition("/")[0]
    listed: dict[str, Mapping[str, Any]] = {}
    with suppress(FileNotFoundError):
        listed = dict(address.system.find(address.root, detail=True, withdirs=False))
    # Of some stores nothing is found in a bucket that is not there; asked for itself, it says so.
    if not listed and not address.system.exists(bucket):
        raise CouldNotRun(f"There is no bucket {bucket}, or none that may be looked into.")
    return listed


def _list_folder(address: _Address, fetched: Fetched, folder: str, listed: dict[str, Mapping[str, Any]]) -> None:
    for info in sorted(address.system.ls(folder, detail=True), key=lambda one: str(one["name"])):
        name = str(info["name"])
        if is_passed_over(PurePosixPath(name).name):
            fetched.passed_over.append(_below(address, name))
        elif info["type"] == "directory":
            try:
                _list_folder(address, fetched, name, listed)
            except OSError as error:
                fetched.not_read.append(
                    NotRead(_below(address, name), f"the folder cannot be looked into: {_why(error)}.")
                )
        else:
            listed[name] = info


def _below(address: _Address, name: str) -> str:
    return storable(name.removeprefix(address.root).lstrip("/")) or name


def _companions(name: str, suffix: str) -> tuple[str, str]:
    whole = PurePosixPath(name)
    return f"{name}{suffix}", f"{name.removesuffix(whole.suffix)}{suffix}"


def _with_companions(
    address: _Address, fetched: Fetched, listed: Mapping[str, Mapping[str, Any]], suffix: str
) -> list[str]:
    names = []
    for name in listed:
        if name.endswith(suffix):
            continue
        if any(companion in listed for companion in _companions(name, suffix)):
            names.append(name)
        else:
            below = _below(address, name)
            why = f"it has no {PurePosixPath(name).name}{suffix} beside it yet, so it may be unfinished."
            fetched.not_read.append(NotRead(below, why))
    return names


def _quiet(
    address: _Address,
    fetched: Fetched,
    url: str,
    listed: Mapping[str, Mapping[str, Any]],
    quiet_seconds: float,
    watch: Watch,
) -> list[str]:
    """Return the names of what does not grow; an object of a store comes whole or not at all."""
    if urlsplit(url).scheme in _STORES or quiet_seconds <= 0:
        return list(listed)
    now = time.time()
    left = {name: _seconds_left(info, now, quiet_seconds) for name, info in listed.items()}
    wait_seconds = max(left.values(), default=0.0)
    if wait_seconds <= 0:
        return list(listed)
    young = [name for name, seconds in left.items() if seconds > 0]
    watch(len(young), wait_seconds)
    growing = {name for name in young if _look_of(address.system.info(name)) != _look_of(listed[name])}
    for name in sorted(growing):
        why = "it is still being written: it is taken by the next night, once it is whole."
        fetched.not_read.append(NotRead(_below(address, name), why))
    return [name for name in listed if name not in growing]


def _look_of(info: Mapping[str, Any]) -> tuple[Any, float | None]:
    return info.get("size"), _changed_at(info)


def _seconds_left(info: Mapping[str, Any], now: float, quiet_seconds: float) -> float:
    changed_at = _changed_at(info)
    # Where nobody says when it was changed, or it was in the future by another clock, all of the time is watched.
    age = 0.0 if changed_at is None else now - changed_at
    return min(quiet_seconds, max(0.0, quiet_seconds - age))


def _changed_at(info: Mapping[str, Any]) -> float | None:
    changed = info.get("mtime")
    if isinstance(changed, datetime):
        return changed.timestamp()
    return float(changed) if isinstance(changed, int | float) else None


def _fetch(address: _Address, fetched: Fetched, names: list[str], folder: Path) -> None:
    failed_in_a_row = 0
    for number, name in enumerate(names):
        below = PurePosixPath(_below(address, name))
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
            fetched.not_read.append(NotRead(str(below), f"it cannot be fetched: {_why(error)}."))
            continue
        failed_in_a_row = 0
        if not path.is_file():
            fetched.not_read.append(NotRead(str(below), "it is no file but a link to a folder."))
            continue
        address.names[path] = name
        fetched.files.append(RemoteFile(path, below.parts[:-1]))


@contextmanager
def _reachable(url: str) -> Iterator[None]:
    try:
        yield
    except (SettingsError, CouldNotRun):
        raise
    except Exception as error:  # noqa: BLE001 - each driver raises errors of its own, and the line has begun nothing
        where = without_secrets(url)
        raise CouldNotRun(f"The inbox {where} is out of reach ({_why(error)}): nothing was lost, run again.") from None


def _why(error: Exception) -> str:
    """Say what is wrong; the text of a driver may repeat the address, and so is left out."""
    if isinstance(error, FileNotFoundError):
        return "it is not there"
    name = type(error).__name__
    if name == "SSLError":
        return f"its certificate is not trusted: {_TRUST_HINT}"
    if name == "ProxyConnectionError":
        return "the proxy cannot be reached, or leads nowhere"
    return str(getattr(error, "strerror", None) or type(error).__name__)


def without_secrets(url: str) -> str:
    """Leave out the user and the password of an address, and what a query may hold.

    >>> without_secrets("ftp://me:secret@example.com/inbox?token=secret")
    'ftp://example.com/inbox'
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


@cache
def _incoming() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tieout-inbox-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
