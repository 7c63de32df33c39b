"""``tieout reverse``: plan the opposite of a file that was sent in error."""

import json
from getpass import getuser
from pathlib import Path

import typer

from flows.ledger.connection import open_ledger
from flows.runtime.errors import ExitCode
from flows.settings.load import load_settings


def run_reverse(
    config: Path | None, file: str, reason: str, by: str | None, site_id: str | None, *, as_json: bool
) -> ExitCode:
    """Hold an opposite entry for everything that the file posted; 1 where something waits for a person."""
    from flows.review.reverse import reversal_lines, reverse_file

    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        reversal = reverse_file(settings, ledger, file, site_id, by=by or getuser(), reason=reason)
    if as_json:
        typer.echo(json.dumps(reversal.to_json(), default=str, ensure_ascii=False))
    else:
        for line in (*reversal_lines(reversal), *_how_to_decide(reversal.plan_id)):
            typer.echo(line)
    return ExitCode.NEEDS_A_PERSON if reversal.waits else ExitCode.TIES_OUT


def _how_to_decide(plan_id: str | None) -> list[str]:
    if plan_id is None:
        return ["Nothing is planned."]
    return [
        f"Nothing was sent. `tieout approve {plan_id}` lets the next run post it, `tieout discard {plan_id}` drops it.",
        "What takes more points than a client has is refused by the service, and stays as a break.",
    ]
