"""The command line: its commands in the order of `tieout --help`, a module or folder per command."""

import typer

from flows.cli.breaks.app import breaks
from flows.cli.check import check
from flows.cli.clean import clean
from flows.cli.client import client
from flows.cli.db import db
from flows.cli.demo import demo
from flows.cli.doctor import doctor
from flows.cli.files import files
from flows.cli.init import init
from flows.cli.keep import keep
from flows.cli.layout import layout
from flows.cli.month import month
from flows.cli.notify import notify
from flows.cli.options import Config
from flows.cli.plan import approve, discard, plan
from flows.cli.reconcile import reconcile
from flows.cli.recover import recover
from flows.cli.replace import replace
from flows.cli.report import report
from flows.cli.retry import retry
from flows.cli.reverse import reverse
from flows.cli.run import run
from flows.cli.sandbox import sandbox
from flows.cli.serve import serve
from flows.cli.settle import settle
from flows.cli.sign import sign
from flows.cli.status import status
from flows.cli.template import template
from flows.cli.trace import trace
from flows.cli.upload import upload
from flows.cli.user import user

app = typer.Typer(
    name="tieout",
    help="Post reward events from spreadsheets and exports exactly once, and prove that the numbers tie out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_IN_ORDER_OF_USE = (
    *(demo, init, template, check, layout, run, upload),
    *(plan, approve, discard, keep, replace, retry, reverse),
    *(settle, reconcile, report, month, sign, trace, client, files),
    *(serve, status, doctor, recover, clean, sandbox),
)


@app.callback()
def tieout(config: Config = None) -> None:
    """Post reward events from spreadsheets and exports exactly once, and prove that the numbers tie out."""


for _command in _IN_ORDER_OF_USE:
    app.command()(_command)
app.add_typer(db, name="db")
app.add_typer(breaks, name="breaks")
app.add_typer(notify, name="notify")
app.add_typer(user, name="user")
