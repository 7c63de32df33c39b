"""Tell how a run ended: failures on stderr, the result on stdout, and the exit code that follows."""

import json
from collections.abc import Callable, Iterable

import typer

from flows.ledger.summary import ReconcileSummary, RunIncomplete, Summary
from flows.runtime.errors import ExitCode


def tell(ended: Summary | ReconcileSummary, *, as_json: bool) -> ExitCode:
    """Print the end of a run and return its exit code."""
    for failure in ended.failures:
        typer.echo(f"tieout: {failure}", err=True)
    if as_json:
        typer.echo(json.dumps(ended.to_json(), ensure_ascii=False))
    else:
        tell_lines(ended.lines)
    return ended.exit_code


def tell_flow(run: Callable[[], Summary | ReconcileSummary], *, as_json: bool) -> ExitCode:
    """Tell a flow's end; one that could not do all has reported what it did."""
    try:
        return tell(run(), as_json=as_json)
    except RunIncomplete as error:
        return tell(error.summary, as_json=as_json)


def tell_lines(lines: Iterable[str]) -> None:
    """Print lines on stdout."""
    for line in lines:
        typer.echo(line)
