"""Keep the desk up beside the nights: a process of its own, so that neither takes the other with it.

Whatever ends it, it is started again, and what somebody had it post goes on. It stops when its standard input closes,
which the system does for it however this process ends.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path

from flows.runtime.progress import Say
from flows.settings.sections import Settings

_STOP_SECONDS = 20.0
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 60.0


async def keep_desk(settings: Settings, config: Path | None, say: Say) -> None:
    """Serve the pages until cancelled, where the settings ask for them; what the desk says is passed on.

    ``config`` is absolute.
    """
    wait = _FIRST_WAIT_SECONDS
    while settings.desk.on:
        process = await _start(config)
        try:
            is_up = await _pass_on(process, say)
        finally:
            await _stop(process)
        # One that came up and crashed is there again at once; one that cannot come up is tried less and less often.
        wait = _FIRST_WAIT_SECONDS if is_up else min(2 * wait, _LONGEST_WAIT_SECONDS)
        say(f"The desk has ended by itself: starting it again in {wait:.0f} s.")
        await asyncio.sleep(wait)


# Of glibc: by itself it keeps what each of forty threads has let go of for that thread, a third more in all.
_MEMORY = {"MALLOC_ARENA_MAX": "2"}


async def _start(config: Path | None) -> Process:
    packages = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (packages, os.environ.get("PYTHONPATH"))))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "flows.desk", str(config or "")),
        stdin=PIPE,
        stdout=PIPE,
        env={**_MEMORY, **os.environ, "PYTHONPATH": path},
        start_new_session=True,  # Ctrl-C is for us, who then end it
    )


async def _pass_on(process: Process, say: Say) -> bool:
    """Pass on what it says until it ends; return whether it came up."""
    is_up = False
    assert process.stdout is not None  # noqa: S101 - asked for
    async for line in process.stdout:
        is_up = True
        say(line.decode(errors="replace").strip())
    return is_up


async def _stop(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
