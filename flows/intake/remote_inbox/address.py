"""Open an address, by its user and password where it is a server's; and say why it is out of reach, without secrets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from flows.intake.host_keys import open_server
from flows.intake.inbox_way import InboxWay
from flows.intake.tunnel import open_tunnel
from flows.runtime.errors import CouldNotRun, SettingsError

# Loaded with the first address that is opened: most inboxes are folders, which are told apart here, too.
if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

STORES = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "oci"}  # what lies there is whole
_SHELLS = {"sftp", "ssh"}
_LOGINS = {*_SHELLS, "ftp", "smb"}  # the user and the password stand in the address
_CONNECT_SECONDS = 30
_TRUST_HINT = "where your network signs certificates itself, name the file of its authority by network.ca_file"


@dataclass
class Address:
    """What is open: a file system, and where the inbox lies in it."""

    system: "AbstractFileSystem"
    root: str
    names: dict[Path, str] = field(default_factory=dict)  # of what was fetched, by where it lies here


def is_remote(url: str) -> bool:
    """Tell an address from a folder of this machine."""
    return "://" in url


def open_address(url: str, way: InboxWay) -> Address:
    """Open an address; `SettingsError` where nothing here can."""
    from fsspec.core import url_to_fs

    parts = urlsplit(url)
    try:
        if parts.scheme in _LOGINS:
            return _log_in(url, way)
        # A listing of before would be an inbox of before; only what has listings to keep knows the word.
        options: dict[str, Any] = {"use_listings_cache": False} if parts.scheme in STORES else {}
        options |= way.store_options
        system, root = url_to_fs(url, skip_instance_cache=True, **options)
    except (ImportError, ValueError) as error:  # the library says which package opens such an address
        raise SettingsError(f"inbox.url {without_secrets(url)} cannot be opened: {error}.") from None
    return Address(system, root.rstrip("/"))


def _log_in(url: str, way: InboxWay) -> Address:
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
        from fsspec import filesystem

        system = filesystem(parts.scheme, **options)
    return Address(system, unquote(parts.path).rstrip("/") or "/")


def _tunnel(way: InboxWay) -> Callable[[str, int], Any] | None:
    proxy = way.way.proxy if way.way is not None else None
    if proxy is None:
        return None
    return partial(open_tunnel, proxy, trust=way.trust, timeout_seconds=_CONNECT_SECONDS)


@contextmanager
def reachable(url: str) -> Iterator[None]:
    """Turn whatever a driver raises into the line that says that the inbox is out of reach."""
    try:
        yield
    except (SettingsError, CouldNotRun):
        raise
    except Exception as error:  # noqa: BLE001 - each driver raises errors of its own, and the line has begun nothing
        where = without_secrets(url)
        raise CouldNotRun(
            f"The inbox {where} is out of reach ({why_not(error)}): nothing was lost, run again."
        ) from None


def why_not(error: Exception) -> str:
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
