"""A Prefect API for one run: the configured one, else a server of our own for as long as it is needed.

Prefect can start a temporary server by itself, but that one writes to our standard error (a CancelledError, where it
is stopped while it records task runs), outlives a run that is killed, and one that cannot start is waited for in vain.
So the server is started here: what it says goes to a file and is told only where it did not start, and it stops when
its standard input closes, which the system does for every run that ends, in whatever way.

Its database is kept in a folder if one is named, since migrating an empty one takes 8 of the 11 s of a first start.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import flows.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
import prefect
from prefect.client.orchestration import get_client
from prefect.events.worker import EventsWorker
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOGGING_TO_API_ENABLED,
    get_current_settings,
    temporary_settings,
)
from prefect.settings.legacy import Setting

from flows.errors import CouldNotRun

START_SECONDS = 180  # 4 to 17 s are usual; a machine under load may take minutes
STOP_SECONDS = 10
LOG_NAME = "server.log"


def is_api_configured() -> bool:
    """Whether the environment or a profile of Prefect names an API."""
    return PREFECT_API_URL.value() is not None


@contextmanager
def prefect_api(store: Path | None = None, *, with_scheduler: bool = False, port: int = 0) -> Iterator[str]:
    """Let flows of this process run against the configured API, else against a server of our own; give its URL.

    `store` is a folder that keeps the server's database from run to run, by Prefect's version; without it nothing is
    kept. A scheduler is needed only where schedules are served. Raises `CouldNotRun` where neither can be reached.
    """
    if is_api_configured():
        yield _reach_configured_api()
        return
    with (
        _server_home(store) as home,
        _server(home, with_scheduler, port) as url,
        temporary_settings(_settings(url, with_scheduler)),
    ):
        try:
            yield url
        finally:
            EventsWorker.drain_all(timeout=STOP_SECONDS)  # they tell how the task runs ended


def _reach_configured_api() -> str:
    """Ask before anything else does, for one line in place of Prefect's many."""
    url = str(PREFECT_API_URL.value())
    try:
        with get_client(sync_client=True) as client:
            client.raise_for_api_version_mismatch()
    except RuntimeError as error:
        raise CouldNotRun(f"Prefect: {error}. Mend PREFECT_API_URL, or run without Prefect, with --plain.") from None
    return url


def _settings(url: str, with_scheduler: bool) -> dict[Setting, Any]:
    """Spare a server that nobody watches the log and the heartbeats, whose thread ends a second late."""
    spared: dict[Setting, Any] = {PREFECT_LOGGING_TO_API_ENABLED: False, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    return {PREFECT_API_URL: url} | ({} if with_scheduler else spared)


@contextmanager
def _server_home(store: Path | None) -> Iterator[Path]:
    """Give the store's home; a new one gets there only after its server has stopped, so that none is half made."""
    kept = store / prefect.__version__ if store else None
    if kept and kept.exists():
        yield kept
        return
    if store:
        store.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="prefect-", dir=store))
    try:
        yield made
    finally:
        if kept:
            with suppress(OSError):  # another run was faster
                made.rename(kept)
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _server(home: Path, with_scheduler: bool, port: int) -> Iterator[str]:
    with (home / LOG_NAME).open("w", encoding="utf-8") as log:
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "flows.prefect_server", str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=_environment(home, with_scheduler),
            text=True,
            start_new_session=True,  # Ctrl-C is for the run, which then ends the server
        )
    try:
        yield _wait_for_url(process, home)
    finally:
        _stop(process)


def _environment(home: Path, with_scheduler: bool) -> dict[str, str]:
    packages = str(Path(__file__).parents[1])
    return {
        **os.environ,
        **get_current_settings().to_environment_variables(exclude_unset=True),
        "PREFECT_HOME": str(home),
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
        "PREFECT_SERVER_UI_ENABLED": "false",
        "PREFECT__SERVER_FINAL": "1",
        "PREFECT__SERVER_EPHEMERAL": "" if with_scheduler else "1",
        "PYTHONPATH": os.pathsep.join(filter(None, (packages, os.environ.get("PYTHONPATH")))),
    }


def _wait_for_url(process: subprocess.Popen[str], home: Path) -> str:
    timer = threading.Timer(START_SECONDS, process.kill)
    timer.start()
    try:
        url = process.stdout.readline().strip() if process.stdout else ""
    finally:
        timer.cancel()
    if not url:
        raise CouldNotRun(f"Prefect's temporary server did not start ({_reason(home)}): run without it, with --plain.")
    return url


def _reason(home: Path) -> str:
    """Return the last exception of the log, else its last line."""
    said = (home / LOG_NAME).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    exceptions = [line for line in said if re.match(r"[\w.]+(Error|Exception)\b", line)]
    return (exceptions or said or [f"no answer in {START_SECONDS} s"])[-1]


def _stop(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _serve(port: int) -> None:
    """Run the server in this process: print its URL once it answers, stop when standard input closes."""
    import uvicorn
    from prefect.server.api.server import create_app

    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(create_app(), log_level="error", lifespan="on", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
    threading.Thread(target=_announce, args=(server, url), daemon=True).start()
    server.run(sockets=[listener])


def _announce(server: "uvicorn.Server", url: str) -> None:  # type: ignore[name-defined] # noqa: F821
    while not server.started:
        time.sleep(0.02)
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
