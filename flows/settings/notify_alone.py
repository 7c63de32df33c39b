"""Whom to tell that the settings cannot be read: what can be made out of them all the same.

A key that somebody mistyped must not keep the one message back that says so. Nothing but the addresses of notices and
the workspace is read here, and nothing of it is used for a run.
"""

import json
import os
import re
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flows.runtime.secrets import know
from flows.settings.known_secrets import secrets_of
from flows.settings.load import configured_path
from flows.settings.of_house import NotifySettings
from flows.settings.sections import Settings

_SECTION = re.compile(r"^\s*\[notify\]\s*?$.*?(?=^\s*\[|\Z)", re.MULTILINE | re.DOTALL)
_WORKSPACE = re.compile(r"^\s*workspace\s*=.*$", re.MULTILINE)


def whom_to_tell(config: Path | None) -> Settings | None:
    """Return settings that name the addresses of notices and their folder, nothing else; None where nobody is named."""
    path = config or configured_path()
    found = _readable_part(path)
    notify = found.get("notify", {})
    with suppress(KeyError, ValueError):
        notify = {**notify, "urls": json.loads(os.environ["TIEOUT_NOTIFY__URLS"])}
    try:
        told = NotifySettings(**notify)
    except (ValidationError, TypeError):
        return None
    if not told.urls:
        return None
    if told.quiet_timezone is None:
        # The sites' own zone cannot be read either: better at a bad hour than by a wrong clock.
        told = told.model_copy(update={"quiet_hours": None})
    # Without its checks, which are what failed.
    settings = Settings.model_construct(notify=told, workspace=Path(str(found.get("workspace", "."))))
    settings._folder = path.resolve().parent if path else Path.cwd()
    know(secrets_of(settings))
    return settings


def _readable_part(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return {}
    with suppress(tomllib.TOMLDecodeError):
        return tomllib.loads(text)
    parts = [*_WORKSPACE.findall(text)[:1], *_SECTION.findall(text)[:1]]
    with suppress(tomllib.TOMLDecodeError):
        return tomllib.loads("\n".join(parts))
    return {}
