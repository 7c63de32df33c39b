"""Ask a person to confirm what was shown."""

import sys

from flows.runtime.errors import WrongUsage


def is_confirmed(question: str, nobody: str) -> bool:
    """Ask on stderr and return whether a person agrees; `WrongUsage` with the words of ``nobody`` where none answers.

    Not on stdout, where only the result belongs: typer's own question would leave a blank there.
    """
    sys.stderr.write(f"{question} [y/N]: ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        raise WrongUsage(nobody)
    return answer.strip().lower() in {"y", "yes"}
