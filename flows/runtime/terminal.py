"""The one door to a terminal: a line is a line, whatever stands in it, and JSON is JSON.

Commands and progress write by `write_line` and `write_json`. `guarded_streams` is for what comes from elsewhere (the
usage of a command, a trace, a library that prints): it takes out secrets and every sign that would move a cursor, and
what the stream's encoding cannot say is written out.
"""

import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from flows.runtime.errors import CouldNotTell
from flows.runtime.secrets import line_of, mask
from flows.runtime.visible import UNSEEN, visible

_TEXT_OF_JSON = re.compile(r'"(?:[^"\\]|\\.)*"')


def write_line(line: object, *, error: bool = False) -> None:
    """Write one line, on standard output or standard error."""
    _write(sys.stderr if error else sys.stdout, f"{line_of(line)}\n")


def write_lines(lines: Iterable[object]) -> None:
    """Write lines on standard output."""
    for line in lines:
        write_line(line)


def write_json(value: Any) -> None:
    """Write one JSON object on a line of standard output: every text as it is, what cannot be seen escaped."""
    write_json_piece(json.dumps(value, default=str, ensure_ascii=False))
    write_json_piece("\n")


def write_json_piece(piece: str) -> None:
    """Write JSON, or a part of it that ends between two values, without secrets; a terminal does nothing of it."""
    # In texts alone: a number that equals a password is a number all the same.
    without_secrets = _TEXT_OF_JSON.sub(lambda found: mask(found.group()), piece)
    _write(sys.stdout, "\n".join(UNSEEN.sub(_escaped, line) for line in without_secrets.split("\n")))


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]


def _write(stream: TextIO, text: str) -> None:
    plain: TextIO = getattr(stream, "unguarded", stream)
    _put(plain, text, is_result=stream is sys.stdout)


def _put(plain: TextIO, text: str, *, is_result: bool) -> None:
    """Write at once. A log that went away stops nothing; a result that nobody gets is an error of its own.

    Progress is told on standard error, and may end anywhere: a full disk, a closed window, a reader that has died. The
    work goes on, since what it did stands in the ledger and not in the log.
    """
    try:
        plain.write(text)
        plain.flush()
    except BrokenPipeError:
        # Whoever read it has seen enough, as `| head` has; what was done is done, and the exit code says how it ended.
        _lead_nowhere(plain)
    except (OSError, ValueError) as error:
        _lead_nowhere(plain)
        if is_result:
            raise CouldNotTell(f"The output cannot be written: {getattr(error, 'strerror', None) or error}.") from None


def _lead_nowhere(stream: TextIO) -> None:
    """Let the rest go nowhere: what is still held back would fail again as the process ends, with a code of its own."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _open_what_is_closed() -> None:
    """Give a process that was started without standard streams some that lead nowhere.

    Otherwise the next file that is opened, the ledger say, would get the number of standard error, and with it all that
    a library writes there.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free, which is this one.
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            mode = "r" if number == 0 else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


class _Guarded(io.TextIOBase):
    """A stream that lets no secret through, and no sign that a terminal would obey."""

    def __init__(self, unguarded: TextIO) -> None:
        super().__init__()
        self.unguarded = unguarded

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of what is written."""
        return self.unguarded.encoding

    @property
    def errors(self) -> str:  # type: ignore[override]
        """What becomes of a sign that the encoding does not have: it is written out."""
        return "backslashreplace"

    def write(self, text: str) -> int:
        """Write what may be seen of a text; its line breaks are those of who writes."""
        lines = mask(text).split("\n")
        _put(self.unguarded, "\n".join(map(visible, lines)), is_result=self is sys.stdout)
        return len(text)

    def flush(self) -> None:
        """Write out what is held back: nothing is."""

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def isatty(self) -> bool:
        """Tell that nothing is to be colored: no sign that would do it gets through."""
        return False

    def fileno(self) -> int:
        """Return the number that the system knows it by."""
        return self.unguarded.fileno()


@contextmanager
def guarded_streams() -> Iterator[None]:
    """Within the block no secret leaves by standard output or standard error, whoever writes there."""
    _open_what_is_closed()
    before = sys.stdout, sys.stderr
    for stream in before:
        # A name may hold what the terminal's encoding does not: it is written out, and no error.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = _Guarded(before[0]), _Guarded(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
