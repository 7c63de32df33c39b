"""The desk's own process: listens, and stops in order when its standard input closes."""

import errno
import socket
import sys
import threading
import time
from pathlib import Path

import uvicorn

from flows.desk.app import make_app
from flows.desk.keep_posting import KeepPosting
from flows.desk.visit import Desk
from flows.ledger.connection import Ledger, open_ledger
from flows.people.accounts import first_link
from flows.runtime.errors import CouldNotRun, TieoutError, WrongUsage
from flows.runtime.terminal import guarded_streams, write_line
from flows.settings.desk_address import desk_address, link_for
from flows.settings.load import load_settings
from flows.settings.sections import Settings

_ENDS_WITHIN_SECONDS = 5
# How long a thread that computes keeps the others from their turn, of which a page that looks something up needs many.
_SWITCH_SECONDS = 0.001


def main(config: str) -> None:
    """Serve the pages; say on standard output where they are, once they answer."""
    with guarded_streams():
        try:
            settings = load_settings(Path(config) if config else None)
            with open_ledger(settings) as ledger:
                ledger.keep_caches_small()
                _serve(settings, ledger, config)
        except TieoutError as error:
            write_line(f"tieout: the desk: {error}", error=True)
            sys.exit(error.exit_code)


def _serve(settings: Settings, ledger: Ledger, named: str) -> None:
    listener = _listen(settings)
    port: int = listener.getsockname()[1]
    token = first_link(ledger)
    if token is not None and not settings.desk.is_this_machine:
        raise WrongUsage(
            f"Nobody may use the desk yet, and it listens at {settings.desk.listen}, for everybody who reaches it: let "
            "the first one in by `tieout user add NAME --role administrator`."
        )
    desk = settings.desk
    shared = Desk(settings, ledger, port)
    config = uvicorn.Config(
        make_app(shared),
        log_level="error",
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # `flows.desk.door` minds them
        ssl_certfile=desk.tls_certificate or None,
        ssl_keyfile=desk.tls_key or None,
        timeout_graceful_shutdown=_ENDS_WITHIN_SECONDS,
        h11_max_incomplete_event_size=64 * 1024,
        timeout_keep_alive=20,
    )
    server = uvicorn.Server(config)
    said = [f"The desk is at {desk_address(settings, port)}."]
    if token is not None:
        said.append(f"Nobody may use it yet. The first one gets in once by {link_for(settings, token, port)}")
    threading.Thread(target=_announce, args=(server, said), daemon=True).start()
    sys.setswitchinterval(_SWITCH_SECONDS)
    posting = KeepPosting(shared, named)
    posting.start()
    try:
        server.run(sockets=[listener])
    finally:
        posting.stop()


def _listen(settings: Settings) -> socket.socket:
    desk = settings.desk
    family = socket.AF_INET6 if ":" in desk.listen else socket.AF_INET
    try:
        return socket.create_server((desk.listen, desk.port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and "port" not in desk.model_fields_set:
            return socket.create_server((desk.listen, 0), family=family)
        raise CouldNotRun(
            f"It cannot listen at {desk.listen}, port {desk.port}: {error.strerror}. Another one may be there: set "
            "desk.port, or end that one."
        ) from None


def _announce(server: uvicorn.Server, said: list[str]) -> None:
    while not server.started:
        time.sleep(0.02)
    for line in said:
        write_line(line)
    sys.stdout.flush()
    # Whoever started us holds the other end, and lets go of it however they end.
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
