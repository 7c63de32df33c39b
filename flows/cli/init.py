"""``tieout init``: a settings file to begin with."""

import os
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import a_site
from flows.runtime.errors import CouldNotRun, ExitCode, WrongUsage
from flows.runtime.terminal import write_line
from flows.settings.load import DEFAULT_FILE
from transforms.vocabulary import Times


def init(
    site: Annotated[
        str | None, typer.Option("--site", metavar="ID", help="Your Mindbody site.", callback=a_site)
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help='Its own clock, such as "America/Los_Angeles".')
    ] = None,
    times: Annotated[
        Times, typer.Option("--times", help="Times in its sheets that name no zone: the site's own clock, or UTC.")
    ] = Times.SITE,
) -> None:
    """Write a tieout.toml here that only you can read, with all that has to be said; nothing is overwritten."""
    raise typer.Exit(run_init(site, timezone, times))


def run_init(site_id: str | None, timezone: str | None, times: Times) -> ExitCode:
    """Write the file into the current folder."""
    from flows.settings.first_settings import first_settings

    _write(DEFAULT_FILE, first_settings(site_id, timezone, times))
    write_line(
        f"Written: {DEFAULT_FILE.resolve()}, which only you can read. Fill in what begins with # there, or set it in "
        "the environment; then: tieout doctor"
    )
    return ExitCode.TIES_OUT


def _write(path: Path, text: str) -> None:
    try:
        # It will hold secrets, and is nobody else's to read from the first moment on.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise WrongUsage(f"{path.resolve()} is there already, and nothing is overwritten.") from None
    except OSError as error:
        raise CouldNotRun(f"{path.resolve()} cannot be written: {error.strerror or error}.") from None
