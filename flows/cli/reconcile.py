"""``tieout reconcile``: read back, match, and write the report."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import Config, Json, Plain, config_text
from flows.runtime.errors import ExitCode


def reconcile(
    since: Annotated[str | None, typer.Option(metavar="DATE", help="First day of the sites, YYYY-MM-DD.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Last day; today without it.")] = None,
    config: Config = None,
    plain: Plain = False,
    json: Json = False,
) -> None:
    """Read back and match; write the report."""
    raise typer.Exit(run_reconcile(config, _day(since), _day(until), plain=plain, as_json=json))


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f'"{text}" is no date; write it as 2026-03-31.') from None


def run_reconcile(
    config: Path | None, since: date | None, until: date | None, *, plain: bool, as_json: bool
) -> ExitCode:
    """Read back and match a period; a flow only where a Prefect API is configured."""
    from flows.cli.prefect_choice import is_prefect_configured
    from flows.cli.tell import tell, tell_flow
    from flows.runtime.interrupt import stopping_in_order
    from flows.runtime.progress import Stderr
    from flows.settings.load import load_settings

    settings = load_settings(config)
    with stopping_in_order():
        if plain or not is_prefect_configured():
            from flows.runs.reconcile import reconcile as reconcile_plainly

            return tell(reconcile_plainly(settings, since, until, progress=Stderr()), as_json=as_json)
        from flows.orchestration.server import prefect_api

        with prefect_api():
            from flows.reconcile import reconcile as reconcile_flow

            return tell_flow(lambda: reconcile_flow(since, until, config_text(config)), as_json=as_json)
