"""The command line: one entry point, and a module per command (those that belong together share one).

Nothing heavy is imported until a command needs it: ``tieout --help`` and ``tieout check`` load no Prefect.
"""

import sys
import traceback

from flows.runtime.errors import ExitCode, TieoutError
from flows.runtime.terminal import guarded_streams, write_line


def main() -> None:
    """Run the command line and exit with the documented code; what a person can mend is one line on stderr."""
    with guarded_streams():
        _run()


def _run() -> None:
    from flows.cli.app import app

    try:
        app()
    except TieoutError as error:
        write_line(f"tieout: {error}", error=True)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - the exit code must hold for what nobody foresaw too
        # Nobody foresaw it, so its trace is needed; the code still says that nothing was lost.
        traceback.print_exc()
        write_line(
            f"tieout: an unforeseen error, {type(error).__name__}; nothing was lost. Please report it.", error=True
        )
        sys.exit(ExitCode.COULD_NOT_RUN)
