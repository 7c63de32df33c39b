"""Hear every error that Prefect's services log, and keep it where `tieout doctor` finds it.

The console of Prefect keeps still (`prefect_quiet`), since what a flow raises reaches its caller and is told there in
one line. A service of Prefect has no caller: its scheduler may die in every pass while everything else looks well, and
the log is the only place that says so. So errors are heard here whatever the console does, told in one line each, and
kept as JSON lines, one an error, in a file that is bounded.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flows.runtime.terminal import write_line

ERRORS_NAME = "errors.jsonl"
_MOST_BYTES = 1024 * 1024  # then the file becomes errors.jsonl.1, and the one of before goes
_LONGEST_TEXT = 500
_MOST_REMEMBERED = 1000
# A service that fails in every pass says the same each minute; it is told again after a while, not each time.
_SAME_AGAIN_SECONDS = 600.0
# What a flow or a task raises reaches whoever called it; Prefect logs it besides, with its trace.
_TOLD_BY_THEIR_CALLERS = ("prefect.flow_runs", "prefect.task_runs")
# Loggers of Prefect's logging.yml that pass nothing on to the root.
_APART = ("uvicorn", "fastapi", "prefect._internal", "prefect.extra")


@dataclass(frozen=True)
class ServiceError:
    """One error that a service logged; ``at`` is aware."""

    at: datetime
    logger: str
    text: str

    @property
    def line(self) -> str:
        """The error in one line for a person."""
        return f"Prefect ({self.logger}): {self.text}"


@contextmanager
def hearing_errors(
    folder: Path | None, say: Callable[[str], None], is_over: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """Within the block every error that a service of this process logs is said, and kept in `folder` if there is one.

    Call it after Prefect is imported: it sets up its loggers as it starts. Once `is_over`, what breaks is what a stop
    breaks off, and nothing is heard any more.
    """
    handler = _Hearer(folder, say, is_over)
    loggers = [logging.getLogger(), *map(logging.getLogger, _APART)]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


def read_errors(folder: Path, since: datetime) -> list[ServiceError]:
    """Return what was logged since then, oldest first; a line that was cut off by a kill is passed over."""
    found = []
    for name in (f"{ERRORS_NAME}.1", ERRORS_NAME):
        try:
            lines = (folder / name).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        errors = [_parse(line) for line in lines]
        found += [error for error in errors if error is not None and error.at >= since]
    return found


def _parse(line: str) -> ServiceError | None:
    try:
        kept = json.loads(line)
        return ServiceError(datetime.fromisoformat(kept["at"]), str(kept["logger"]), str(kept["text"]))
    except (ValueError, KeyError, TypeError):
        return None


class _Hearer(logging.Handler):
    """Says and keeps errors; where one cannot be kept, that is one more line and stops nobody."""

    def __init__(self, folder: Path | None, say: Callable[[str], None], is_over: Callable[[], bool]) -> None:
        super().__init__(level=logging.ERROR)
        self._folder = folder
        self._say = say
        self._is_over = is_over
        self._said: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record; the same text is said and kept again only after ten minutes."""
        if record.name in _TOLD_BY_THEIR_CALLERS or self._is_over():
            return
        error = ServiceError(datetime.fromtimestamp(record.created, UTC), record.name, _text_of(record))
        if not self._is_new(error):
            return
        self._say(error.line)
        try:
            self._keep(error)
        except OSError as failure:
            write_line(f"tieout: an error of Prefect could not be kept: {failure}", error=True)

    def _is_new(self, error: ServiceError) -> bool:
        now = time.monotonic()
        told_at = self._said.get(error.line)
        if told_at is not None and now - told_at < _SAME_AGAIN_SECONDS:
            return False
        if len(self._said) >= _MOST_REMEMBERED:
            self._said.clear()
        self._said[error.line] = now
        return True

    def _keep(self, error: ServiceError) -> None:
        if self._folder is None:
            return
        path = self._folder / ERRORS_NAME
        if path.exists() and path.stat().st_size > _MOST_BYTES:
            path.replace(path.with_name(f"{ERRORS_NAME}.1"))
        kept = {"at": error.at.isoformat(), "logger": error.logger, "text": error.text}
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(kept, ensure_ascii=False) + "\n")


def _text_of(record: logging.LogRecord) -> str:
    """Return the message and the exception's own line, without its trace."""
    said = _in_one_line(record.getMessage())
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        said += f": {type(error).__name__}: {_in_one_line(str(error))}"
    return said[:_LONGEST_TEXT].strip()


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
