"""Go on where Prefect's server goes away in mid-run: what it shows is lost, and nothing of what was done.

The ledger knows what was sent, and the report is written without Prefect. So a run whose server does not answer comes
to its end all the same, and says so in a line.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar, cast

from flows.runtime.prefect_quiet import remove_home  # before Prefect, which reads its settings as it is imported

# isort: split
from httpx import HTTPError
from prefect.client.orchestration import get_client
from prefect.runtime import deployment

from flows.ledger.summary import ReconcileSummary, Summary
from flows.runtime.errors import CouldNotRun, TieoutError
from flows.runtime.progress import say_on_stderr

# What Prefect's client raises where its server does not answer, or answers that it cannot.
ServerGone = HTTPError
_BACK_WITHIN_SECONDS = 60.0  # one that `serve` starts again is there after 10 to 30
_ASK_EVERY_SECONDS = 2.0
LINE = "Prefect's server does not answer: the run goes on without it, and Prefect does not show how it ended."

Made = TypeVar("Made")


@dataclass
class Work(Generic[Made]):
    """A piece of work that is done once, whatever becomes of whoever was to show it."""

    do: Callable[[], Made]
    is_begun: bool = False
    _made: Made | None = None
    _error: BaseException | None = None

    def __call__(self) -> Made:
        """Do it."""
        self.is_begun = True
        try:
            self._made = made = self.do()
        except BaseException as error:
            self._error = error
            raise
        return made

    def result(self) -> Made:
        """Return or raise what it came to; where it has not begun it is done now."""
        if not self.is_begun:
            return self()
        if self._error is not None:
            raise self._error
        return cast(Made, self._made)

    def raised(self, error: BaseException) -> bool:
        """Return whether the error is of the work itself."""
        return self._error is error


class _Flow:
    """The one flow that this process runs at a time: whether its server is gone, and how it ended."""

    is_deployed = False
    is_alone = False
    ended: Summary | ReconcileSummary | None = None
    error: TieoutError | None = None


def begin_flow() -> None:
    """Forget what a flow before this one met; called as a flow begins, when its server is there to be asked."""
    _Flow.is_deployed = deployment.id is not None
    _Flow.is_alone = False
    _Flow.ended = _Flow.error = None


def keep_end(ended: Summary | ReconcileSummary) -> None:
    """Keep how the flow ended, for a caller whom Prefect may not hand it to."""
    _Flow.ended = ended


def keep_error(error: TieoutError) -> None:
    """Keep why the flow could not run, likewise."""
    _Flow.error = error


def end_of_flow() -> Summary | ReconcileSummary:
    """Return how the last flow ended, or raise why it did not; for a caller whom Prefect told neither."""
    if _Flow.ended is not None:
        return _Flow.ended
    raise _Flow.error or CouldNotRun(
        "Prefect's server does not answer: run again, or without Prefect, with --plain. What was sent is known to the "
        "ledger."
    )


def is_deployed() -> bool:
    """Whether Prefect started this flow run itself."""
    return _Flow.is_deployed


def is_alone() -> bool:
    """Whether this flow goes on without its server."""
    return _Flow.is_alone


def is_there() -> bool:
    """Whether the server answers; asked once."""
    with get_client(sync_client=True) as client:
        return client.api_healthcheck() is None


def go_on_alone() -> None:
    """Ask the server nothing more in this flow, and say so once."""
    if not _Flow.is_alone:
        _Flow.is_alone = True
        say_on_stderr(LINE)


def end_process_unless_back() -> None:
    """Wait a minute for the server; where it does not come back, end the process of this flow run here and now.

    All is done and told by then. To go on would be a traceback of Prefect's; a process that ends like this is marked
    as crashed there once the server is back.
    """
    deadline = time.monotonic() + _BACK_WITHIN_SECONDS
    while not is_there():
        if time.monotonic() >= deadline:
            end_process(1)
        time.sleep(_ASK_EVERY_SECONDS)
    _Flow.is_alone = False


def end_process(code: int) -> NoReturn:
    """End at once: Prefect would first try to tell its server, for a minute and more, what it has missed."""
    sys.stdout.flush()
    sys.stderr.flush()
    remove_home()
    os._exit(code)
