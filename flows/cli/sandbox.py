"""``tieout sandbox``."""

from pathlib import Path

from flows.runtime.errors import CouldNotRun, ExitCode, SettingsError
from flows.sandbox import serve_sandbox


def run_sandbox(port: int, state: Path | None, faults: str | None) -> ExitCode:
    """Serve until stopped."""
    try:
        serve_sandbox(port, state, faults)
    except ValueError as error:
        raise SettingsError(f"--faults: {error}") from None
    except OSError as error:
        raise CouldNotRun(f"The sandbox cannot start: {error}.") from None
    return ExitCode.TIES_OUT
