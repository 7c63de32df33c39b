"""Name a run."""

from uuid import uuid4

from flows.runtime.clock import utc_now


def new_run_id(kind: str) -> str:
    """Return an id that sorts by time and tells the kind."""
    return f"{kind}-{utc_now():%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"
