"""Examine the Prefect API, where one is configured; Prefect itself is not imported for that."""

import asyncio
import os
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from flows.doctor.diagnosis import Diagnosis, bad, doubtful, good
from flows.orchestration.service_errors import ERRORS_NAME, read_errors
from flows.runtime.clock import utc_now
from flows.runtime.errors import ExitCode
from flows.services.http import Exchange, Reach, exchange, open_session
from flows.settings.sections import Settings

_LONGEST_WAIT_SECONDS = 5.0
_SHOWN = 200  # characters of an error; the file has more
_ERRORS_OF = timedelta(days=2)  # so that each night is looked at twice


def examine_prefect(settings: Settings) -> list[Diagnosis]:
    """Say whether the configured API answers; without one there is nothing to say but that."""
    url = _configured_url()
    if url is None:
        return [good("Prefect", "No API is configured: `tieout run` starts a server of its own, or takes --plain.")]
    host = urlsplit(url).netloc.rpartition("@")[2]  # the address may hold a password
    timeout_seconds = min(settings.loader.timeout_seconds, _LONGEST_WAIT_SECONDS)
    answer = asyncio.run(_ask(settings, url, timeout_seconds))
    # A refusal is an answer too: a server behind a password is there.
    if answer.reach is Reach.ANSWERED and answer.status < 500:
        return [good("Prefect", f"The API at {host} answers.")]
    said = answer.failure or f"status {answer.status}"
    mend = "Mend PREFECT_API_URL, or run without Prefect, with --plain."
    return [bad("Prefect", f"The API at {host} is out of reach: {said}.", mend=mend, exit_code=ExitCode.COULD_NOT_RUN)]


def examine_prefect_errors(settings: Settings) -> Iterator[Diagnosis]:
    """Tell what the services of a Prefect server of our own logged as an error of late; nothing where all is well."""
    errors = read_errors(settings.prefect_folder, utc_now() - _ERRORS_OF)
    if not errors:
        return
    last = errors[-1]
    count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
    last_at = f"{last.at:%Y-%m-%d %H:%M}Z"
    said = f"Its services logged {count} in two days, the last at {last_at}: {last.text[:_SHOWN]}"
    mend = f"Look into {settings.prefect_folder / ERRORS_NAME}; see below whether the nights run."
    # Only doubtful: a service of Prefect that fails and goes on does not keep a night from running.
    yield doubtful("Prefect services", said, mend=mend)


async def _ask(settings: Settings, url: str, timeout_seconds: float) -> Exchange:
    async with open_session(settings, url, 1, timeout_seconds) as session:
        return await exchange(session, "GET", f"{url.rstrip('/')}/health", headers={})


def _configured_url() -> str | None:
    """Return the address that the environment or the active profile names."""
    from_environment = os.environ.get("PREFECT_API_URL")
    if from_environment:
        return from_environment
    home = Path(os.environ.get("PREFECT_HOME") or os.path.expanduser("~/.prefect"))  # noqa: PTH111 - as it is, where nobody has a home
    try:
        profiles = tomllib.loads((home / "profiles.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    active = os.environ.get("PREFECT_PROFILE") or profiles.get("active")
    profile = profiles.get("profiles", {}).get(active, {})
    url = profile.get("PREFECT_API_URL")
    return str(url) if url else None
