"""``tieout sandbox``: stand-ins of both services."""

from pathlib import Path
from typing import Annotated

import typer

from flows.runtime.errors import CouldNotRun, ExitCode, WrongUsage


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    state: Annotated[Path | None, typer.Option(help="Keep the state in this file.")] = None,
    faults: Annotated[str | None, typer.Option(metavar="SPEC", help='Such as "drop_after@3".')] = None,
) -> None:
    """Serve stand-ins of both services on loopback; print one JSON line when they listen."""
    raise typer.Exit(run_sandbox(port, state, faults))


def run_sandbox(port: int, state: Path | None, faults: str | None) -> ExitCode:
    """Serve until stopped."""
    from flows.sandbox import serve_sandbox

    try:
        serve_sandbox(port, state, faults)
    except ValueError as error:
        raise WrongUsage(f"--faults: {error}") from None
    except OSError as error:
        raise CouldNotRun(f"The sandbox cannot start: {error}.") from None
    return ExitCode.TIES_OUT
