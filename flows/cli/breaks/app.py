"""The commands about differences, put together."""

import typer

from flows.cli.breaks.deciding import VERBS, decide
from flows.cli.breaks.giving import give_break
from flows.cli.breaks.history import break_history, comment_on_break
from flows.cli.breaks.listing import list_breaks

breaks = typer.Typer(help="What does not match, and what a person decided about it.", invoke_without_command=True)
breaks.callback()(list_breaks)
breaks.command("history")(break_history)
breaks.command("comment")(comment_on_break)
breaks.command("give")(give_break)
for verb, told in VERBS.items():
    breaks.command(verb, help=told)(decide)
