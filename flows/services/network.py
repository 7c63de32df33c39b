"""Which way a request goes to an address, by a proxy or directly, and which authorities are trusted on it.

The settings come first, then the environment (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in capitals or not), as
curl has it. This machine is always reached directly: no proxy could lead back to it.
"""

import atexit
import shutil
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

import certifi

from flows.runtime.clock import utc_now
from flows.runtime.errors import SettingsError
from flows.settings.sections import Settings
from flows.settings.values import DIRECT

_KEY = "network.ca_file"


@dataclass(frozen=True)
class Way:
    """How an address is reached; ``proxy`` is a secret where it holds a password, and None where there is none."""

    proxy: str | None
    by: str  # the setting or variable that says so; "" where nothing does

    @property
    def words(self) -> str:
        """The way in words, without user and password."""
        why = f" ({self.by})" if self.by else ""
        if self.proxy is None:
            return f"directly{why}"
        parts = urlsplit(self.proxy)
        port = parts.port or _PORTS[parts.scheme]
        return f"by the proxy {parts.hostname}:{port} ({self.by})"


_PORTS = {"http": 80, "https": 443}


def way_to(settings: Settings, url: str) -> Way:
    """Return how the address is reached; `SettingsError` where a proxy is named that cannot be used."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    # A proxy has its own localhost: the sandbox's keys would be sent to it, and something else would answer.
    if _is_this_machine(host):
        return Way(None, "")
    network = settings.network
    told = network.proxy.get_secret_value() if network.proxy else ""
    if told == DIRECT:
        return Way(None, "network.proxy")
    if _is_among(host, network.no_proxy):
        return Way(None, "network.no_proxy")
    if told:
        return Way(_usable(told, "network.proxy"), "network.proxy")
    return _way_of_environment(parts.scheme, host, parts.port)


def _way_of_environment(scheme: str, host: str, port: int | None) -> Way:
    proxies = getproxies_environment()
    variable = next((name for name in (scheme, "all") if proxies.get(name)), None)
    if variable is None:
        return Way(None, "")
    name = f"{variable.upper()}_PROXY"
    said = [one.strip().removesuffix(f":{port}") for one in proxies.get("no", "").split(",")]
    if _is_among(host, said):
        return Way(None, "NO_PROXY")
    return Way(_usable(proxies[variable], name), name)


def _usable(proxy: str, name: str) -> str:
    """Return the proxy's address with its scheme; which one it is, is told by what names it alone."""
    address = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(address)
        is_usable = parts.scheme in _PORTS and parts.hostname and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise SettingsError(f'{name}: a proxy is named as "http://host:port" (or https://); SOCKS is not spoken here.')
    return address


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_among(host: str, names: Sequence[str]) -> bool:
    """Return whether one of the names means the host: itself, a domain that it is in, a network, or * for all."""
    for name in names:
        plain = name.strip().lower().removeprefix("*").removeprefix(".")
        if name.strip() == "*" or (plain and (host == plain or host.endswith(f".{plain}"))):
            return True
        if _is_in_network(host, plain):
            return True
    return False


def _is_in_network(host: str, network: str) -> bool:
    try:
        return "/" in network and ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False


def ca_file(settings: Settings) -> Path | None:
    """Return the file of authorities of one's own; None where the settings name none."""
    named = settings.network.ca_file
    return settings.root / named if named else None


def tls_context(settings: Settings) -> ssl.SSLContext:
    """Return whom to trust: the system's authorities, and those of the settings; `SettingsError` says what is wrong."""
    file = ca_file(settings)
    if file is None:
        return _system_context()
    own_authorities(file)
    # Beside the system's and not in their place: services keep certificates of public authorities.
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=file)
    return context


def bundle_of(settings: Settings) -> Path | None:
    """Return one file of the public authorities and those of the settings, until this process ends.

    For libraries that take one file for all; None where the settings name none, `SettingsError` says what is wrong.
    """
    own = ca_file(settings)
    if own is None:
        return None
    own_authorities(own)
    bundle = _folder_of_bundles() / "authorities.pem"
    bundle.write_text(f"{Path(certifi.where()).read_text()}\n{own.read_text()}")
    return bundle


@cache
def _folder_of_bundles() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tieout-trust-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _system_context() -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True)
class Authorities:
    """What a file of authorities holds."""

    count: int
    first_ends_at: datetime  # when the first of them is no longer valid


def own_authorities(file: Path) -> Authorities:
    """Look into a file of authorities; `SettingsError` where it is missing, holds none, or only such as are over."""
    alone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        alone.load_verify_locations(cafile=file)
    except FileNotFoundError:
        raise SettingsError(f"{_KEY}: there is no file {file}.") from None
    except ssl.SSLError:
        raise SettingsError(
            f"{_KEY}: {file} holds no certificates in PEM, the text that begins with -----BEGIN CERTIFICATE-----."
        ) from None
    except OSError as error:
        raise SettingsError(f"{_KEY}: {file} cannot be read: {error.strerror}.") from None
    ends = [_ends_at(held) for held in alone.get_ca_certs()]
    if not ends:
        raise SettingsError(
            f"{_KEY}: {file} holds no certificate of an authority; the server's own one is not enough: ask who runs "
            "your network for the one that it is signed with."
        )
    if max(ends) <= utc_now():
        raise SettingsError(f"{_KEY}: what {file} holds has expired on {max(ends):%Y-%m-%d}: ask for the new one.")
    return Authorities(len(ends), min(ends))


def _ends_at(held: Mapping[str, object]) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(held["notAfter"])), UTC)
