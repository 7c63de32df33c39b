"""Say what goes on where Prefect shows it: in the log of the flow run, beside stderr."""

import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect.logging import get_run_logger

from flows.runtime.progress import Stderr
from flows.runtime.secrets import line_of


class FlowLog(Stderr):
    """Lines on stderr and in the flow run's log; counts on stderr alone. Made inside a flow."""

    def __init__(self) -> None:
        super().__init__()
        self._log = get_run_logger()

    def __call__(self, line: str, /) -> None:
        """Say what begins."""
        super().__call__(line)
        log_line(line)


def log_line(line: str, *, failed: bool = False) -> None:
    """Add one line to the log of the flow run, without secrets; called inside a flow."""
    log = get_run_logger()
    # As an argument: what a file is called must not be taken for a format.
    (log.error if failed else log.info)("%s", line_of(line))
