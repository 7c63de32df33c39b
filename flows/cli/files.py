"""``tieout files``: what came, by day, where it is kept, and what has become of it."""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import Config, Json
from flows.runtime.errors import ExitCode, WrongUsage
from flows.runtime.terminal import write_json

_DAYS = 7


def files(
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="The first day, such as 2026-03-01; by default a week ago.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="The last day; by default today.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """List the files that were taken in, by day: where each is kept, and what has become of its rows by now."""
    raise typer.Exit(run_files(config, _day("--since", since), _day("--until", until), as_json=json))


def _day(option: str, text: str | None) -> date | None:
    from transforms.totals.period import is_of_our_time

    try:
        day = None if text is None else date.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f'{option}: "{text}" is no date; write it as 2026-03-31.') from None
    if day is not None and not is_of_our_time(day):
        raise WrongUsage(f"{option}: {text} is no day on which anything happened: look at its year.")
    return day


def run_files(config: Path | None, since: date | None, until: date | None, *, as_json: bool) -> ExitCode:
    """Print the files of these days."""
    from zoneinfo import ZoneInfo

    from flows.ledger.connection import open_ledger
    from flows.review.taken_in import list_taken_in, taken_in_lines
    from flows.runtime.clock import utc_now
    from flows.runtime.terminal import write_lines
    from flows.settings.load import load_settings

    settings = load_settings(config)
    last = until or utc_now().astimezone(ZoneInfo(settings.shared_timezone)).date()
    first = since or last - timedelta(days=_DAYS)
    if first > last:
        raise WrongUsage(f"--since {first} is after --until {last}.")
    with open_ledger(settings) as ledger:
        found = list_taken_in(settings, ledger, first, last)
    if as_json:
        write_json([file.to_json() for file in found])
    else:
        write_lines(taken_in_lines(settings, found))
    return ExitCode.TIES_OUT
