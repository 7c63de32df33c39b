"""The real command as a process of its own, that can be told to die at its Nth step.

The product knows nothing of this. SQLAlchemy's own events number every statement; commits and the exchanges of aiohttp
are wrapped here: a request before it leaves, when it has left, when the answer's head is there, and when it is read.
So are files that take the place of another one, as the ledger's marker does, before and after.
Processes are forked from a server that has imported everything, since importing takes longer than a night.
"""

import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

_WARM = (
    "flows.cli.app", "flows.cli.run", "flows.runs.nightly", "flows.reports.workbook.workbook", "sql.migrate",
    "alembic.command", "flows.review.retry", "tests.prove.command",
)  # fmt: skip
LONGEST_RUN_SECONDS = 300  # on a machine that has other work, too: what never ends is longer
A_NIGHT = ("run", "--plain", "--json")
# To start a process asks all others how they ended, and an exit code can be read once: of two threads that ask at the
# same moment one gets nothing, and takes it for 255.
_asking = threading.Lock()


@dataclass(frozen=True)
class Trouble:
    """What shall happen to a run from within."""

    die_at_step: int | None = None  # SIGKILL at this step, counted from 1
    spare_pages: int | None = None  # the disk is full when the SQLite file has grown by so many pages
    largest_file: int | None = None  # bytes; writing further is an I/O error


def start_run(config: Path, trouble: Trouble = Trouble(), words: Sequence[str] = A_NIGHT) -> BaseProcess:
    """Start `tieout`, a night unless told otherwise; its output goes to run.out and run.err beside the settings."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_WARM))
    process = context.Process(target=_run, args=(config, trouble, words))
    with _asking:
        process.start()
    return process


def wait_for(process: BaseProcess) -> int:
    """Return the exit code, -9 for a killed one; a run that does not end in time is a defect of its own."""
    has_ended = wait([process.sentinel], LONGEST_RUN_SECONDS)
    if not has_ended:
        process.kill()
        wait([process.sentinel])
    with _asking:
        process.join()
    if not has_ended:
        raise TimeoutError(f"A run took longer than {LONGEST_RUN_SECONDS} s.")
    assert process.exitcode is not None
    return process.exitcode


def is_at_work(process: BaseProcess) -> bool:
    """Return whether the command has not ended yet."""
    with _asking:
        return process.is_alive()


def run_to_end(config: Path, trouble: Trouble = Trouble(), words: Sequence[str] = A_NIGHT) -> int:
    """Run the command once and return its exit code."""
    return wait_for(start_run(config, trouble, words))


def steps_of(config: Path) -> int:
    """Return how many steps the last run beside these settings took that was not killed."""
    return int((config.parent / "steps").read_text())


def _run(config: Path, trouble: Trouble, words: Sequence[str]) -> None:
    os.setsid()
    for name, stream in (("run.out", 1), ("run.err", 2)):
        descriptor = os.open(config.parent / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(descriptor, stream)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    taken = _make_trouble(trouble)
    sys.argv = ["tieout", *words, "--config", str(config)]
    from flows.cli import main

    try:
        main()
    finally:
        (config.parent / "steps").write_text(str(taken[0]))


def _make_trouble(trouble: Trouble) -> list[int]:
    """Set everything up; return the number of steps taken, which goes on counting."""
    step, taken = _count_steps(trouble.die_at_step)
    _number_statements(step)
    _number_exchanges(step)
    _number_replacements(step)
    if trouble.spare_pages is not None:
        _fill_disk(trouble.spare_pages)
    if trouble.largest_file is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (trouble.largest_file, resource.RLIM_INFINITY))
    return taken


def _count_steps(die_at: int | None) -> tuple[Callable[..., None], list[int]]:
    lock, taken = threading.Lock(), [0]

    def step(*_args: Any) -> None:
        with lock:
            taken[0] += 1
            if taken[0] == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    return step, taken


def _number_statements(step: Callable[..., None]) -> None:
    from sqlalchemy import Engine, event
    from sqlalchemy.engine.default import DefaultDialect

    event.listen(Engine, "before_cursor_execute", step)
    commit = DefaultDialect.do_commit

    def do_commit(dialect: DefaultDialect, connection: Any) -> None:
        step()
        commit(dialect, connection)
        step()

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]


def _number_exchanges(step: Callable[..., None]) -> None:
    import aiohttp
    from aiohttp.client_reqrep import ClientRequest

    from flows.services import http

    request, send, read = aiohttp.ClientSession._request, ClientRequest.send, http._read_bounded

    async def numbered_request(*args: Any, **kwargs: Any) -> Any:
        step()
        response = await request(*args, **kwargs)
        step()
        return response

    async def numbered_send(*args: Any, **kwargs: Any) -> Any:
        response = await send(*args, **kwargs)
        step()
        return response

    async def numbered_read(response: aiohttp.ClientResponse) -> bytes | None:
        body = await read(response)
        step()
        return body

    aiohttp.ClientSession._request = numbered_request  # type: ignore[method-assign]
    ClientRequest.send = numbered_send  # type: ignore[method-assign]
    http._read_bounded = numbered_read


def _number_replacements(step: Callable[..., None]) -> None:
    replace = Path.replace

    def numbered_replace(path: Path, target: Any) -> Path:
        step()
        replaced = replace(path, target)
        step()
        return replaced

    Path.replace = numbered_replace  # type: ignore[method-assign]


def _fill_disk(spare_pages: int) -> None:
    from sqlalchemy import Engine, event

    limit: list[int] = []

    def cap(connection: Any, _entry: Any) -> None:
        cursor = connection.cursor()
        if not limit:
            limit.append(cursor.execute("PRAGMA page_count").fetchone()[0] + spare_pages)
        cursor.execute(f"PRAGMA max_page_count = {limit[0]}").fetchone()
        cursor.close()

    event.listen(Engine, "connect", cap)
