"""A real SFTP server on this machine, which lets in one user by a password of odd signs."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncssh

USER, PASSWORD = "studio", "p@ss:w/ö%d"


@dataclass
class Sftp:
    """The server: its folder, its port, its key, and who gave it a password so far."""

    root: Path
    key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    port: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address with user and password."""
        return self.url_by("127.0.0.1", self.port)

    def url_by(self, host: str, port: int) -> str:
        return f"sftp://{USER}:{quote(PASSWORD, safe='')}@{host}:{port}"

    @property
    def fingerprint(self) -> str:
        return self.key.get_fingerprint()

    @property
    def known_host(self) -> str:
        """Its line in a file of known hosts."""
        return f"[127.0.0.1]:{self.port} {self.key.export_public_key().decode()}"


@contextmanager
def serve_sftp(root: Path) -> Iterator[Sftp]:
    """Serve a folder until the block ends."""
    server = Sftp(root)
    listening = threading.Event()
    found: dict[str, Any] = {}
    let_in: list[asyncssh.SSHServerConnection] = []

    class Door(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            let_in.append(conn)

        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            server.asked.append(username)
            return (username, password) == (USER, PASSWORD)

    class Files(asyncssh.SFTPServer):
        def __init__(self, chan: Any) -> None:
            super().__init__(chan, chroot=bytes(root))

    async def serve() -> None:
        found["loop"], found["stop"] = asyncio.get_running_loop(), asyncio.Event()
        made = await asyncssh.create_server(Door, "127.0.0.1", 0, server_host_keys=[server.key], sftp_factory=Files)
        server.port = made.sockets[0].getsockname()[1]
        listening.set()
        await found["stop"].wait()
        made.close()
        for connection in let_in:
            connection.abort()
        await asyncio.gather(*(connection.wait_closed() for connection in let_in))

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert listening.wait(10)
    yield server
    found["loop"].call_soon_threadsafe(found["stop"].set)
    thread.join(10)
