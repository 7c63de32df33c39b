"""``tieout check``: read and judge files, keep and send nothing."""

import json as json_format
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.named_file import mind_named_file
from flows.cli.options import Config, Json, OnlyBad, Site
from flows.runtime.errors import CouldNotRun, ExitCode, FileRejected, WrongUsage
from flows.runtime.terminal import write_json_piece, write_line

if TYPE_CHECKING:
    from flows.intake.checked_file import CheckedFile
    from flows.reference.extracts import Extracts
    from flows.settings.sections import Settings
    from transforms.reference.reference import Reference


@dataclass(frozen=True)
class _Copy:
    """The marked copy that was asked for."""

    path: Path
    only_bad: bool


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Workbooks and exports.")],
    config: Config = None,
    site: Site = None,
    marked: Annotated[
        Path | None, typer.Option("--marked", help="Write a copy of the one file here, its bad cells marked.")
    ] = None,
    only_bad: OnlyBad = False,
    json: Json = False,
) -> None:
    """Read and check files; send nothing, keep nothing."""
    if only_bad and marked is None:
        raise WrongUsage("--only-bad is about the marked copy: say by --marked PATH where it is to be written.")
    raise typer.Exit(run_check(files, config, site, marked, only_bad=only_bad, as_json=json))


def run_check(
    files: Sequence[Path],
    config: Path | None,
    site_id: str | None,
    marked: Path | None,
    *,
    only_bad: bool,
    as_json: bool,
) -> ExitCode:
    """Check each file; the worst exit code of them counts."""
    from flows.settings.load import load_settings

    if marked is not None and len(files) > 1:
        raise WrongUsage("--marked writes the copy of one file: check the files one by one.")
    # It may hold what somebody has mended by now, and is as often as not the sheet itself.
    mind_named_file(marked, option="--marked")
    copy = None if marked is None else _Copy(marked, only_bad)
    settings = load_settings(config, with_secrets=False)
    if site_id is not None and settings.mindbody.sites:
        settings.mindbody.site(site_id)
    extracts = _read_extracts(settings)
    codes = [ExitCode.COULD_NOT_RUN if extracts.failures else ExitCode.TIES_OUT]
    echo = write_json_piece if as_json else _say_nothing
    echo('{"files": [' if len(files) > 1 else "")
    for number, path in enumerate(files):
        echo(", " if number else "")
        codes.append(_check(settings, extracts.reference, path, site_id, copy, echo, as_json=as_json))
    echo("]}\n" if len(files) > 1 else "\n")
    return max(codes)


def _say_nothing(_text: str) -> None:
    pass


def _read_extracts(settings: "Settings") -> "Extracts":
    """Read the extracts once for all files, and say which of them are not used."""
    from flows.reference.extracts import read_extracts
    from flows.runtime.clock import utc_now

    extracts = read_extracts(settings, utc_now())
    for line in (*extracts.failures, *extracts.notes):
        write_line(f"tieout: {line}", error=True)
    return extracts


def _check(
    settings: "Settings",
    reference: "Reference",
    path: Path,
    site_id: str | None,
    copy: _Copy | None,
    echo: Callable[[str], None],
    *,
    as_json: bool,
) -> ExitCode:
    from flows.intake.check import check_file
    from flows.intake.check_report import check_json, check_lines, file_error_json
    from flows.runtime.progress import Stderr, count_rows

    try:
        file = check_file(
            settings,
            path,
            site_id,
            reference=reference,
            keeps_events=copy is not None,
            on_rows=count_rows(Stderr()),
        )
    except FileRejected as error:
        write_line(f"tieout: {error}", error=True)
        echo(json_format.dumps(file_error_json(path, error.sha256, error.cause), ensure_ascii=False))
        return ExitCode.COULD_NOT_RUN
    if as_json:
        for piece in check_json(file):
            echo(piece)
    else:
        for line in check_lines(file):
            write_line(line)
    if copy is not None:
        _write_marked(file, copy)
    waits = file.file_totals.rejected or file.questions
    return ExitCode.NEEDS_A_PERSON if waits else ExitCode.TIES_OUT


def _write_marked(file: "CheckedFile", copy: _Copy) -> None:
    from flows.intake.check_report import notes_of
    from flows.marked_copy.statuses import Look, statuses_of_check
    from flows.marked_copy.write import write_marked
    from flows.readers.limits import MAX_ROWS

    out = copy.path
    if file.at_once is None and file.file_totals.rows_read > MAX_ROWS:
        raise CouldNotRun(
            f"The marked copy {out} cannot be written: {file.path.name} has {file.file_totals.rows_read:,} rows, and a "
            f"sheet holds {MAX_ROWS:,}. Split the file, or take the list of --json."
        )
    try:
        checked = file.checked
        statuses = statuses_of_check(checked)
        if copy.only_bad and not any(status.look is Look.BAD for status in statuses.values()):
            write_line("No row is to be mended, so there is no copy of such rows.", error=True)
            return
        lost = write_marked(
            file.path,
            file.sheets,
            checked.errors,
            out,
            statuses=statuses,
            layouts=file.rules.layouts,
            noticed=notes_of(file),
            only_bad=copy.only_bad,
        )
    except OSError as error:
        raise CouldNotRun(f"The marked copy {out} cannot be written: {error.strerror}.") from None
    write_line(f"Marked copy: {out}", error=True)
    for line in lost:
        write_line(line, error=True)
