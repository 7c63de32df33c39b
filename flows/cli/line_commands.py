"""The commands that run the line and keep it running; what they do stands in the modules that they call.

Each imports what it needs when it is called: `tieout --help` loads none of it.
"""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import ByUser, Config, Json, Plain, Site


def demo(
    keep: Annotated[
        Path | None, typer.Option("--keep", help="The folder to run in; a temporary one otherwise.")
    ] = None,
    plain: Plain = False,
) -> None:
    """Run the nightly flow on the samples against a sandbox of both services."""
    from flows.cli.demo import run_demo

    raise typer.Exit(run_demo(keep, plain=plain))


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Workbooks and exports.")],
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


def run(config: Config = None, plain: Plain = False, json: Json = False) -> None:
    """Run the night once: every new file of the inbox, then post, settle, reconcile and report."""
    from flows.cli.lines import run_night

    raise typer.Exit(run_night(config, plain=plain, as_json=json))


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


def report(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="The id of a run, or `latest`.")],
    config: Config = None,
) -> None:
    """Make the report of a run again from its snapshot, the same byte for byte; ask no service."""
    from flows.cli.report import run_report

    raise typer.Exit(run_report(config, run_id))


def serve(
    config: Config = None,
    cron: Annotated[
        str | None,
        typer.Option(help='When the nightly run starts, such as "0 3 * * *"; else as the settings say.'),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="The zone of --cron; by default the sites' own, where they share one, else UTC.")
    ] = None,
) -> None:
    """Keep the nightly schedule on this box until stopped.

    A night that was due while it did not run is made up for as it starts again, unless schedule.make_up is off.
    """
    from flows.cli.lines import run_serve

    raise typer.Exit(run_serve(config, cron, timezone))


def status(
    config: Config = None,
    json: Json = False,
    notify: Annotated[
        bool, typer.Option("--notify", help="Tell the addresses of notify.urls once where a night did not run.")
    ] = False,
) -> None:
    """Say how it stands: last night, next night, what waits for a person, the calls that are left today.

    Asks no service. Exit code: 0 all is well, 1 something waits for a person, 3 a night was due and did not run. With
    --notify a second timer watches over the first one.
    """
    from flows.cli.status import run_status

    raise typer.Exit(run_status(config, as_json=json, is_to_notify=notify))


def doctor(config: Config = None, json: Json = False) -> None:
    """Say what works and how to mend what does not: settings, ledger, folders, services, credentials, clocks.

    Changes nothing. One counted call a Mindbody site and one at Referral Rock try the credentials. Exit code: 0 all is
    well, 1 a person should look, 2 settings are wrong, 3 something is out of reach.
    """
    from flows.cli.doctor import run_doctor

    raise typer.Exit(run_doctor(config, as_json=json))


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    state: Annotated[Path | None, typer.Option(help="Keep the state in this file.")] = None,
    faults: Annotated[str | None, typer.Option(metavar="SPEC", help='Such as "drop_after@3".')] = None,
) -> None:
    """Serve stand-ins of both services on loopback; print one JSON line when they listen."""
    from flows.cli.sandbox import run_sandbox

    raise typer.Exit(run_sandbox(port, state, faults))
