"""What narrows differences down, the same for a list and for a decision about many."""

from typing import Annotated

import typer

from flows.cli.options import a_site

Classes = Annotated[
    list[str] | None, typer.Option("--class", metavar="CLASS", help="Of this class; may be given more than once.")
]
OfSite = Annotated[str | None, typer.Option("--site", help="Of this Mindbody site.", callback=a_site)]
OfClient = Annotated[str | None, typer.Option("--client", metavar="ID", help="Of this client.")]
Owner = Annotated[str | None, typer.Option("--owner", metavar="NAME", help="Whose they are, by decision or by rule.")]
OlderThan = Annotated[int | None, typer.Option("--older-than", metavar="DAYS", min=0, help="First seen before that.")]
NewerThan = Annotated[int | None, typer.Option("--newer-than", metavar="DAYS", min=0, help="First seen since.")]
Overdue = Annotated[bool, typer.Option("--overdue", help="Past the day on which they are due, by the settings.")]
