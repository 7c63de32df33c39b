"""``tieout retry``: let refused events be tried again, where the cause is gone."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.options import ByUser, Config, Json, a_site
from flows.runtime.errors import ExitCode, WrongUsage
from flows.runtime.person import user_name
from flows.runtime.terminal import write_json, write_line

if TYPE_CHECKING:
    from flows.review.retry import Asked, Retry


def retry(
    event_ids: Annotated[
        list[str] | None, typer.Argument(metavar="EVENT_ID…", help="Refused events, as the report or a receipt says.")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="FILE", help="All that was refused of a file: path, name or sha256.")
    ] = None,
    code: Annotated[
        str | None, typer.Option("--code", metavar="CODE", help="All that was refused with the service's code.")
    ] = None,
    run: Annotated[str | None, typer.Option("--run", metavar="RUN", help="All that was refused in a run.")] = None,
    site: Annotated[
        str | None, typer.Option("--site", help="Of several files, the one sent for this site.", callback=a_site)
    ] = None,
    by: ByUser = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="What has changed since.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let what a service refused be tried again: show it, ask, and leave the rest to the next run.

    The next run reads the client or the reward of each first. What may have taken effect for all the refusal is held
    for a person instead. Several options together mean what fits all of them.
    """
    from flows.review.retry import Asked

    if bool(event_ids) == any(option is not None for option in (file, code, run)):
        raise WrongUsage("retry takes either EVENT_ID… or --file FILE, --code CODE and --run RUN.")
    if not (reason or "").strip():
        raise WrongUsage("retry needs a reason: --reason TEXT says what has changed since it was refused.")
    asked = Asked(event_ids=event_ids or (), file=file, site_id=site, code=code, run_id=run)
    raise typer.Exit(run_retry(config, asked, by, reason or "", is_approved=yes, as_json=json))


def run_retry(
    config: Path | None, asked: "Asked", by: str | None, reason: str, *, is_approved: bool, as_json: bool
) -> ExitCode:
    """Show what would be tried again, ask, and record the person's word; 1 where something of it stays refused."""
    from flows.ledger.connection import open_ledger
    from flows.review.retry import find_refused, let_try_again, retry_lines
    from flows.settings.load import load_settings

    settings = load_settings(config)
    decision_id = None
    with open_ledger(settings) as ledger:
        found = find_refused(settings, ledger, asked)
        for line in retry_lines(found):
            write_line(line, error=True)
        _refuse_empty(asked, found)
        is_wanted = bool(found.events) and (is_approved or _is_confirmed(len(found.events)))
        if is_wanted:
            decision_id = let_try_again(settings, ledger, found, by=by or user_name(), reason=reason)
    if as_json:
        record = {"decision_id": decision_id, **found.to_json()}
        write_json(record)
    else:
        write_line(_tell(found, is_wanted=is_wanted))
    return ExitCode.NEEDS_A_PERSON if found.left_out else ExitCode.TIES_OUT


def _refuse_empty(asked: "Asked", found: "Retry") -> None:
    """Where a person names events, and none of them can be tried again, that is an error and not an empty result."""
    if asked.event_ids and not found.events:
        event_id, why = found.left_out[0]
        raise WrongUsage(f"Event {event_id} cannot be tried again: {why}.")


def _is_confirmed(count: int) -> bool:
    from flows.cli.ask import is_confirmed

    return is_confirmed(
        f"Let {count:,} be tried again?", "Nobody answered, so nothing was changed: add --yes to go on without asking."
    )


def _tell(found: "Retry", *, is_wanted: bool) -> str:
    if not found.events:
        return "Nothing to retry."
    if not is_wanted:
        return "Nothing was changed."
    return f"Recorded: the next run reads before each of {len(found.events):,} events, and sends what may go."
