"""``tieout upload``: one file by hand; it is checked, shown, asked about, posted and reported."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.ask import check_asking, is_confirmed
from flows.cli.options import Config, Json, Plain, Site, config_text
from flows.runtime.errors import CouldNotRun, ExitCode
from flows.runtime.terminal import write_line

if TYPE_CHECKING:
    from flows.intake.checked_file import CheckedFile
    from flows.settings.sections import Settings


def upload(
    file: Annotated[Path, typer.Argument(help="A workbook or an export.")],
    config: Config = None,
    site: Site = None,
    yes: Annotated[bool, typer.Option("--yes", help="Post without asking.")] = False,
    plain: Plain = False,
    json: Json = False,
) -> None:
    """Take one file by hand: check it, show the plan, ask, post, report."""
    raise typer.Exit(run_upload(file, config, site, is_approved=yes, plain=plain, as_json=json))


def run_upload(
    file: Path, config: Path | None, site_id: str | None, *, is_approved: bool, plain: bool, as_json: bool
) -> ExitCode:
    """Show what the file would do, ask, and do it."""
    from flows.settings.load import load_settings

    settings = load_settings(config)
    if not file.is_file():
        raise CouldNotRun(f"{file}: there is no such file.")
    if site_id is not None:
        settings.mindbody.site(site_id)
    approved = None if is_approved else _ask_about(settings, file, site_id)
    if approved is None and not is_approved:
        write_line("Nothing was posted and nothing is kept.", error=True)
        return ExitCode.TIES_OUT
    return _post(settings, file, config, site_id, approved, plain=plain, as_json=as_json)


def _post(
    settings: "Settings",
    file: Path,
    config: Path | None,
    site_id: str | None,
    approved: "CheckedFile | None",
    *,
    plain: bool,
    as_json: bool,
) -> ExitCode:
    from flows.cli.prefect_choice import is_prefect_configured
    from flows.cli.tell import tell, tell_flow
    from flows.runtime.interrupt import stopping_in_order
    from flows.runtime.progress import Stderr

    with stopping_in_order():
        if plain or not is_prefect_configured():
            from flows.runs.upload import upload as upload_plainly

            ended = upload_plainly(settings, file, site_id, progress=Stderr(), approved=approved)
            return tell(ended, as_json=as_json)
        from flows.orchestration.server import prefect_api

        with prefect_api():
            from flows.upload import upload as upload_flow

            sha256 = approved.sha256 if approved else None
            return tell_flow(
                lambda: upload_flow(str(file.resolve()), site_id, config_text(config), sha256), as_json=as_json
            )


def _ask_about(settings: "Settings", file: Path, site_id: str | None) -> "CheckedFile | None":
    """Show what the file would do, as the ledger stands, and return it as it was checked; None where nobody agrees."""
    from flows.intake.check_report import check_lines
    from flows.intake.source_ids import swept
    from flows.ledger.connection import open_ledger
    from flows.review.plan import plan_lines, preview

    checked = check_asking(settings, file, site_id)
    with open_ledger(settings) as ledger:
        checked, notes = swept(settings, ledger, checked)
        plan = preview(settings, ledger, checked)
    for line in (*check_lines(checked), *notes, *plan_lines(plan)):
        write_line(line, error=True)
    nobody = "Nobody answered, so nothing was posted: add --yes to post without asking."
    return checked if is_confirmed("Post this?", nobody) else None
