"""Whether an SFTP server is the one that it is taken for: by a fingerprint in the settings, or a file of known hosts.

A server that nobody knows gets no password and gives no file: whoever stands between would have both.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.runtime.errors import CouldNotRun

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_PORT = 22
_SYSTEM_FILE = Path("/etc/ssh/ssh_known_hosts")


@dataclass(frozen=True)
class HostKeys:
    """What is known of servers: the fingerprint of the one that is meant, else files of known hosts."""

    fingerprint: str = ""  # SHA256:…; "" goes by the files
    files: tuple[Path, ...] = field(default_factory=lambda: (_users_file(), _SYSTEM_FILE))


def _users_file() -> Path:
    try:
        return Path.home() / ".ssh" / "known_hosts"
    except RuntimeError:  # a user without a home knows nobody
        return Path("/nonexistent")


def fingerprint_of(key: bytes) -> str:
    """Return a key's fingerprint as OpenSSH writes it.

    >>> fingerprint_of(b"")
    'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU'
    """
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def open_server(
    options: dict[str, Any], host_keys: HostKeys, tunnel: Callable[[str, int], Any] | None = None
) -> "AbstractFileSystem":
    """Log in to an SFTP server that is known; `CouldNotRun` where it is not, before any password is sent.

    With a ``tunnel`` it is reached by the connection that this opens to the host and port. Raises ImportError where
    nothing here speaks SFTP.
    """
    import paramiko
    from fsspec.implementations.sftp import SFTPFileSystem

    class Refusal(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # published without types
        def missing_host_key(self, _client: Any, hostname: str, key: Any) -> None:
            shown = fingerprint_of(key.asbytes())
            if not host_keys.fingerprint:
                raise CouldNotRun(_say_unknown(hostname, shown, key.get_name()))
            if shown != host_keys.fingerprint:
                raise CouldNotRun(_say_other(hostname, shown, key.get_name(), "inbox.host_key"))

    class KnownServer(SFTPFileSystem):  # type: ignore[misc]  # published without types
        def _connect(self) -> None:
            self.client = paramiko.SSHClient()
            # Loaded into the client, which then asks the server for a key of a kind that is known.
            for file in () if host_keys.fingerprint else host_keys.files:
                _load(self.client, file)
            self.client.set_missing_host_key_policy(Refusal())
            told = dict(self.ssh_kwargs)
            if tunnel is not None:
                told["sock"] = tunnel(self.host, told.get("port", _PORT))
            try:
                self.client.connect(self.host, **told)
            except paramiko.BadHostKeyException as error:
                shown = fingerprint_of(error.key.asbytes())
                raise CouldNotRun(_say_other(error.hostname, shown, error.key.get_name(), "the known hosts")) from None
            self.ftp = self.client.open_sftp()

    return KnownServer(**options)


def _load(client: Any, file: Path) -> None:
    try:
        client.load_system_host_keys(str(file))
    except OSError as error:
        # One that is not there knows nobody; paramiko itself is silent about the user's own alone.
        if file.exists():
            raise CouldNotRun(f"The known hosts {file} cannot be read: {error.strerror}.") from None


def _say_unknown(hostname: str, shown: str, kind: str) -> str:
    return (
        f"The SFTP server {hostname} is not known here, so nothing was asked of it. It shows the key {shown} "
        f'({kind}): compare that with what those say who run it, and write host_key = "{shown}" into [inbox], or add '
        "the server to ~/.ssh/known_hosts."
    )


def _say_other(hostname: str, shown: str, kind: str, where: str) -> str:
    return (
        f"The SFTP server {hostname} shows another key than {where} say: {shown} ({kind}). Somebody may stand in "
        "between, so nothing was asked of it. Ask those who run it whether the key was changed; then change it here."
    )
