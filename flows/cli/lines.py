"""``run``, ``upload``, ``settle``, ``reconcile``, ``serve``: start a line, with or without Prefect, tell its end."""

import json
import os
import sys
from collections.abc import Callable
from datetime import date
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from flows.ledger.summary import ReconcileSummary, RunIncomplete, Summary
from flows.runtime.errors import CouldNotRun, ExitCode, SettingsError
from flows.runtime.interrupt import stopping_in_order
from flows.runtime.progress import Stderr, count_rows
from flows.settings.load import load_settings
from flows.settings.sections import Settings

if TYPE_CHECKING:
    from flows.intake.checked_file import CheckedFile


def run_night(config: Path | None, *, plain: bool, as_json: bool) -> ExitCode:
    """Run the night once, as a Prefect flow unless told otherwise."""
    settings = load_settings(config)
    with stopping_in_order():
        if plain:
            from flows.runs.nightly import nightly

            return _tell(nightly(settings, progress=Stderr()), as_json=as_json)
        from flows.orchestration.server import prefect_api

        with prefect_api(settings.prefect_folder):
            from flows.nightly import nightly as nightly_flow

            return _tell_flow(lambda: nightly_flow(_text(config)), as_json=as_json)


def run_upload(
    file: Path, config: Path | None, site_id: str | None, *, is_approved: bool, plain: bool, as_json: bool
) -> ExitCode:
    """Show what the file would do, ask, and do it."""
    settings = load_settings(config)
    if not file.is_file():
        raise CouldNotRun(f"{file}: there is no such file.")
    if site_id is not None:
        settings.mindbody.site(site_id)
    approved = None if is_approved else _ask_about(settings, file, site_id)
    if approved is None and not is_approved:
        typer.echo("Nothing was posted and nothing is kept.", err=True)
        return ExitCode.TIES_OUT
    with stopping_in_order():
        if plain or not _is_prefect_configured():
            from flows.runs.upload import upload

            return _tell(upload(settings, file, site_id, progress=Stderr(), approved=approved), as_json=as_json)
        from flows.orchestration.server import prefect_api

        with prefect_api():
            from flows.upload import upload as upload_flow

            sha256 = approved.sha256 if approved else None
            return _tell_flow(lambda: upload_flow(str(file.resolve()), site_id, _text(config), sha256), as_json=as_json)


def _ask_about(settings: Settings, file: Path, site_id: str | None) -> "CheckedFile | None":
    """Show what the file would do, as the ledger stands, and return it as it was checked; None where nobody agrees."""
    from flows.intake.check import check_file
    from flows.intake.check_report import check_lines
    from flows.intake.source_ids import swept
    from flows.ledger.connection import open_ledger
    from flows.review.plan import plan_lines, preview

    checked = check_file(settings, file, site_id, on_rows=count_rows(Stderr()))
    with open_ledger(settings) as ledger:
        checked, notes = swept(settings, ledger, checked)
        plan = preview(settings, ledger, checked)
    for line in (*check_lines(checked), *notes, *plan_lines(plan)):
        typer.echo(line, err=True)
    return checked if _is_confirmed() else None


def _is_confirmed() -> bool:
    """Ask on stderr; typer's own question leaves a blank on stdout, where only the result belongs."""
    sys.stderr.write("Post this? [y/N]: ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        raise SettingsError("Nobody answered, so nothing was posted: add --yes to post without asking.")
    return answer.strip().lower() in {"y", "yes"}


def run_settle(config: Path | None, *, plain: bool, as_json: bool) -> ExitCode:
    """Read back what is in doubt. It is a handful of requests, so it runs plainly either way."""
    del plain
    from flows.runs.settle import settle

    with stopping_in_order():
        return _tell(settle(load_settings(config), progress=Stderr()), as_json=as_json)


def run_ruling(
    config: Path | None, event_id: str, has_landed: bool, by: str | None, reason: str, *, as_json: bool
) -> ExitCode:
    """Record what a person found out about an event in doubt, and report it."""
    from flows.review.rule import rule_on_event
    from sql.rulings import Ruling
    from transforms.vocabulary import State

    state = State.POSTED if has_landed else State.READY
    ended = rule_on_event(load_settings(config), event_id, Ruling(state, by or getuser(), reason))
    follows = "it counts as posted" if has_landed else "the next run sends it again"
    typer.echo(f"Recorded: {follows}; `tieout trace {event_id}` tells its story.", err=True)
    return _tell(ended, as_json=as_json)


def run_reconcile(
    config: Path | None, since: date | None, until: date | None, *, plain: bool, as_json: bool
) -> ExitCode:
    """Read back and match a period; a flow only where a Prefect API is configured."""
    settings = load_settings(config)
    with stopping_in_order():
        if plain or not _is_prefect_configured():
            from flows.runs.reconcile import reconcile

            return _tell(reconcile(settings, since, until, progress=Stderr()), as_json=as_json)
        from flows.orchestration.server import prefect_api

        with prefect_api():
            from flows.reconcile import reconcile as reconcile_flow

            return _tell_flow(lambda: reconcile_flow(since, until, _text(config)), as_json=as_json)


def _is_prefect_configured() -> bool:
    """Return whether the environment or a profile names a Prefect API; Prefect is loaded only where one may."""
    if os.environ.get("PREFECT_API_URL"):
        return True
    home = Path(os.environ.get("PREFECT_HOME") or Path.home() / ".prefect")
    if not (home / "profiles.toml").exists():
        return False
    from flows.orchestration.server import is_api_configured

    return is_api_configured()


def run_serve(config: Path | None, cron: str | None, timezone: str | None) -> ExitCode:
    """Keep the schedule until stopped."""
    from flows.nightly import nightly
    from flows.orchestration.serve import ServedFlows, serve_nightly
    from flows.reconcile import reconcile
    from flows.settle import settle
    from flows.status.schedule import schedule_to_serve
    from flows.upload import upload

    settings = load_settings(config)
    schedule = schedule_to_serve(settings, cron, timezone)

    def announce(url: str) -> None:
        said = f'Serving the nightly run at "{schedule.cron}" in {schedule.timezone}; Prefect is at {url}.'
        typer.echo(f"{said} Stop with Ctrl-C.", err=True)

    served = ServedFlows(nightly, by_hand=(upload, settle, reconcile))
    serve_nightly(settings, config, schedule, served, announce)
    return ExitCode.TIES_OUT


def _tell_flow(run: Callable[[], Summary | ReconcileSummary], *, as_json: bool) -> ExitCode:
    """Tell a flow's end; one that could not do all has reported what it did."""
    try:
        return _tell(run(), as_json=as_json)
    except RunIncomplete as error:
        return _tell(error.summary, as_json=as_json)


def _tell(ended: Summary | ReconcileSummary, *, as_json: bool) -> ExitCode:
    for failure in ended.failures:
        sys.stderr.write(f"tieout: {failure}\n")
    if as_json:
        typer.echo(json.dumps(ended.to_json(), ensure_ascii=False))
    else:
        for line in ended.lines:
            typer.echo(line)
    return ended.exit_code


def _text(config: Path | None) -> str | None:
    return None if config is None else str(config.resolve())
