"""By which address people reach the desk."""

from urllib.parse import urlsplit

from flows.settings.sections import Settings

_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - listened at, and no address that anybody types


def desk_address(settings: Settings, port: int | None = None) -> str:
    """Return how the desk is reached: as the settings say, else by where it listens."""
    desk = settings.desk
    if desk.address:
        return desk.address.rstrip("/")
    scheme = "https" if desk.tls_certificate else "http"
    return f"{scheme}://{_host(desk.listen)}:{port or desk.port}"


def _host(listen: str) -> str:
    if listen in _EVERYWHERE:
        return "localhost"
    is_ipv6 = ":" in listen
    return f"[{listen}]" if is_ipv6 else listen


def link_for(settings: Settings, token: str, port: int | None = None) -> str:
    """Return the link by which a person chooses a password."""
    return f"{desk_address(settings, port)}/welcome/{token}"


def known_hosts(settings: Settings) -> frozenset[str]:
    """Return the names that the desk answers to; a page elsewhere that leads its own name here gets no answer."""
    desk = settings.desk
    named = urlsplit(desk.address).hostname or desk.listen
    hosts = [*_THIS_MACHINE, named, *desk.hosts]
    return frozenset(host.lower() for host in hosts)
