"""``tieout template``: a blank workbook to fill in by hand."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import Config, Json, a_site
from flows.runtime.errors import CouldNotRun, ExitCode, WrongUsage
from flows.runtime.terminal import write_json, write_line

_NAME = "rewards.xlsx"


def template(
    site: Annotated[
        str | None, typer.Option("--site", help="The Mindbody site that it is for.", callback=a_site)
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Where it is written; nothing is overwritten.")] = Path(_NAME),
    config: Config = None,
    json: Json = False,
) -> None:
    """Write a blank workbook: lists to choose from, real dates, and headings that leave nothing open."""
    raise typer.Exit(run_template(config, site, out, as_json=json))


def run_template(config: Path | None, site_id: str | None, out: Path, *, as_json: bool) -> ExitCode:
    """Write the workbook for one site, or for all of them where they share a time zone."""
    from flows.intake.blank_workbook import write_blank_of
    from flows.settings.load import load_settings

    settings = load_settings(config, with_secrets=False)
    if out.exists():
        raise WrongUsage(f"{out} is there already: name another file by --out, since nothing is overwritten.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        timezone = write_blank_of(out, settings, site_id)
    except OSError as error:
        raise CouldNotRun(f"{out} cannot be written: {error.strerror or error}.") from None
    if as_json:
        write_json({"template": str(out), "site_id": site_id, "timezone": timezone})
    else:
        write_line(f"Written: {out}. Times in it are by the clock of {timezone}. Fill it in, then: tieout upload {out}")
    return ExitCode.TIES_OUT
