"""``tieout breaks``: list what does not match."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.breaks.options import Classes, NewerThan, OfClient, OfSite, OlderThan, Overdue, Owner
from flows.cli.named_file import CSV_OF_BREAKS, mind_named_file
from flows.cli.options import Config, Json
from flows.runtime.errors import ExitCode
from flows.runtime.terminal import write_json, write_line

if TYPE_CHECKING:
    from sqlalchemy import Row

    from flows.review.break_list import Wanted
    from flows.review.clocks import Clocks


def list_breaks(
    context: typer.Context,
    only_open: Annotated[bool, typer.Option("--open", help="Only what is neither closed nor resolved.")] = False,
    classes: Classes = None,
    site: OfSite = None,
    client: OfClient = None,
    owner: Owner = None,
    with_reason: Annotated[
        str | None, typer.Option("--with-reason", metavar="TEXT", help="Decided with this code, or these words.")
    ] = None,
    older_than: OlderThan = None,
    newer_than: NewerThan = None,
    overdue: Overdue = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="PATH", help="Write them as a file, too.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """List the differences, oldest first: what each means, and what to do; or record a decision about some."""
    from flows.review.break_list import Wanted

    if context.invoked_subcommand is not None:
        return
    wanted = Wanted(
        classes=tuple(classes or ()),
        site_id=site,
        client_id=client,
        owner=owner,
        reason=with_reason,
        older_than=older_than,
        newer_than=newer_than,
        is_overdue=overdue,
    )
    raise typer.Exit(run_breaks(config, wanted=wanted, only_open=only_open, as_json=json, csv=csv))


def run_breaks(
    config: Path | None, *, wanted: "Wanted", only_open: bool, as_json: bool, csv: Path | None = None
) -> ExitCode:
    """List the breaks, oldest first; 1 where one of them is open."""
    from flows.ledger.connection import open_ledger
    from flows.review.break_list import OPEN, list_breaks, write_csv
    from flows.review.clocks import clocks_of
    from flows.settings.load import load_settings
    from sql.reversals import breaks_with_reversals

    mind_named_file(csv, option="--csv", begins=CSV_OF_BREAKS)
    settings = load_settings(config)
    with open_ledger(settings) as ledger, ledger.read() as connection:
        listed = list_breaks(connection, settings, wanted, only_open=only_open)
        reversals = breaks_with_reversals(connection, [record["id"] for record in listed])
    if csv is not None:
        write_csv(listed, csv)
    if as_json:
        write_json(listed)
    else:
        _tell(listed, reversals, clocks_of(settings))
        which = "open breaks" if only_open else "breaks"
        write_line(f"{len(listed)} {which}.")
    is_open = any(record["state"] in OPEN for record in listed)
    return ExitCode.NEEDS_A_PERSON if is_open else ExitCode.TIES_OUT


def _tell(listed: Sequence[Mapping[str, Any]], reversals: "Mapping[str, Row[Any]]", clocks: "Clocks") -> None:
    """Tell each break with what takes it back, and below them what their classes mean."""
    from flows.review.break_list import break_lines, meaning_lines

    for record in listed:
        first, *more = break_lines(record, clocks.of(record["site_id"]))
        write_line(first + _reversal(reversals.get(record["id"])))
        for line in more:
            write_line(line)
    for line in meaning_lines(listed):
        write_line(line)


def _reversal(proposed: "Row[Any] | None") -> str:
    """Say where the entry stands that takes the extra one back."""
    from transforms.vocabulary import State

    if proposed is None:
        return ""
    event_id = proposed.event_id
    match State(proposed.state):
        case State.HELD:
            words = f"proposed reversal: tieout approve {event_id}"
        case State.READY:
            words = f"reversal {event_id} approved: the next run posts it"
        case _ as state:
            words = f"reversal {event_id} {state}"
    return f"; {words}"
