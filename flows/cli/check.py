"""``tieout check``: read and judge files, keep and send nothing."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from flows.errors import CouldNotRun, ExitCode, FileRejected, SettingsError
from flows.settings import Settings, load_settings

if TYPE_CHECKING:
    from flows.reference.folder import Extracts
    from flows.registering import CheckedFile


def run_check(
    files: Sequence[Path], config: Path | None, site_id: str | None, marked: Path | None, *, as_json: bool
) -> ExitCode:
    """Check each file; the worst exit code of them counts."""
    if marked is not None and len(files) > 1:
        raise SettingsError("--marked writes the copy of one file: check the files one by one.")
    settings = load_settings(config, with_secrets=False)
    if site_id is not None and settings.mindbody.sites:
        settings.mindbody.site(site_id)
    reference = _read_extracts(settings)
    told = [_check(settings, reference, path, site_id, marked, as_json=as_json) for path in files]
    if as_json:
        objects = [found for _, found in told]
        typer.echo(json.dumps(objects[0] if len(objects) == 1 else {"files": objects}, ensure_ascii=False))
    worst = ExitCode.COULD_NOT_RUN if reference.failures else ExitCode.TIES_OUT
    return max(worst, *(code for code, _ in told))


def _read_extracts(settings: Settings) -> "Extracts":
    """Read the extracts once for all files, and say which of them are not used."""
    from flows.clock import utc_now
    from flows.reference.folder import read_extracts

    extracts = read_extracts(settings, utc_now())
    for line in (*extracts.failures, *extracts.notes):
        typer.echo(f"tieout: {line}", err=True)
    return extracts


def _check(
    settings: Settings, extracts: "Extracts", path: Path, site_id: str | None, marked: Path | None, *, as_json: bool
) -> tuple[ExitCode, dict[str, Any]]:
    from flows.intake.report_json import check_json, check_lines, file_error_json
    from flows.reference.tally import check_line
    from flows.registering import check_file

    try:
        file = check_file(settings, path, site_id, extracts.reference)
    except FileRejected as error:
        typer.echo(f"tieout: {error}", err=True)
        return ExitCode.COULD_NOT_RUN, file_error_json(path, error.sha256, error.cause)
    if not as_json:
        source_ids = check_line(file.checked.source_ids)
        for line in (*check_lines(path, file.checked), *([source_ids] if source_ids else [])):
            typer.echo(line)
    if marked is not None:
        _write_marked(file, marked)
    code = ExitCode.NEEDS_A_PERSON if file.checked.rejected else ExitCode.TIES_OUT
    return code, check_json(path, file.sha256, file.checked)


def _write_marked(file: "CheckedFile", out: Path) -> None:
    from flows.intake.marked import statuses_of_check, write_marked

    try:
        statuses = statuses_of_check(file.checked)
        what = (file.path, file.sheets, file.checked.errors, out)
        lost = write_marked(*what, statuses=statuses, layouts=file.rules.layouts)
    except OSError as error:
        raise CouldNotRun(f"The marked copy {out} cannot be written: {error.strerror}.") from None
    typer.echo(f"Marked copy: {out}", err=True)
    for line in lost:
        typer.echo(line, err=True)
