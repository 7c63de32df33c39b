"""Keep what a library in Rust says when it gives up off the person's terminal.

A panic becomes an exception, but its line ("thread … panicked at …") has gone to the process's standard error by then,
past everything that Python could catch.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_STDERR = 2
# The line with the place, the reason, with RUST_BACKTRACE the calls, and once in a process a hint.
_PANIC = re.compile(
    rb"\n?thread '[^\n]*panicked at [^\n]*\n[^\n]*\n?"
    rb"(?:stack backtrace:\n(?: [^\n]*\n)*)?(?:note: [^\n]*run with [^\n]*\n)?"
)


@contextmanager
def without_panics() -> Iterator[None]:
    """Hold standard error back while the block runs, and pass on everything but panics.

    What other threads write meanwhile comes late, and is not lost.
    """
    try:
        terminal = os.dup(_STDERR)
    except OSError:  # there is no standard error
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(terminal, _STDERR)
            os.close(terminal)
            held.seek(0)
            _write(_PANIC.sub(b"", held.read()))


def _write(said: bytes) -> None:
    # A log that went away is no reason to refuse a file.
    with suppress(OSError):
        while said:
            said = said[os.write(_STDERR, said) :]
