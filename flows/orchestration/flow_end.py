"""Bring a flow to its end: what it says where nobody calls it, what it publishes, and how Prefect shows it.

A flow that the command line calls hands its end back, and the command tells it. One that Prefect started, by a
schedule or a deployment, has nobody to hand it to: its lines go to the log of the process.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar, cast

import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect.states import Completed

from flows.ledger.summary import ReconcileSummary, RunIncomplete, Summary
from flows.orchestration.events import tell_prefect
from flows.orchestration.flow_log import log_line
from flows.orchestration.gone import (
    ServerGone,
    begin_flow,
    end_process_unless_back,
    go_on_alone,
    is_alone,
    is_deployed,
    is_there,
    keep_end,
    keep_error,
)
from flows.orchestration.masked_errors import without_secrets
from flows.orchestration.publish import publish
from flows.runtime.errors import TieoutError
from flows.runtime.interrupt import stopping_in_order
from flows.runtime.progress import say_on_stderr

Ended = TypeVar("Ended", Summary, ReconcileSummary)


def run_to_end(run: Callable[[], Ended]) -> Ended:
    """Run inside a flow and return how it ended; `RunIncomplete` where something could not be done.

    What it raises, a `TieoutError` where it could not run, lets the flow run end as failed, with its line.
    """
    begin_flow()
    with stopping_in_order():  # Prefect takes SIGTERM for itself as the flow starts; this takes it back
        try:
            with without_secrets():
                ended: Ended = run()
        except TieoutError as error:
            _tell([f"tieout: {error}"])
            keep_error(error)
            raise
    _tell([*(f"tieout: {failure}" for failure in ended.failures), *ended.lines])
    keep_end(ended)
    _show(ended)
    if ended.failures:
        raise RunIncomplete(ended)
    # What a flow returns as a state becomes its own: its message says what waits, where others say "All states
    # completed"; whoever called the flow gets what it holds.
    return cast(Ended, Completed(message=ended.sentence, data=ended))


def _show(ended: Summary | ReconcileSummary) -> None:
    """Show in Prefect how it ended; where its server is gone, nobody waits for that."""
    # Asked first, since this answer comes at once, and each request below is sent again and again.
    if is_alone() or not is_there():
        go_on_alone()
        if not is_deployed():
            return
        end_process_unless_back()
    try:
        _log(ended)
        publish(ended.artifacts)
        tell_prefect(ended)
    except ServerGone:
        go_on_alone()


def _log(ended: Summary | ReconcileSummary) -> None:
    for failure in ended.failures:
        log_line(failure, failed=True)
    for line in ended.lines:
        log_line(line)


def _tell(lines: Iterable[str]) -> None:
    # Where the command line called the flow, it tells them itself.
    if not is_deployed():
        return
    for line in lines:
        say_on_stderr(line)
