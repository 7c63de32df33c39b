"""How a process tells what it does, on standard error: as lines for a person, or as JSON lines for a collector.

A person has lines: on a terminal, and wherever a run was started by hand. A run that a schedule starts, with no
terminal to write to, writes one JSON object a line, with the ids of run, file, place, event and attempt and with
counts, so that it can be searched; never a row, a cell or a client. The settings may say otherwise (`logs.format`).
"""

import json
import re
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from flows.runtime.schedule import is_by_schedule
from flows.runtime.secrets import line_of
from flows.runtime.terminal import write_line


class LogFormat(StrEnum):
    """How it is written."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


# Whoever reads a log may not be one who may know clients.
_CLIENT = re.compile(r"\bclient [^\s,;:()\"\\]+")


class _Log:
    def __init__(self) -> None:
        self.is_json = False
        self.run_id = ""


_log = _Log()


def begin_log(format_: LogFormat, run_id: str) -> None:
    """Write from now on as the settings say, and name the run in each line."""
    is_for_a_machine = is_by_schedule() and not _is_terminal()
    _log.is_json = format_ is LogFormat.JSON or (format_ is LogFormat.AUTO and is_for_a_machine)
    _log.run_id = run_id


def end_log() -> None:
    """Write as for a person, of no run: what a process does before its settings are read."""
    _log.is_json = False
    _log.run_id = ""


def is_json() -> bool:
    """Return whether JSON lines are written."""
    return _log.is_json


def _is_terminal() -> bool:
    plain = getattr(sys.stderr, "unguarded", sys.stderr)
    return bool(plain.isatty())


def say(line: object, *, level: str = "info") -> None:
    """Write one line for a person, or what stands in it as a message."""
    if _log.is_json:
        _write(level, "message", {"message": line_of(line)})
    else:
        write_line(line, error=True)


def say_failed(line: object) -> None:
    """Write what could not be done; for a person with our name before it, as every command does."""
    say(line if _log.is_json else f"tieout: {line}", level="error")


def record(what: str, **facts: Any) -> None:
    """Write down what happened by its ids and counts; a person is not told of each.

    ``facts`` are ids, counts, codes and seconds; never what stands in a row.
    """
    if _log.is_json:
        _write("info", what, {name: fact for name, fact in facts.items() if fact is not None})


def _write(level: str, what: str, facts: dict[str, Any]) -> None:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {"at": at, "level": level, "what": what, "run": _log.run_id, **facts}
    text = json.dumps(told, ensure_ascii=True, default=str)
    write_line(_CLIENT.sub("a client", text), error=True)
