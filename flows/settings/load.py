"""Read the settings: ``tieout.toml``, overridden key by key by the environment (``TIEOUT_LOADER__CONCURRENCY=8``).

``--config`` or ``TIEOUT_CONFIG`` names the file; without either it is ``tieout.toml`` in the current folder, where
there is one. Paths are relative to ``workspace``, and ``workspace`` to the file's folder.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError as UnreadableVariable

from flows.runtime.errors import SettingsError
from flows.runtime.secrets import know
from flows.settings.known_secrets import secrets_of
from flows.settings.secret_blocks import with_secret_blocks
from flows.settings.sections import Settings

DEFAULT_FILE = Path("tieout.toml")


def load_settings(config: Path | None = None, *, with_secrets: bool = True) -> Settings:
    """Read and check the settings; `SettingsError` names each wrong key.

    Secrets that name a block of Prefect are read from there, unless `with_secrets` says that none will be needed.
    Unknown top-level ``TIEOUT_`` variables are not errors, since others may use the prefix; unknown keys in the
    file are, since a misspelt key must not be ignored.
    """
    path = config or configured_path()
    keys = _read_toml(path) if path else {}
    try:
        settings = Settings(**keys)
    except ValidationError as error:
        raise SettingsError(_explain(error, path)) from None
    except UnreadableVariable as error:
        raise SettingsError(_explain_variable(error)) from None
    # First as they stand: where a secret of Prefect's cannot be read, the line about it may quote others.
    know(secrets_of(settings))
    settings._file = path.resolve() if path else None
    settings._is_of_no_place = path is None and settings.model_fields_set.isdisjoint({"workspace", "database_url"})
    settings._folder = path.resolve().parent if path else Path.cwd()
    if with_secrets:
        settings = with_secret_blocks(settings)
        know(secrets_of(settings))
    return settings


def configured_path() -> Path | None:
    """Return the file that the environment names, else the one in the current folder, where there is one."""
    named = os.environ.get("TIEOUT_CONFIG")
    if named:
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.exists() else None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        # Editors of Windows begin a file with a mark, which TOML does not know.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(f"There is no settings file {path}: name another with --config, or make it.") from None
    except OSError as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {path} is no valid TOML: {error}.") from None


def _explain(error: ValidationError, path: Path | None) -> str:
    where = f"in {path} or the environment" if path else "in the environment (there is no tieout.toml here)"
    # Inputs are left out on purpose: a wrong value may be a secret in the wrong place.
    faults = [_fault(fault["loc"], fault["msg"]) for fault in error.errors()]
    return f"Settings {where} are wrong: {'; '.join(faults)}."


def _fault(place: tuple[int | str, ...], message: str) -> str:
    said = message.removeprefix("Value error, ")
    # What is wrong between two sections stands at no key, and names them itself.
    if not place:
        return said
    key = ".".join(map(str, place))
    return f"{key}: {said}"


def _explain_variable(error: UnreadableVariable) -> str:
    # The library tells the section in its sentence only, between quotation marks.
    _, _, from_section = str(error).partition('"')
    section, _, _ = from_section.partition('"')
    prefix = f"TIEOUT_{section.upper()}"
    names = [name for name in sorted(os.environ) if name.upper().startswith(prefix)]
    return f"The environment is wrong: lists and whole sections are written as JSON; look at {', '.join(names)}."
