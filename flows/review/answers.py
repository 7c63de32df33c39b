"""Keep what a person answered about a sheet, as a layout of the workspace: asked once for all sheets like it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.runtime.errors import CouldNotRun
from flows.settings.layouts import ANSWERS, read_answers
from flows.settings.sections import Settings
from transforms.sheets.questions import Question

_LONGEST_NAME = 120


def keep_answer(settings: Settings, question: Question, answer: str) -> Path:
    """Add an answer, one of the question's `choices`, to the layout of its headings; return where it is kept."""
    layouts = read_answers(settings)
    about = question.about
    name = about.layout or ", ".join(about.headings)[:_LONGEST_NAME]
    # The headings that are read stand in the layout too, so that the answer holds for sheets like this one alone.
    layouts[name] = {**about.fields, **layouts.get(name, {}), **question.entries[answer]}
    path = settings.root / ANSWERS
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(_as_toml(layouts), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise CouldNotRun(f"{path}: the answer cannot be kept: {error.strerror}.") from None
    return path


def _as_toml(layouts: Mapping[str, Mapping[str, Any]]) -> str:
    lines = ["# What people answered about their sheets. Delete a part to be asked again.", ""]
    for name, entries in layouts.items():
        lines.append(f"[columns.{_quoted(name)}]")
        lines += [f"{_quoted(key)} = {_quoted(value)}" for key, value in entries.items()]
        lines.append("")
    return "\n".join(lines)


def _quoted(text: object) -> str:
    # The strings of JSON are strings of TOML, escapes included.
    return json.dumps(str(text), ensure_ascii=False)
