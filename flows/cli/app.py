"""The commands and their options; what they do stands in the modules that they call."""

import os
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="tieout",
    help="Post reward events from spreadsheets and exports exactly once, and prove that the numbers tie out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
database = typer.Typer(help="The ledger's tables.", no_args_is_help=True)
app.add_typer(database, name="db")
breaks = typer.Typer(help="What does not match, and what a person decided about it.", invoke_without_command=True)
app.add_typer(breaks, name="breaks")


def _use_config(path: Path | None) -> Path | None:
    if path is not None:
        os.environ["TIEOUT_CONFIG"] = str(path.resolve())  # flow runs in other processes find it there too
    return path


Config = Annotated[
    Path | None,
    typer.Option(
        "--config", help="The settings file; by default TIEOUT_CONFIG or ./tieout.toml.", callback=_use_config
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else there.")]
Plain = Annotated[bool, typer.Option("--plain", help="Run the same steps without Prefect.")]
Site = Annotated[str | None, typer.Option("--site", help="The Mindbody site of rows that name none.")]
Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help="Workbooks and exports.")]


@app.callback()
def tieout(config: Config = None) -> None:
    """Post reward events from spreadsheets and exports exactly once, and prove that the numbers tie out."""


@app.command()
def demo(
    keep: Annotated[
        Path | None, typer.Option("--keep", help="The folder to run in; a temporary one otherwise.")
    ] = None,
    plain: Plain = False,
) -> None:
    """Run the nightly flow on the samples against a sandbox of both services."""
    from flows.cli.demo import run_demo

    raise typer.Exit(run_demo(keep, plain=plain))


@app.command()
def check(
    files: Files,
    config: Config = None,
    site: Site = None,
    marked: Annotated[
        Path | None, typer.Option("--marked", help="Write a copy of the one file here, its bad cells marked.")
    ] = None,
    json: Json = False,
) -> None:
    """Read and check files; send nothing, keep nothing."""
    from flows.cli.check import run_check

    raise typer.Exit(run_check(files, config, site, marked, as_json=json))


@app.command()
def run(config: Config = None, plain: Plain = False, json: Json = False) -> None:
    """Run the night once: every new file of the inbox, then post, settle, reconcile and report."""
    from flows.cli.lines import run_night

    raise typer.Exit(run_night(config, plain=plain, as_json=json))


@app.command()
def upload(
    file: Annotated[Path, typer.Argument(help="A workbook or an export.")],
    config: Config = None,
    site: Site = None,
    yes: Annotated[bool, typer.Option("--yes", help="Post without asking.")] = False,
    plain: Plain = False,
    json: Json = False,
) -> None:
    """Take one file by hand: check it, show the plan, ask, post, report."""
    from flows.cli.lines import run_upload

    raise typer.Exit(run_upload(file, config, site, is_approved=yes, plain=plain, as_json=json))


By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")]
ByUser = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides; the system's user otherwise.")]
HeldId = Annotated[str, typer.Argument(metavar="ID", help="Of a held event or a plan: `tieout plan` lists both.")]


@app.command()
def plan(
    file: Annotated[
        Path | None, typer.Argument(help="A workbook or an export; without one, what waits for a person is listed.")
    ] = None,
    config: Config = None,
    site: Site = None,
    by: ByUser = None,
    json: Json = False,
) -> None:
    """Check a file and keep it as a plan, to be approved or discarded; or list all that waits for a person.

    Nothing is sent: every new event of the file is held until `tieout approve`, by the plan's id or one by one.
    """
    from flows.cli.held import run_held, run_plan

    if file is None:
        raise typer.Exit(run_held(config, as_json=json))
    raise typer.Exit(run_plan(config, file, site, by, as_json=json))


@app.command()
def approve(held_id: HeldId, by: ByUser = None, config: Config = None) -> None:
    """Say that a held event, or all that a plan still holds, is to be posted: the next run does it."""
    from flows.cli.held import run_approve

    raise typer.Exit(run_approve(config, held_id, by))


@app.command()
def discard(held_id: HeldId, by: ByUser = None, config: Config = None) -> None:
    """Say that a held event is never posted, or drop all that a plan still holds.

    An event that was dropped with its plan comes back to a person when another file brings it.
    """
    from flows.cli.held import run_discard

    raise typer.Exit(run_discard(config, held_id, by))


@app.command()
def reverse(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Its path, or the name or sha256 that the ledger knows.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is taken back.")],
    by: ByUser = None,
    site: Annotated[str | None, typer.Option("--site", help="Of several files, the one sent for this site.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Plan to take back all that a file posted: a Redeemed for each Earned, an Earned for each Redeemed.

    Nothing is sent before `tieout approve`. What has no opposite, such as an update of a reward, is named.
    """
    from flows.cli.reverse import run_reverse

    raise typer.Exit(run_reverse(config, file, reason, by, site, as_json=json))


class Ruled(StrEnum):
    """What a person may say of an event in doubt."""

    POSTED = "posted"
    NOT_POSTED = "not-posted"


@app.command()
def settle(
    event_id: Annotated[
        str | None, typer.Argument(metavar="EVENT_ID", help="An unknown event that reading back could not decide.")
    ] = None,
    ruled: Annotated[
        Ruled | None, typer.Option("--as", help="Whether it took effect, as seen at the service by a person.")
    ] = None,
    by: ByUser = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="How that is known.")] = None,
    config: Config = None,
    plain: Plain = False,
    json: Json = False,
) -> None:
    """Resolve what is unknown by reading back; post nothing.

    With an event, --as and --reason: record what a person found out about it where reading back cannot decide. As
    "not-posted" it is sent again by the next run.
    """
    from flows.cli.lines import run_ruling, run_settle

    if event_id is None and ruled is None and reason is None:
        raise typer.Exit(run_settle(config, plain=plain, as_json=json))
    if event_id is None or ruled is None or reason is None:
        raise typer.BadParameter("a ruling takes all of them: EVENT_ID --as posted|not-posted --reason TEXT.")
    raise typer.Exit(run_ruling(config, event_id, ruled is Ruled.POSTED, by, reason, as_json=json))


@app.command()
def reconcile(
    since: Annotated[str | None, typer.Option(metavar="DATE", help="First day of the sites, YYYY-MM-DD.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Last day; today without it.")] = None,
    config: Config = None,
    plain: Plain = False,
    json: Json = False,
) -> None:
    """Read back and match; write the report."""
    from flows.cli.lines import run_reconcile

    raise typer.Exit(run_reconcile(config, _day(since), _day(until), plain=plain, as_json=json))


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f'"{text}" is no date; write it as 2026-03-31.') from None


@app.command()
def report(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="The id of a run, or `latest`.")],
    config: Config = None,
) -> None:
    """Make the report of a run again from its snapshot, the same byte for byte; ask no service."""
    from flows.cli.report import run_report

    raise typer.Exit(run_report(config, run_id))


@app.command()
def trace(
    row: Annotated[str, typer.Argument(metavar="EVENT_ID|FILE:SHEET:ROW", help='Such as "march.xlsx:Sheet1:14".')],
    config: Config = None,
) -> None:
    """Tell the whole life of one row: cell, checks, key, attempts, answers, match."""
    from flows.cli.trace import run_trace

    raise typer.Exit(run_trace(row, config))


@app.command()
def serve(
    config: Config = None,
    cron: Annotated[str, typer.Option(help="When the nightly run starts.")] = "0 3 * * *",
    timezone: Annotated[
        str | None, typer.Option(help="The zone of --cron; by default the sites' own, where they share one, else UTC.")
    ] = None,
) -> None:
    """Keep the nightly schedule on this box until stopped."""
    from flows.cli.lines import run_serve

    raise typer.Exit(run_serve(config, cron, timezone))


@app.command()
def doctor(config: Config = None, json: Json = False) -> None:
    """Say what works and how to mend what does not: settings, ledger, folders, services, credentials, clocks.

    Changes nothing. One counted call a Mindbody site and one at Referral Rock try the credentials. Exit code: 0 all is
    well, 1 a person should look, 2 settings are wrong, 3 something is out of reach.
    """
    from flows.cli.doctor import run_doctor

    raise typer.Exit(run_doctor(config, as_json=json))


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    state: Annotated[Path | None, typer.Option(help="Keep the state in this file.")] = None,
    faults: Annotated[str | None, typer.Option(metavar="SPEC", help='Such as "drop_after@3".')] = None,
) -> None:
    """Serve stand-ins of both services on loopback; print one JSON line when they listen."""
    from flows.cli.sandbox import run_sandbox

    raise typer.Exit(run_sandbox(port, state, faults))


@database.command("upgrade")
def database_upgrade(config: Config = None) -> None:
    """Bring the ledger to this version's tables."""
    from flows.cli.database import run_upgrade

    raise typer.Exit(run_upgrade(config))


@database.command("current")
def database_current(config: Config = None) -> None:
    """Say which migration the ledger is at."""
    from flows.cli.database import run_current

    raise typer.Exit(run_current(config))


@breaks.callback()
def list_breaks(
    context: typer.Context,
    only_open: Annotated[bool, typer.Option("--open", help="Only what is neither closed nor resolved.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """List the breaks, or record a decision about one."""
    if context.invoked_subcommand is None:
        from flows.cli.breaks import run_breaks

        raise typer.Exit(run_breaks(config, only_open=only_open, as_json=json))


BreakId = Annotated[str, typer.Argument(metavar="ID")]
Reason = Annotated[
    str,
    typer.Option(
        "--reason",
        metavar="TEXT",
        help='Why: words, or "code: words" with one of accepted_difference, corrected_at_service, duplicate_of_other, '
        "entered_by_hand, mistake, service_error, timing, other.",
    ),
]


@breaks.command("history")
def break_history(break_id: BreakId, config: Config = None, json: Json = False) -> None:
    """Tell what people decided about a break, and why; oldest first."""
    from flows.cli.breaks import run_history

    raise typer.Exit(run_history(config, break_id, as_json=json))


@breaks.command("acknowledge")
def acknowledge_break(break_id: BreakId, by: By, reason: Reason, config: Config = None) -> None:
    """Say that it was seen and somebody works on it."""
    _decide("acknowledge", break_id, by, reason, config)


@breaks.command("resolve")
def resolve_break(break_id: BreakId, by: By, reason: Reason, config: Config = None) -> None:
    """Say that it is explained and nothing is left to do."""
    _decide("resolve", break_id, by, reason, config)


@breaks.command("reopen")
def reopen_break(break_id: BreakId, by: By, reason: Reason, config: Config = None) -> None:
    """Take a decision back."""
    _decide("reopen", break_id, by, reason, config)


def _decide(verb: str, break_id: str, actor: str, reason: str, config: Path | None) -> None:
    from flows.cli.breaks import run_decision
    from sql.breaks import Verb

    raise typer.Exit(run_decision(config, Verb(verb), break_id, actor, reason))
