"""The command line: one entry point, one module per family of commands.

Nothing heavy is imported until a command needs it: ``tieout --help`` and ``tieout check`` load no Prefect.
"""

import sys

from flows.errors import TieoutError


def main() -> None:
    """Run the command line and exit with the documented code; what a person can mend is one line on stderr."""
    from flows.cli.app import app

    try:
        app()
    except TieoutError as error:
        sys.stderr.write(f"tieout: {error}\n")
        sys.exit(error.exit_code)
