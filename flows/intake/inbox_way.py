"""How an inbox at an address is reached, and whom it is trusted to be: what the settings say of it, in one place."""

import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flows.intake.host_keys import HostKeys
from flows.services.network import Way, bundle_of, tls_context, way_to
from flows.settings.sections import Settings

_S3 = {"s3", "s3a"}
_SHELLS = {"sftp", "ssh"}


@dataclass(frozen=True)
class InboxWay:
    """How to go; without a word of it directly, and trusting as the system does."""

    host_keys: HostKeys = field(default_factory=HostKeys)
    way: Way | None = None  # None: the settings say nothing, and the library goes by the environment
    bundle: Path | None = None  # authorities to trust, as one file
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context

    @property
    def store_options(self) -> dict[str, Any]:
        """What a client of S3 is told beside what its environment says."""
        options: dict[str, Any] = {}
        if self.way is not None:
            # Empty is directly; left out is as the environment says.
            proxy = self.way.proxy
            options["config_kwargs"] = {"proxies": {"http": proxy, "https": proxy} if proxy else {}}
        if self.bundle is not None:
            options["client_kwargs"] = {"verify": str(self.bundle)}
        return options


def inbox_way(settings: Settings) -> InboxWay:
    """Return the way to the inbox; `SettingsError` where the one that is named cannot be gone."""
    scheme = urlsplit(settings.inbox.url).scheme
    if scheme in _SHELLS:
        return InboxWay(
            host_keys=_host_keys(settings),
            way=way_to(settings, settings.inbox.url),
            trust=lambda: tls_context(settings),
        )
    if scheme in _S3:
        network = settings.network
        is_told = network.proxy is not None or network.no_proxy
        way = way_to(settings, _address_of_store()) if is_told else None
        return InboxWay(way=way, bundle=bundle_of(settings))
    return InboxWay()


def _address_of_store() -> str:
    """Return where S3 is, as its own clients know it."""
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):
        if os.environ.get(name):
            return os.environ[name]
    return "https://s3.amazonaws.com"


def _host_keys(settings: Settings) -> HostKeys:
    """Return by what an SFTP server is known."""
    inbox = settings.inbox
    if inbox.known_hosts:
        return HostKeys(inbox.host_key, (settings.root / inbox.known_hosts,))
    return HostKeys(inbox.host_key)
