"""The command line: one entry point, and a module per command (those that belong together share one).

Nothing heavy is imported until a command needs it: ``tieout --help`` and ``tieout check`` load no Prefect.
"""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from flows.runtime.errors import ExitCode, TieoutError, said_of
from flows.runtime.garbage import collecting_less_often
from flows.runtime.log import end_log, say_failed
from flows.runtime.terminal import guarded_streams, write_line


def main() -> None:
    """Run the command line and exit with the documented code; what a person can mend is one line on stderr."""
    # What a command loads lives as long as it does: to look for garbage among it took a tenth of a short one's time.
    with guarded_streams(), _without_traces_of_closing(), collecting_less_often():
        _run()


@contextmanager
def _without_traces_of_closing() -> Iterator[None]:
    """Within the block nothing is printed of a file that cannot be closed as it is collected.

    On a full disk libraries meet what was told already a second time, where no error can reach anybody.
    """
    before = sys.unraisablehook

    def hook(unraisable: "sys.UnraisableHookArgs") -> None:
        if not isinstance(unraisable.exc_value, OSError):
            before(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _run() -> None:
    # Pydantic looks through all that is installed for plugins of its own, and there are none: 20 ms of every command.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from flows.cli.app import app

    end_log()
    try:
        app()
    except TieoutError as error:
        say_failed(error)
        sys.exit(error.exit_code)
    except OSError as error:
        # A full disk or a folder that nobody may write: a person can mend that, and needs no trace for it.
        write_line(f"tieout: {said_of(error)} Nothing was lost: mend that and run again.", error=True)
        sys.exit(ExitCode.COULD_NOT_RUN)
    except Exception as error:  # noqa: BLE001 - the exit code must hold for what nobody foresaw too
        # Nobody foresaw it, so its trace is needed; the code still says that nothing was lost.
        traceback.print_exc()
        write_line(
            f"tieout: an unforeseen error, {type(error).__name__}; nothing was lost. Please report it.", error=True
        )
        sys.exit(ExitCode.COULD_NOT_RUN)
