"""A network as companies have it: a proxy that alone knows the way, and certificates by an authority of its own."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_ROUTES = dict[str, int]  # host -> port on this machine


def make_authority(folder: Path, *hosts: str, days: float = 30, name: str = "ca") -> tuple[Path, Path]:
    """Write an authority's certificate, and a server's of these hosts with its key; return both files."""
    now = datetime.now(UTC)
    until = now + timedelta(days=days)
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Studio network {name}")])
    authority = _certificate(issuer, issuer, key.public_key(), key, now, until, is_authority=True)
    server_key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    server = _certificate(subject, issuer, server_key.public_key(), key, now, until, hosts=hosts)
    ca_file, server_file = folder / f"{name}.pem", folder / f"{name}-server.pem"
    ca_file.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    private = server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    server_file.write_bytes(private + server.public_bytes(serialization.Encoding.PEM))
    return ca_file, server_file


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    signing: ec.EllipticCurvePrivateKey,
    now: datetime,
    until: datetime,
    *,
    is_authority: bool = False,
    hosts: tuple[str, ...] = (),
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if hosts:
        names = [x509.DNSName(host) for host in hosts]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if is_authority:
        usage = dict.fromkeys(
            ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "encipher_only", "decipher_only"), False,
        )  # fmt: skip
        builder = builder.add_extension(x509.KeyUsage(**usage, key_cert_sign=True, crl_sign=True), critical=True)
    return builder.sign(signing, hashes.SHA256())


@contextmanager
def tls_front(server_file: Path, port: int) -> Iterator[int]:
    """Give the port of a TLS server that hands on to a plain one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_file)

    def serve(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as encrypted:
            _join(encrypted, port)

    with _listening(serve) as own_port:
        yield own_port


@dataclass
class Proxy:
    """What a proxy knows, was asked for, and answers instead where it refuses."""

    port: int = 0
    routes: _ROUTES = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # the first line of each request
    authorizations: set[str] = field(default_factory=set)
    refusal: str = ""  # such as "407 Proxy Authentication Required"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def proxying(routes: _ROUTES) -> Iterator[Proxy]:
    """Run a proxy that leads to these names, which nobody else can resolve."""
    proxy = Proxy(routes=routes)

    def serve(client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(65536)
            if not piece:
                return
            head += piece
        lines = head.decode("latin-1").split("\r\n")
        proxy.asked.append(lines[0])
        proxy.authorizations |= {line for line in lines if line.lower().startswith("proxy-authorization:")}
        method, target, _ = lines[0].split(" ")
        if proxy.refusal:
            client.sendall(f"HTTP/1.1 {proxy.refusal}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            return
        host = target.removeprefix("http://").partition("/")[0].partition(":")[0]
        if method == "CONNECT":
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _join(client, proxy.routes[host])
        else:
            plain = head.replace(target.encode(), b"/" + target.removeprefix("http://").partition("/")[2].encode(), 1)
            _join(client, proxy.routes[host], plain)

    with _listening(serve) as proxy.port:
        yield proxy


@contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(client: socket.socket) -> None:
        # A client that trusts nobody, or has gone, is none of the server's trouble.
        with suppress(OSError, KeyError), closing(client):
            serve(client)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=answer, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with listener:
        yield listener.getsockname()[1]


def _join(one: socket.socket, port: int, first: bytes = b"") -> None:
    """Hand on between a client and a port of this machine until one of them ends."""
    with socket.create_connection(("127.0.0.1", port)) as other:
        other.sendall(first)

        def back() -> None:
            with suppress(OSError):
                while piece := other.recv(65536):
                    one.sendall(piece)
                one.shutdown(socket.SHUT_WR)

        answering = threading.Thread(target=back, daemon=True)
        answering.start()
        with suppress(OSError):
            while piece := one.recv(65536):
                other.sendall(piece)
            other.shutdown(socket.SHUT_WR)
        answering.join(5)
