"""``tieout upload``: one file by hand; it is checked, shown, asked about, posted and reported."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.ask import check_asking, is_confirmed
from flows.cli.options import Config, Json, OnlyBad, Plain, Site, config_text
from flows.runtime.errors import CouldNotRun, ExitCode
from flows.runtime.terminal import write_json, write_line

if TYPE_CHECKING:
    from flows.cli.before_posting import BeforePosting
    from flows.intake.checked_file import CheckedFile
    from flows.ledger.summary import Summary
    from flows.settings.sections import Settings


def upload(
    file: Annotated[Path, typer.Argument(help="A workbook or an export.")],
    config: Config = None,
    site: Site = None,
    yes: Annotated[bool, typer.Option("--yes", help="Post without asking.")] = False,
    plain: Plain = False,
    only_bad: OnlyBad = False,
    json: Json = False,
) -> None:
    """Take one file by hand: check it, show the plan, ask, post, report.

    Where nothing of it is new, nothing is asked, and nothing is sent.
    """
    raise typer.Exit(run_upload(file, config, site, is_approved=yes, plain=plain, only_bad=only_bad, as_json=json))


def run_upload(
    file: Path,
    config: Path | None,
    site_id: str | None,
    *,
    is_approved: bool,
    plain: bool,
    only_bad: bool,
    as_json: bool,
) -> ExitCode:
    """Show what the file would do, ask, and do it."""
    from flows.settings.load import load_settings

    settings = load_settings(config)
    if not file.is_file():
        raise CouldNotRun(f"{file}: there is no such file.")
    if site_id is not None:
        settings.mindbody.site(site_id)
    approved = None
    if not is_approved:
        before = _look(settings, file, site_id)
        if not before.plan.brings:
            told = "Nothing of it is new, so there is nothing to ask, and nothing was sent."
            return _leave(settings, before, told, only_bad=only_bad, as_json=as_json)
        nobody = "Nobody answered, so nothing was posted: add --yes to post without asking."
        if not is_confirmed("Post this?", nobody):
            told = "Nothing was posted and nothing is kept."
            return _leave(settings, before, told, only_bad=only_bad, as_json=as_json)
        approved = before.checked
    return _post(settings, file, config, site_id, approved, plain=plain, only_bad=only_bad, as_json=as_json)


def _look(settings: "Settings", file: Path, site_id: str | None) -> "BeforePosting":
    """Ask what the file leaves open, and show what it would do as the ledger stands."""
    from flows.cli.before_posting import look_before_posting
    from flows.intake.as_before import keep_as_before
    from flows.ledger.connection import open_ledger

    with open_ledger(settings) as ledger:
        keep_as_before(settings, ledger)
        checked = check_asking(settings, file, site_id)
        before = look_before_posting(settings, ledger, checked)
    for line in before.lines:
        write_line(line, error=True)
    return before


def _leave(settings: "Settings", before: "BeforePosting", told: str, *, only_bad: bool, as_json: bool) -> ExitCode:
    """Give the file back marked, where there is something to mend or somebody said no; nothing of it is kept."""
    from flows.intake.check_report import notes_of
    from flows.marked_copy.give_back import mark_unsent

    lines = [told]
    if before.rows is not None and (before.plan.brings or before.waits):
        lines += mark_unsent(settings, before.checked, before.rows, only_bad=only_bad)
    for line in lines:
        write_line(line, error=True)
    if as_json:
        write_json(_nothing_taken_in(before, [note.message for note in notes_of(before.checked)] + lines[1:]))
    needs_a_person = before.waits and not before.plan.brings
    return ExitCode.NEEDS_A_PERSON if needs_a_person else ExitCode.TIES_OUT


def _nothing_taken_in(before: "BeforePosting", notes: list[str]) -> dict[str, object]:
    """Return the documented object of a run that did not take place: it ties, since nothing was taken in."""
    from flows.reports.report import TOTALS

    nothing: dict[str, object] = dict.fromkeys(TOTALS, 0)
    nothing |= {"amount_updated": "0", "breaks_open": before.breaks_open, "ties_out": True}
    # It looked at nothing: what is known to be open is all that can be said.
    nothing |= {"agrees": not before.breaks_open}
    told = {"run_id": None, **nothing, "report": None, "notes": notes, "not_read": []}
    return told | {"calls_made": 0, "calls_per_event": None, "proved": []}


def _post(
    settings: "Settings",
    file: Path,
    config: Path | None,
    site_id: str | None,
    approved: "CheckedFile | None",
    *,
    plain: bool,
    only_bad: bool,
    as_json: bool,
) -> ExitCode:
    from flows.cli.prefect_choice import is_prefect_configured
    from flows.cli.tell import tell, tell_flow
    from flows.runtime.interrupt import stopping_in_order
    from flows.runtime.progress import Stderr

    with stopping_in_order():
        if plain or not is_prefect_configured():
            from flows.runs.upload import upload as upload_plainly

            ended = upload_plainly(settings, file, site_id, progress=Stderr(), approved=approved, only_bad=only_bad)
            return tell(ended, as_json=as_json)
        from flows.orchestration.server import prefect_api

        with prefect_api():
            from flows.upload import upload as upload_flow

            path = str(file.resolve())
            sha256 = approved.sha256 if approved else None

            def post() -> "Summary":
                return upload_flow(path, site_id, config_text(config), sha256, only_bad)

            return tell_flow(post, as_json=as_json)
