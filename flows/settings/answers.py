"""What people answered about their sheets, kept in the workspace (`layouts.toml`), where it may be mended.

Layouts stand there as in the settings (`flows.settings.layouts`), and what holds for all sheets of a site beside them
(`flows.settings.site_times`).
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.runtime.alone import alone
from flows.runtime.errors import CouldNotRun, SettingsError
from flows.runtime.whole_file import written_whole
from flows.settings.sections import Settings

ANSWERS = "layouts.toml"


def read_answers(settings: Settings, part: str = "columns") -> dict[str, dict[str, Any]]:
    """Return what people's answers have made, as it is written: layouts (`columns`), or what holds for `sites`."""
    path = answers_path(settings)
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        kept: dict[str, dict[str, Any]] = found.get(part, {})
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: the answers kept there cannot be read: {error}. Mend the file.") from None
    return kept


@dataclass
class Answers:
    """All answers of a workspace, to be changed in place."""

    layouts: dict[str, dict[str, Any]]
    sites: dict[str, dict[str, Any]]


@contextmanager
def changed_answers(settings: Settings) -> Iterator[Answers]:
    """Give the answers to change, and write them anew when the block ends well.

    Raises `SettingsError` where they cannot be read, and `CouldNotRun` where they cannot be written.
    """
    path = answers_path(settings)
    try:
        # Two people may answer at once, at the desk and at the command line: what one of them said is not lost.
        with alone(settings.root / ".tieout" / "layouts.lock"):
            answers = Answers(layouts=read_answers(settings), sites=read_answers(settings, "sites"))
            yield answers
            with written_whole(path) as part:
                part.write_text(_as_toml({"columns": answers.layouts, "sites": answers.sites}), encoding="utf-8")
    except OSError as error:
        raise CouldNotRun(f"{path}: the answer cannot be kept: {error.strerror}.") from None


def answers_path(settings: Settings) -> Path:
    """Return where the answers of a workspace are kept."""
    return settings.root / ANSWERS


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
