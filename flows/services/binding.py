"""Hold the ledger to the services that it was used against: an event that was posted elsewhere was never paid here.

A ledger is bound to the address of a service when that is first reached. Another one stops every run before anything is
sent, until a person says that it is the same service (`tieout db bind`). Sites are no part of it: a new one is free.

On loopback a port tells nothing: a stand-in gets another one at each start. There a service may name itself by a
header, as the sandbox does with an id that it keeps in its state; one that does not counts as the same on every port.
"""

import ipaddress
from urllib.parse import urlsplit

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.runtime.errors import OtherService, SettingsError
from flows.settings.sections import Settings
from sql.bindings import bind_service, binding_in_force, was_sent_to
from transforms.vocabulary import SERVICE_NAMES, Target

STAND_IN_HEADER = "Stand-In"
_LOOPBACK = "loopback"
_STAND_IN = "stand-in "
_DEFAULT_PORTS = {"https": 443, "http": 80}


def service_address(base_url: str, stand_in: str | None = None) -> str:
    """Name the service at an address, however it is written.

    >>> service_address("https://API.example.com:443/")
    'api.example.com'
    >>> service_address("http://127.0.0.1:40123")
    'loopback'
    >>> service_address("http://localhost:40123", "5f0c")
    'stand-in 5f0c'
    """
    parts = urlsplit(base_url)
    host = (parts.hostname or "").rstrip(".")
    if _is_loopback(host):
        return f"{_STAND_IN}{stand_in}" if stand_in else _LOOPBACK
    is_usual_port = parts.port in (None, _DEFAULT_PORTS.get(parts.scheme))
    port = "" if is_usual_port else f":{parts.port}"
    path = parts.path.rstrip("/")
    return f"{host}{port}{path}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_same(bound: str, address: str) -> bool:
    """Return whether both may be one service: on loopback, where one side does not say which it is, they may."""
    if bound == address:
        return True
    both = (bound, address)
    return _LOOPBACK in both and all(one == _LOOPBACK or one.startswith(_STAND_IN) for one in both)


def configured_addresses(settings: Settings) -> dict[Target, str]:
    """Return the address of each service that has credentials, as far as the settings tell it."""
    return {
        target: service_address(section.base_url)
        for target, section in settings.of_services.items()
        if section.is_named
    }


def refuse_other_services(settings: Settings, ledger: Ledger) -> None:
    """Raise `OtherService` where a configured address is not the one that the ledger was used against; asks nobody.

    `SettingsError` where the ledger was used against a service, and the settings name none any more.
    """
    if not settings.names_a_service:
        _refuse_forgotten_services(settings, ledger)
    for target, address in configured_addresses(settings).items():
        said = other_service(ledger, target, address)
        if said is not None:
            raise OtherService(said)


def _refuse_forgotten_services(settings: Settings, ledger: Ledger) -> None:
    # A night by a settings file that was cut short would find nothing to do. It would say every morning that all ties
    # out, while the sheets wait and nobody looks at what was sent.
    with ledger.read() as connection:
        used = [SERVICE_NAMES[target] for target in Target if was_sent_to(connection, target)]
    if used:
        raise SettingsError(
            f"No service is configured in {settings.where}, and this ledger has sent events to {' and '.join(used)}: "
            "put the [[mindbody.sites]] and the keys of [referral_rock] back, or name the right file with --config."
        )


def bind_or_refuse(settings: Settings, ledger: Ledger, target: Target, stand_in: str | None) -> None:
    """Bind the ledger to a service that was reached for the first time; `OtherService` where it is another one."""
    address = service_address(settings.of_service(target).base_url, stand_in)
    said = other_service(ledger, target, address)
    if said is not None:
        raise OtherService(said)
    with ledger.begin() as connection:
        bound = binding_in_force(connection, target)
        # What is on loopback and says who it is, is known better from now on; the other way round nothing is learned.
        if bound is None or (bound.address != address and address != _LOOPBACK):
            bind_service(connection, target, address, by="tieout", reason="first reached", now=utc_now())


def other_service(ledger: Ledger, target: Target, address: str) -> str | None:
    """Say that the address is another one than the ledger was used against; None where it is not."""
    with ledger.begin() as connection:
        bound = binding_in_force(connection, target)
        # As long as nothing was ever sent there, nothing can be taken for paid that is not: a slip is simply mended.
        if bound is None or _is_same(bound.address, address) or not was_sent_to(connection, target):
            return None
    name = SERVICE_NAMES[target]
    return (
        f"{name} is another service than this ledger was used against: {_say(address)} in the settings, "
        f"{_say(bound.address)} since {bound.bound_at:%Y-%m-%d}. What was posted there would count as paid here, so "
        "nothing is sent. Give it a ledger and a workspace of its own; or, where it is the same service under another "
        "address, say so by `tieout db bind --by NAME --reason TEXT`."
    )


def _say(address: str) -> str:
    if address == _LOOPBACK or address.startswith(_STAND_IN):
        return f"{address} on this machine"
    return address
