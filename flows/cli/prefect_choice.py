"""Whether a command that need not be a flow is one: where somebody has configured a Prefect API."""

import os
from pathlib import Path


def is_prefect_configured() -> bool:
    """Return whether the environment or a profile names a Prefect API; Prefect is loaded only where one may."""
    if os.environ.get("PREFECT_API_URL"):
        return True
    home = Path(os.environ.get("PREFECT_HOME") or os.path.expanduser("~/.prefect"))  # noqa: PTH111 - as it is, where nobody has a home
    if not (home / "profiles.toml").exists():
        return False
    from flows.orchestration.server import is_api_configured

    return is_api_configured()
