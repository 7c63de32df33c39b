"""Examine the Prefect API, where one is configured; Prefect itself is not imported for that."""

import asyncio
import os
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

from flows.doctor.finding import Finding, bad, good
from flows.errors import ExitCode
from flows.loader.http import Exchange, Reach, exchange, open_session
from flows.settings import Settings

_LONGEST_WAIT_SECONDS = 5.0


def examine_prefect(settings: Settings) -> list[Finding]:
    """Say whether the configured API answers; without one there is nothing to say but that."""
    url = _configured_url()
    if url is None:
        return [good("Prefect", "No API is configured: `tieout run` starts a server of its own, or takes --plain.")]
    place = urlsplit(url).netloc.rpartition("@")[2]  # the address may hold a password
    answer = asyncio.run(_ask(url, min(settings.loader.timeout_seconds, _LONGEST_WAIT_SECONDS)))
    if answer.reach is Reach.ANSWERED and answer.status < 500:
        return [good("Prefect", f"The API at {place} answers.")]
    said = answer.failure or f"status {answer.status}"
    mend = "Mend PREFECT_API_URL, or run without Prefect, with --plain."
    return [bad("Prefect", f"The API at {place} is out of reach: {said}.", mend, ExitCode.COULD_NOT_RUN)]


async def _ask(url: str, timeout_seconds: float) -> Exchange:
    async with open_session(1, timeout_seconds) as session:
        return await exchange(session, "GET", f"{url.rstrip('/')}/health", headers={})


def _configured_url() -> str | None:
    """Return the address that the environment or the active profile names."""
    if os.environ.get("PREFECT_API_URL"):
        return os.environ["PREFECT_API_URL"]
    home = Path(os.environ.get("PREFECT_HOME") or Path.home() / ".prefect")
    try:
        profiles = tomllib.loads((home / "profiles.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    active = os.environ.get("PREFECT_PROFILE") or profiles.get("active")
    url = profiles.get("profiles", {}).get(active, {}).get("PREFECT_API_URL")
    return str(url) if url else None
