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

import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

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

from flows.runtime.errors import CouldNotRun
from flows.runtime.progress import Say, say_on_stderr

START_SECONDS = 180  # 4 to 17 s are usual; a machine under load may take minutes
STOP_SECONDS = 10
LOG_NAME = "server.log"
_NEW_HOME_PREFIX = "prefect-"
# No start takes so long, and no run that made its own home goes on for so many nights.
_HALF_MADE_FOR_SURE_SECONDS = 7 * 24 * 3600.0


def is_api_configured() -> bool:
    """Whether the environment or a profile of Prefect names an API."""
    return PREFECT_API_URL.value() is not None


@contextmanager
def prefect_api(store: Path | None = None, *, with_scheduler: bool = False) -> Iterator[str]:
    """Let flows of this process run against the configured API, else against a server of our own; give its URL.

    `store` is a folder that keeps the server's database from run to run, by Prefect's version, and the errors that the
    server logs; without it nothing is kept. A scheduler is needed only where schedules are served. Raises
    `CouldNotRun` where neither can be reached.
    """
    if is_api_configured():
        yield reach_configured_api()
        return
    with _server_home(store) as home:
        server = OwnServer(home, errors_folder=store, with_scheduler=with_scheduler)
        with using_server(server) as url:
            yield url


@contextmanager
def using_server(server: "OwnServer") -> Iterator[str]:
    """Start the server, let flows of this process run against it, stop it at the end; give its URL."""
    url = server.start()
    try:
        with temporary_settings(_settings(url, server.with_scheduler)):
            try:
                yield url
            finally:
                EventsWorker.drain_all(timeout=STOP_SECONDS)  # they tell how the task runs ended
    finally:
        server.stop()


def reach_configured_api() -> str:
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
    settings: dict[Setting, Any] = {PREFECT_API_URL: url}
    if not with_scheduler:
        settings[PREFECT_LOGGING_TO_API_ENABLED] = False
        settings[PREFECT_FLOWS_HEARTBEAT_FREQUENCY] = None
    return settings


@contextmanager
def _server_home(store: Path | None) -> Iterator[Path]:
    """Give the store's home; a new one gets there only after its server has stopped, so that none is half made."""
    kept = _kept_home(store)
    if kept and kept.exists():
        yield kept
        return
    if store:
        store.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=_NEW_HOME_PREFIX, dir=store))
    try:
        yield made
    finally:
        if kept:
            with suppress(OSError):  # another run was faster
                made.rename(kept)
        shutil.rmtree(made, ignore_errors=True)


def _kept_home(store: Path | None) -> Path | None:
    return store / prefect.__version__ if store else None


def lasting_home(store: Path) -> Path:
    """Return the store's home for a server that may be killed at any time, made beforehand where there is none.

    A server that made its own would lose the history with the first kill: what a kill leaves cannot be told from what
    is half made. So one is started for that alone, once. What earlier kills left half made is taken away.
    """
    store.mkdir(parents=True, exist_ok=True)
    for left in store.glob(f"{_NEW_HOME_PREFIX}*"):
        if time.time() - left.stat().st_mtime > _HALF_MADE_FOR_SURE_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
    kept = store / prefect.__version__
    if not kept.exists():
        with _server_home(store) as made:
            server = OwnServer(made, errors_folder=store)
            server.start()
            server.stop()
    return kept


class OwnServer:
    """Prefect's server as a process of ours, on loopback; it may be started again in the same place.

    What its services log as an error is kept in `errors_folder` and said, a line each (`service_errors`).
    """

    def __init__(
        self,
        home: Path,
        *,
        errors_folder: Path | None = None,
        with_scheduler: bool = False,
        port: int = 0,
        say: Say = say_on_stderr,
    ) -> None:
        self.with_scheduler = with_scheduler
        self._home = home
        self._errors_folder = errors_folder
        self._port = port
        self._say = say
        self._process: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None

    def start(self) -> str:
        """Start the process and return its API's URL; `CouldNotRun` where it does not come up."""
        errors_folder = str(self._errors_folder) if self._errors_folder else ""
        with (self._home / LOG_NAME).open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "flows.orchestration.server", str(self._port), errors_folder],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_environment(self._home, self.with_scheduler),
                text=True,
                start_new_session=True,  # Ctrl-C is for the run, which then ends the server
            )
        try:
            url = self._wait_for_url(self._process)
        except BaseException:
            self.stop()
            raise
        self._port = int(url.rpartition(":")[2].partition("/")[0])
        self._listener = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._listener.start()
        return url

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone without having been told to."""
        return self._process is not None and self._process.poll() is not None

    def stop(self) -> None:
        """End the process, by closing its standard input; nothing happens where there is none."""
        process = self._process
        self._process = None
        if process is None:
            return
        if process.stdin:
            with suppress(BrokenPipeError):
                process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._listener:
            self._listener.join(STOP_SECONDS)
            self._listener = None
        if process.stdout:
            process.stdout.close()

    def _wait_for_url(self, process: subprocess.Popen[str]) -> str:
        """Return the line with the server's URL; what it says before is passed on."""
        # Reading waits without a limit: a server that says nothing in time is ended, which ends the reading too.
        timer = threading.Timer(START_SECONDS, process.kill)
        timer.start()
        try:
            for line in process.stdout or ():
                if line.startswith("http"):
                    return line.strip()
                self._say(line.strip())
        finally:
            timer.cancel()
        reason = _reason(self._home)
        raise CouldNotRun(f"Prefect's temporary server did not start ({reason}): run without it, with --plain.")

    def _listen(self, process: subprocess.Popen[str]) -> None:
        """Pass on what the server says after its URL: one line an error."""
        for line in process.stdout or ():
            self._say(line.strip())


def _environment(home: Path, with_scheduler: bool) -> dict[str, str]:
    packages = str(Path(__file__).parents[2])
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


def _reason(home: Path) -> str:
    """Return the last exception of the log, else its last line."""
    log = (home / LOG_NAME).read_text(encoding="utf-8", errors="replace")
    said = log.strip().splitlines()
    exceptions = [line for line in said if re.match(r"[\w.]+(Error|Exception)\b", line)]
    if exceptions:
        return exceptions[-1]
    return said[-1] if said else f"no answer in {START_SECONDS} s"


def _serve(port: int, errors_folder: str) -> None:
    """Run the server in this process: print its URL once it answers, stop when standard input closes.

    Whatever its services log as an error is one more line on standard output.
    """
    import uvicorn
    from prefect.server.api.server import create_app

    from flows.orchestration.service_errors import hearing_errors

    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(create_app(), log_level="error", lifespan="on", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
    threading.Thread(target=_announce, args=(server, url), daemon=True).start()
    with hearing_errors(Path(errors_folder) if errors_folder else None, _tell, lambda: server.should_exit):
        server.run(sockets=[listener])


def _announce(server: "uvicorn.Server", url: str) -> None:  # type: ignore[name-defined] # noqa: F821
    while not server.started:
        time.sleep(0.02)
    _tell(url)
    sys.stdin.read()
    server.should_exit = True


def _tell(line: str) -> None:
    with suppress(BrokenPipeError):  # whoever started this is gone; standard input says so too
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(int(sys.argv[1]), sys.argv[2])
