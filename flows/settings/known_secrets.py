"""Tell what of the settings, and of the environment beside them, is secret, so that it can be masked everywhere."""

import os
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, SecretStr

from flows.runtime.secrets import secrets_of_address, secrets_of_secret_address
from flows.settings.sections import Settings

_OPEN_OPTIONS = {"host", "hostaddr", "dbname", "user", "application_name", "sslmode", "options", "connect_timeout"}
# What Prefect and the libraries of notices read for themselves.
_SECRET_VARIABLES = ("PREFECT_API_KEY", "PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING", "PGPASSWORD")
_ADDRESS_VARIABLES = ("PREFECT_API_URL", "PREFECT_API_DATABASE_CONNECTION_URL")
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def secrets_of(settings: Settings) -> Iterator[str]:
    """Give every secret that the settings hold, or that the environment holds for what they start."""
    of_services = settings.of_services.values()
    addresses = [settings.inbox.url, *(section.base_url for section in of_services)]
    # Most of a database's address is no secret: its file or its server is named in many a line.
    addresses.append(settings.database_url.get_secret_value())
    yield from _secret_options(addresses[-1])
    for address in addresses:
        yield from secrets_of_address(address)
    if settings.network.proxy is not None:
        yield from _secrets_of_proxy(settings.network.proxy.get_secret_value())
    for url in (*settings.notify.urls, settings.notify.ping_url):
        if url is not None:
            yield from secrets_of_secret_address(url.get_secret_value())
    for section in of_services:
        yield from _secrets_within(section)
    yield from _secrets_of_environment()


def _secret_options(database_url: str) -> Iterator[str]:
    """Give the values of a database address's options, but for those that say where it is and how to talk to it."""
    try:
        options = parse_qsl(urlsplit(database_url).query)
    except ValueError:
        return
    yield from (value for name, value in options if name not in _OPEN_OPTIONS)


def _secrets_within(section: BaseModel) -> Iterator[str]:
    for _, value in section:
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, BaseModel):
            yield from _secrets_within(value)
        elif isinstance(value, tuple):
            for held in value:
                if isinstance(held, BaseModel):
                    yield from _secrets_within(held)


def _secrets_of_environment() -> Iterator[str]:
    for name in _SECRET_VARIABLES:
        if value := os.environ.get(name):
            yield value
            yield value.partition(":")[2]  # "user:password"
    for name in _ADDRESS_VARIABLES:
        for spelled in (name, name.lower()):
            yield from secrets_of_address(os.environ.get(spelled, ""))
    for name in _PROXY_VARIABLES:
        for spelled in (name, name.lower()):
            yield from _secrets_of_proxy(os.environ.get(spelled, ""))


def _secrets_of_proxy(address: str) -> Iterator[str]:
    # A proxy may be named without http:// before it.
    yield from secrets_of_address(address if "://" in address else f"http://{address}")
