"""``tieout layout``: the questions that a sheet leaves open, answered once for all sheets like it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.ask import check_asking
from flows.cli.options import Config, Json, Site
from flows.runtime.errors import CouldNotRun, ExitCode
from flows.runtime.terminal import write_json, write_line

if TYPE_CHECKING:
    from flows.settings.sections import Settings


def layout(
    file: Annotated[Path, typer.Argument(help="A workbook or an export.")],
    config: Config = None,
    site: Site = None,
    json: Json = False,
) -> None:
    """Answer what a sheet leaves open: which column is which, what becomes of a hidden sheet.

    The answers are kept in `layouts.toml` of the workspace, as a part of the settings would be.
    """
    raise typer.Exit(run_layout(file, config, site, as_json=json))


def run_layout(file: Path, config: Path | None, site_id: str | None, *, as_json: bool) -> ExitCode:
    """Ask until nothing is open; as JSON only say what is."""
    from flows.settings.load import load_settings

    settings = load_settings(config, with_secrets=False)
    if as_json:
        return _tell_open(settings, file, site_id)
    check_asking(settings, file, site_id, asks_headings=True, keeps_events=False)
    write_line(f"{file.name}: nothing is open.")
    return ExitCode.TIES_OUT


def _tell_open(settings: "Settings", file: Path, site_id: str | None) -> ExitCode:
    from flows.intake.check import check_file

    if not file.is_file():
        raise CouldNotRun(f"{file}: there is no such file.")
    questions = check_file(settings, file, site_id, keeps_events=False).questions
    told = [{"question": question.message, "answers": dict(question.choices)} for question in questions]
    write_json({"file": str(file), "questions": told})
    return ExitCode.NEEDS_A_PERSON if questions else ExitCode.TIES_OUT
