"""Tell how a run ended: failures on stderr, the result on stdout, and the exit code that follows."""

from collections.abc import Callable, Mapping
from typing import Any

from flows.ledger.summary import ReconcileSummary, RunIncomplete, Summary
from flows.runtime.errors import ExitCode
from flows.runtime.log import is_json, record, say_failed
from flows.runtime.terminal import write_json, write_lines

_SENTENCES = ("notes", "not_read")  # in which clients are not named, see `flows.runtime.log`


def tell(ended: Summary | ReconcileSummary, *, as_json: bool) -> ExitCode:
    """Print the end of a run and return its exit code."""
    for failure in ended.failures:
        say_failed(failure)
    if as_json:
        write_json(ended.to_json())
    elif is_json():
        # Who collects JSON lines wants no table among them.
        record("end", exit_code=int(ended.exit_code), **_without_records(ended.to_json()))
    else:
        write_lines(ended.lines)
    return ended.exit_code


def _without_records(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the end of a run for a log: of lists that may name clients or rows only how long they are."""
    return {
        name: len(value) if isinstance(value, list) and name not in _SENTENCES else value
        for name, value in told.items()
    }


def tell_flow(run: Callable[[], Summary | ReconcileSummary], *, as_json: bool) -> ExitCode:
    """Tell a flow's end; one that could not do all has reported what it did."""
    from flows.orchestration.gone import ServerGone, end_of_flow, end_process, go_on_alone

    try:
        return tell(run(), as_json=as_json)
    except RunIncomplete as error:
        return tell(error.summary, as_json=as_json)
    except ServerGone:
        # It is Prefect's client that raised it, and nothing that the line met: how that ended was kept.
        ended = end_of_flow()
        go_on_alone()
        end_process(tell(ended, as_json=as_json))
