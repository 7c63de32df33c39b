"""Let messages go the way that the settings say: what sends them reads the environment, and nothing else."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from flows.services.network import bundle_of
from flows.settings.sections import Settings
from flows.settings.values import DIRECT

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_TRUSTED = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


@contextmanager
def routed(settings: Settings) -> Iterator[None]:
    """Within the block the environment names the proxy and the authorities of the settings, where they name some.

    `SettingsError` where the authorities cannot be used.
    """
    wanted = {**_proxies(settings), **_authorities(settings)}
    before = {name: os.environ.get(name) for name in wanted}
    _set(wanted)
    try:
        yield
    finally:
        _set(before)


def _set(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _proxies(settings: Settings) -> dict[str, str | None]:
    network = settings.network
    told = network.proxy.get_secret_value() if network.proxy else ""
    before = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    direct = [*before.split(","), *network.no_proxy, *_THIS_MACHINE]
    wanted: dict[str, str | None] = {}
    for name in ("NO_PROXY", "no_proxy"):
        wanted[name] = ",".join(one for one in direct if one)
    for name in _PROXIES if told else ():
        # In small letters they win with some, so both are said.
        wanted[name] = wanted[name.lower()] = None if told == DIRECT else told
    return wanted


def _authorities(settings: Settings) -> dict[str, str | None]:
    """Return what names the settings' authorities beside the public ones: the libraries take one file for all."""
    bundle = bundle_of(settings)
    return {} if bundle is None else dict.fromkeys(_TRUSTED, str(bundle))
