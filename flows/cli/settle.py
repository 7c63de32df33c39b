"""``tieout settle``: read back what is in doubt, or record what a person found out about it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import ByUser, Config, Json, Plain, config_text
from flows.runtime.errors import ExitCode
from flows.runtime.person import user_name
from flows.runtime.terminal import write_line


class Ruled(StrEnum):
    """What a person may say of an event in doubt."""

    POSTED = "posted"
    NOT_POSTED = "not-posted"


def settle(
    event_id: Annotated[
        str | None, typer.Argument(metavar="EVENT_ID", help="An unknown event that reading back could not decide.")
    ] = None,
    ruled: Annotated[
        Ruled | None, typer.Option("--as", help="Whether it took effect, as seen at the service by a person.")
    ] = None,
    by: ByUser = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="How that is known.")] = None,
    looked: Annotated[
        bool, typer.Option("--looked", help="You looked at the service yourself, where reading back could not.")
    ] = False,
    config: Config = None,
    plain: Plain = False,
    json: Json = False,
) -> None:
    """Resolve what is unknown by reading back; post nothing.

    With an event, --as and --reason: record what a person found out about it where reading back cannot decide. As
    "not-posted" it is sent again by the next run.
    """
    if event_id is None and ruled is None and reason is None:
        raise typer.Exit(run_settle(config, plain=plain, as_json=json))
    if event_id is None or ruled is None or reason is None:
        raise typer.BadParameter("a ruling takes all of them: EVENT_ID --as posted|not-posted --reason TEXT.")
    raise typer.Exit(run_ruling(config, event_id, ruled is Ruled.POSTED, by, reason, has_looked=looked, as_json=json))


def run_settle(config: Path | None, *, plain: bool, as_json: bool) -> ExitCode:
    """Read back what is in doubt; a flow only where a Prefect API is configured."""
    from flows.cli.prefect_choice import is_prefect_configured
    from flows.cli.tell import tell, tell_flow
    from flows.runtime.interrupt import stopping_in_order
    from flows.runtime.progress import Stderr
    from flows.settings.load import load_settings

    settings = load_settings(config)
    with stopping_in_order():
        if plain or not is_prefect_configured():
            from flows.runs.settle import settle as settle_plainly

            return tell(settle_plainly(settings, progress=Stderr()), as_json=as_json)
        from flows.orchestration.server import prefect_api

        with prefect_api():
            from flows.settle import settle as settle_flow

            return tell_flow(lambda: settle_flow(config_text(config)), as_json=as_json)


def run_ruling(
    config: Path | None,
    event_id: str,
    has_landed: bool,
    by: str | None,
    reason: str,
    *,
    has_looked: bool = False,
    as_json: bool,
) -> ExitCode:
    """Record what a person found out about an event in doubt, and report it."""
    from flows.cli.tell import tell
    from flows.review.rule import rule_on_event
    from flows.runtime.secrets import mask
    from flows.settings.load import load_settings
    from sql.rulings import Ruling
    from transforms.vocabulary import State

    state = State.POSTED if has_landed else State.READY
    settings = load_settings(config)
    # The secrets are known only now; what a person pasted is kept for good.
    ended = rule_on_event(settings, event_id, Ruling(state, by or user_name(), mask(reason), has_looked))
    follows = "it counts as posted" if has_landed else "the next run sends it again"
    write_line(f"Recorded: {follows}; `tieout trace {event_id}` tells its story.", error=True)
    return tell(ended, as_json=as_json)
