"""``run``, ``upload``, ``settle``, ``reconcile``, ``serve``: start a line, with or without Prefect, tell its end."""

import json
import os
import sys
from datetime import date
from pathlib import Path

import typer

from flows.errors import CouldNotRun, ExitCode, SettingsError
from flows.interrupt import stopping_in_order
from flows.progress import Stderr
from flows.settings import load_settings
from flows.summary import Reconciliation, Summary


def run_night(config: Path | None, *, plain: bool, as_json: bool) -> ExitCode:
    """Run the night once, as a Prefect flow unless told otherwise."""
    settings = load_settings(config)
    with stopping_in_order():
        if plain:
            from flows.line import nightly_line

            return _tell(nightly_line(settings, progress=Stderr()), as_json=as_json)
        from flows.prefect_server import prefect_api

        with prefect_api(settings.root / ".prefect"):
            from flows.nightly import nightly

            return _tell(nightly(_text(config)), as_json=as_json)


def run_upload(
    file: Path, config: Path | None, site_id: str | None, *, is_approved: bool, plain: bool, as_json: bool
) -> ExitCode:
    """Show what the file would do, ask, and do it."""
    settings = load_settings(config)
    if not file.is_file():
        raise CouldNotRun(f"{file}: there is no such file.")
    if site_id is not None:
        settings.mindbody.site(site_id)
    if not is_approved:
        from flows.intake.report_json import check_lines, plan_lines
        from flows.registering import check_file

        checked = check_file(settings, file, site_id).checked
        for line in (*check_lines(file, checked), *plan_lines(checked)):
            typer.echo(line, err=True)
        if not _is_confirmed():
            typer.echo("Nothing was posted and nothing is kept.", err=True)
            return ExitCode.TIES_OUT
    with stopping_in_order():
        if plain or not os.environ.get("PREFECT_API_URL"):
            from flows.line import upload_line

            return _tell(upload_line(settings, file, site_id, progress=Stderr()), as_json=as_json)
        from flows.upload import upload

        return _tell(upload(str(file.resolve()), site_id, _text(config)), as_json=as_json)


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
    from flows.line import settle_line

    with stopping_in_order():
        return _tell(settle_line(load_settings(config), progress=Stderr()), as_json=as_json)


def run_reconcile(
    config: Path | None, since: date | None, until: date | None, *, plain: bool, as_json: bool
) -> ExitCode:
    """Read back and match a period; a flow only where a Prefect API is configured."""
    settings = load_settings(config)
    with stopping_in_order():
        if plain or not os.environ.get("PREFECT_API_URL"):
            from flows.line import reconcile_line

            return _tell(reconcile_line(settings, since, until, progress=Stderr()), as_json=as_json)
        from flows.reconcile import reconcile

        return _tell(reconcile(since, until, _text(config)), as_json=as_json)


def run_serve(config: Path | None) -> ExitCode:
    """Keep the schedule until stopped."""
    from flows.serve import serve_nightly

    serve_nightly(load_settings(config), config)
    return ExitCode.TIES_OUT


def _tell(ended: Summary | Reconciliation, *, as_json: bool) -> ExitCode:
    for failure in getattr(ended, "failures", ()):
        sys.stderr.write(f"tieout: {failure}\n")
    if as_json:
        typer.echo(json.dumps(ended.to_json(), ensure_ascii=False))
    else:
        for line in ended.lines:
            typer.echo(line)
    return ended.exit_code


def _text(config: Path | None) -> str | None:
    return None if config is None else str(config.resolve())
