"""The command line: its commands in the order of `tieout --help`."""

import typer

from flows.cli import line_commands as line
from flows.cli import review_commands as review
from flows.cli.options import Config

app = typer.Typer(
    name="tieout",
    help="Post reward events from spreadsheets and exports exactly once, and prove that the numbers tie out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def tieout(config: Config = None) -> None:
    """Post reward events from spreadsheets and exports exactly once, and prove that the numbers tie out."""


for _command in (
    *(line.demo, line.check, line.run, line.upload),
    *(review.plan, review.approve, review.discard, review.reverse),
    *(line.settle, line.reconcile, line.report, review.trace),
    *(line.serve, line.status, line.doctor, line.sandbox),
):
    app.command()(_command)

database = typer.Typer(help="The ledger's tables.", no_args_is_help=True)
app.add_typer(database, name="db")
app.add_typer(review.breaks, name="breaks")


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
