"""A connection through an HTTP proxy (RFC 9110, CONNECT), for what speaks no HTTP itself."""

import base64
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from flows.runtime.errors import CouldNotRun

_MOST_HEAD_BYTES = 65_536  # of what a proxy answers before the tunnel begins
_PORTS = {"http": 80, "https": 443}


def open_tunnel(
    proxy: str, host: str, port: int, *, trust: Callable[[], ssl.SSLContext], timeout_seconds: float
) -> socket.socket:
    """Return a connection to the host that the proxy has opened; `CouldNotRun` where it does not.

    ``proxy`` may hold a user and a password; what is raised holds neither.
    """
    parts = urlsplit(proxy)
    named = f"the proxy {parts.hostname}:{parts.port or _PORTS[parts.scheme]}"
    connection: socket.socket | None = None
    try:
        address = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
        connection = socket.create_connection(address, timeout_seconds)
        if parts.scheme == "https":
            connection = trust().wrap_socket(connection, server_hostname=parts.hostname)
        connection.sendall(_request(host, port, parts.username, parts.password))
        status = _status(connection)
    except (OSError, ValueError) as error:
        _close(connection)
        why = getattr(error, "strerror", None) or type(error).__name__
        raise CouldNotRun(f"{named} is out of reach: {why}.") from None
    if status != "200":
        _close(connection)
        raise CouldNotRun(f"{named} says {status} and leads nowhere: ask who runs it to let {host}:{port} through.")
    return connection


def _request(host: str, port: int, user: str | None, password: str | None) -> bytes:
    is_ipv6 = ":" in host
    place = f"[{host}]:{port}" if is_ipv6 else f"{host}:{port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if user is not None:
        who = f"{unquote(user)}:{unquote(password or '')}"
        credentials = base64.b64encode(who.encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {credentials}")
    request = "\r\n".join(lines) + "\r\n\r\n"
    return request.encode("latin-1")


def _status(connection: socket.socket) -> str:
    """Read the proxy's answer to its end, and no byte more: what follows is the server's own."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        if not piece or len(head) > _MOST_HEAD_BYTES:
            raise ValueError("no answer of a proxy")
        head += piece
    return head.split(b" ", 2)[1].decode("latin-1").strip() if head.startswith(b"HTTP/") else "something else"


def _close(connection: socket.socket | None) -> None:
    if connection is not None:
        with suppress(OSError):
            connection.close()
