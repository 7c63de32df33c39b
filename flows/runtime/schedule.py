"""Who started this process: a schedule, or a person."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

# Set by the units and the crontab in `systemd/`, and by `serve`; a flow run of a deployment is known by Prefect.
_VARIABLE = "TIEOUT_BY_SCHEDULE"


def is_by_schedule() -> bool:
    """Whether a timer says that it has started this process."""
    return os.environ.get(_VARIABLE, "") not in ("", "0")


@contextmanager
def starting_by_schedule() -> Iterator[None]:
    """Within the block, processes that are started from here are known to be started by a schedule."""
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = "1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_VARIABLE, None)
        else:
            os.environ[_VARIABLE] = before
