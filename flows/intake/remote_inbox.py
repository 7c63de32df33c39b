"""An inbox at an address (``s3://bucket/inbox``, ``sftp://…``): whatever fsspec opens.

Its files are fetched to a folder of this process and read there; the names of its folders are kept, so that they say
the site. A file leaves the inbox when its content lies in the archive and the inbox still holds the same.
"""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit, urlunsplit

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from flows.runtime.errors import CouldNotRun, SettingsError


def is_remote(url: str) -> bool:
    """Tell an address from a folder of this machine."""
    return "://" in url


def fetch_inbox(url: str) -> Path:
    """Fetch all that waits and return the folder that now holds it, laid out as the inbox is.

    Raises `SettingsError` where nothing here can open such an address, `CouldNotRun` where it is out of reach.
    """
    folder = _incoming()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with _reachable(url):
        system, root = _open(url)
        names = system.find(root) if system.exists(root) else ()
        for name in names:
            below_root = PurePosixPath(name).relative_to(root)
            # A bucket knows no folders, so a name may be anything: these lead out of our folder, or stand for one.
            if ".." in below_root.parts or name.endswith("/"):
                continue
            path = folder / below_root
            path.parent.mkdir(parents=True, exist_ok=True)
            system.get_file(name, str(path))
    return folder


def look_into_inbox(url: str) -> str:
    """Open the inbox and fetch nothing; return its address without secrets. Raises as `fetch_inbox` does."""
    with _reachable(url):
        system, root = _open(url)
        system.exists(root)
    return _without_secrets(url)


def remove_fetched(url: str, path: Path, sha256: str) -> bool:
    """Take a file out of the inbox, now that its content is safe; False where the inbox holds another by now.

    Where another run, at work at the same time, has taken it out already, nothing is left to do.
    """
    with _reachable(url):
        system, root = _open(url)
        name = f"{root}/{path.relative_to(_incoming()).as_posix()}"
        try:
            with system.open(name, "rb") as file:
                is_same = file_digest(file, "sha256").hexdigest() == sha256
            if is_same:
                system.rm_file(name)
        except FileNotFoundError:
            return True
    return is_same


def _open(url: str) -> tuple[AbstractFileSystem, str]:
    try:
        system, root = url_to_fs(url, use_listings_cache=False)
    except (ImportError, ValueError) as error:  # the library says which package opens such an address
        raise SettingsError(f"inbox.url {_without_secrets(url)} cannot be opened: {error}.") from None
    return system, root.rstrip("/")


@contextmanager
def _reachable(url: str) -> Iterator[None]:
    try:
        yield
    except SettingsError:
        raise
    except Exception as error:  # noqa: BLE001 - each driver raises errors of its own, and the line has begun nothing
        reason = getattr(error, "strerror", None) or type(error).__name__  # its text may repeat the address
        where = _without_secrets(url)
        raise CouldNotRun(f"The inbox {where} is out of reach ({reason}): nothing was lost, run again.") from None


def _without_secrets(url: str) -> str:
    """Leave out the user and the password of an address, and what a query may hold.

    >>> _without_secrets("ftp://me:secret@example.com/inbox?token=secret")
    'ftp://example.com/inbox'
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


@cache
def _incoming() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tieout-inbox-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
