"""``tieout reverse``: plan the opposite of a file that was sent in error, or of one event."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import ByUser, Config, Json, a_site
from flows.runtime.errors import ExitCode
from flows.runtime.person import user_name
from flows.runtime.terminal import write_json


def reverse(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE|EVENT_ID", help="A file's path, or the name or sha256 that the ledger knows; or one event."
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is taken back.")],
    by: ByUser = None,
    site: Annotated[
        str | None, typer.Option("--site", help="Of several files, the one sent for this site.", callback=a_site)
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Plan to take back one event, or all that a file posted: a Redeemed for each Earned, an Earned for each Redeemed.

    Nothing is sent before `tieout approve`. What has no opposite, such as an update of a reward, is named.
    """
    raise typer.Exit(run_reverse(config, file, reason, by, site, as_json=json))


def run_reverse(
    config: Path | None, file: str, reason: str, by: str | None, site_id: str | None, *, as_json: bool
) -> ExitCode:
    """Hold an opposite entry for the event, or for all that the file posted; 1 where something waits for a person."""
    from flows.ledger.connection import open_ledger
    from flows.review.reverse import reversal_lines
    from flows.review.reverse import reverse as plan_reversal
    from flows.runtime.terminal import write_lines
    from flows.settings.load import load_settings

    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        reversal = plan_reversal(settings, ledger, file, site_id, by=by or user_name(), reason=reason)
    if as_json:
        write_json(reversal.to_json())
    else:
        write_lines((*reversal_lines(reversal), *_how_to_decide(reversal.plan_id)))
    return ExitCode.NEEDS_A_PERSON if reversal.waits else ExitCode.TIES_OUT


def _how_to_decide(plan_id: str | None) -> list[str]:
    if plan_id is None:
        return ["Nothing is planned."]
    return [
        f"Nothing was sent. `tieout approve {plan_id}` lets the next run post it, `tieout discard {plan_id}` drops it.",
        "The first entry stays in the client's history, and what it set off (a message, say) is not undone.",
        "What takes more points than a client has is refused by the service, and stays as a break.",
    ]
