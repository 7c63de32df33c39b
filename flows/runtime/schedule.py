"""Who started this process: a schedule, or a person."""

import os

# Set by the units and the crontab in `systemd/`; a flow run of a deployment is known by Prefect.
_VARIABLE = "TIEOUT_BY_SCHEDULE"


def is_by_schedule() -> bool:
    """Whether a timer says that it has started this process."""
    return os.environ.get(_VARIABLE, "") not in ("", "0")
