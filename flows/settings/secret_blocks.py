"""Secrets that live in Prefect: ``api_key = "{{ prefect.blocks.secret.NAME }}"`` names a Secret block.

It is how Prefect itself refers to blocks in its deployment files. Blocks are read from the API that the environment or
a profile of Prefect configures, as the settings are loaded; Prefect is imported only where a block is named.
"""

import re
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr

from flows.runtime.errors import CouldNotRun, SettingsError

Section = TypeVar("Section", bound=BaseModel)

_REFERENCE = re.compile(r"\{\{\s*prefect\.blocks\.secret\.([a-z0-9-]+)\s*\}\}")


def with_secret_blocks(section: Section) -> Section:
    """Return the settings with every secret that names a block replaced by what the block holds.

    Raises `SettingsError` where there is no such block or no API to ask, `CouldNotRun` where the API is out of reach.
    """
    found = {name: _resolve(value) for name, value in section if _names_a_block(value)}
    return section.model_copy(update=found) if found else section


def _names_a_block(value: Any) -> bool:
    if isinstance(value, SecretStr):
        return _name_of_block(value) is not None
    if isinstance(value, BaseModel):
        return any(_names_a_block(inner) for _, inner in value)
    if isinstance(value, tuple):
        return any(_names_a_block(inner) for inner in value)
    return False


def _name_of_block(secret: SecretStr) -> str | None:
    found = _REFERENCE.fullmatch(secret.get_secret_value().strip())
    return found[1] if found else None


def _resolve(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return with_secret_blocks(value)
    if isinstance(value, tuple):
        return tuple(_resolve(inner) for inner in value)
    name = _name_of_block(value) if isinstance(value, SecretStr) else None
    return value if name is None else SecretStr(_read_block(name))


def _read_block(name: str) -> str:
    import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

    # isort: split
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
    from prefect.settings import PREFECT_API_URL

    if PREFECT_API_URL.value() is None:
        raise SettingsError(
            f'The secret block "{name}" is kept by Prefect, and no API is configured: set PREFECT_API_URL.'
        )
    try:
        with get_client(sync_client=True) as client:
            block = client.read_block_document_by_name(name, "secret", include_secrets=True)
    except ObjectNotFound:
        raise SettingsError(
            f'Prefect has no secret block "{name}": make it, or mend the name in the settings.'
        ) from None
    except (httpx.HTTPError, PrefectHTTPStatusError, RuntimeError) as error:
        reason = type(error).__name__
        raise CouldNotRun(
            f'The secret block "{name}" cannot be read from Prefect ({reason}): mend PREFECT_API_URL.'
        ) from None
    value = str(block.data["value"])
    if not value.isprintable():
        raise SettingsError(
            f'The secret block "{name}" holds a line break or another sign that cannot be seen: save it anew.'
        )
    return value
