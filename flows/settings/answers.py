"""What people answered about their sheets, kept in the workspace (`layouts.toml`), where it may be mended.

Layouts stand there as in the settings (`flows.settings.layouts`), and what holds for all sheets of a site beside them
(`flows.settings.site_times`).
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.runtime.errors import CouldNotRun, SettingsError
from flows.settings.sections import Settings

ANSWERS = "layouts.toml"


def read_answers(settings: Settings, part: str = "columns") -> dict[str, dict[str, Any]]:
    """Return what people's answers have made, as it is written: layouts (`columns`), or what holds for `sites`."""
    path = settings.root / ANSWERS
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        kept: dict[str, dict[str, Any]] = found.get(part, {})
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: the answers kept there cannot be read: {error}. Mend the file.") from None
    return kept


def write_answers(
    settings: Settings, layouts: Mapping[str, Mapping[str, Any]], sites: Mapping[str, Mapping[str, Any]]
) -> Path:
    """Write all answers of the workspace anew; return where they are kept."""
    path = settings.root / ANSWERS
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(_as_toml({"columns": layouts, "sites": sites}), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise CouldNotRun(f"{path}: the answer cannot be kept: {error.strerror}.") from None
    return path


def _as_toml(parts: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    lines = ["# What people answered about their sheets. Delete a part to be asked again.", ""]
    for part, named in parts.items():
        for name, entries in named.items():
            lines += [*_part_lines(f"{part}.{_quoted(name)}", entries), ""]
    return "\n".join(lines)


def _part_lines(part: str, entries: Mapping[str, Any]) -> list[str]:
    return [f"[{part}]", *(f"{_quoted(key)} = {_quoted(value)}" for key, value in entries.items())]


def _quoted(text: object) -> str:
    # The strings of JSON are strings of TOML, escapes included; but for one sign, which TOML takes as an escape alone.
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")
