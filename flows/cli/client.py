"""``tieout client``: a client's statement."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.options import Config, Json, a_site
from flows.runtime.errors import ExitCode
from flows.runtime.terminal import write_json, write_line

if TYPE_CHECKING:
    from flows.review.clocks import Clock
    from flows.review.statement import Line, Statement


def client(
    client_id: Annotated[str, typer.Argument(metavar="ID", help="The client's id, to the letter.")],
    site: Annotated[
        str | None, typer.Option("--site", help="The Mindbody site; all that know the client without.", callback=a_site)
    ] = None,
    read: Annotated[
        bool, typer.Option("--read", help="Read the client anew, within the calls of the day; changes nothing else.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show a client's statement: date, what, points, balance, who sent it, and what differs.

    It is made of the ledger and of what nights have read; --read asks the service. Exit code: 0 nothing differs, 1
    something of it waits for a person, 3 the client could not be read.
    """
    raise typer.Exit(run_client(config, client_id, site, is_to_read=read, as_json=json))


def run_client(
    config: Path | None, client_id: str, site_id: str | None, *, is_to_read: bool, as_json: bool
) -> ExitCode:
    """Print the statement of a client."""
    from flows.ledger.connection import open_ledger
    from flows.review.clocks import clocks_of
    from flows.review.statement import statements
    from flows.runtime.visible import storable
    from flows.services.binding import refuse_other_services
    from flows.settings.load import load_settings

    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        if is_to_read:
            refuse_other_services(settings, ledger)
        told = statements(settings, ledger, storable(client_id), site_id, is_to_read=is_to_read)
    if as_json:
        write_json({"client_id": client_id, "statements": [one.to_json() for one in told]})
    else:
        for one in told:
            _tell(one, clocks_of(settings).of(one.site_id))
    return ExitCode.NEEDS_A_PERSON if any(one.waits for one in told) else ExitCode.TIES_OUT


def _tell(statement: "Statement", clock: "Clock") -> None:
    write_line(f"Client {statement.client_id} of site {statement.site_id}, by the clock of {clock.name}")
    if statement.read_at is not None:
        how = "was read now" if statement.is_read_anew else "was last read"
        write_line(f"The balance {how}: {clock.tell(statement.read_at)}. Balances before are reckoned back from it.")
    else:
        write_line("The balance was never read: --read asks the service.")
    write_line(f"{'date':<34}{'what':<44}{'points':>10}{'balance':>12}  who, and what differs")
    if statement.opening_balance is not None:
        write_line(f"{'before':<34}{'':<44}{'':>10}{statement.opening_balance:>12,}")
    for line in statement.lines:
        write_line(_line(line, clock))
    if statement.closing_balance is not None:
        write_line(f"{'now':<34}{'':<44}{'':>10}{statement.closing_balance:>12,}")


def _line(line: "Line", clock: "Clock") -> str:
    points = "" if line.points is None else f"{line.points:+,}"
    balance = "" if line.balance is None else f"{line.balance:,}"
    figures = f"{points:>10}{balance:>12}"
    who = f"{line.who}, {line.file} row {line.row}" if line.file else line.who
    told = f"{clock.tell(line.at):<34}{line.what:<44}{figures}  {who}"
    about = line.event_id
    if line.mark:
        told += f"; {_mark(line)}"
        about = line.break_id or line.event_id
    return f"{told}  [{about}]" if about else told


def _mark(line: "Line") -> str:
    from flows.reports.wording import BREAKS

    word = BREAKS.get(line.mark or "")
    return word.short if word else f"not counted: {line.mark}"
