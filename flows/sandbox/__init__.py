"""The stand-in of both services: real HTTP on loopback, the documented rules, and faults on demand.

It shares no rule with `transforms`: what one of the two misreads, the other refuses. It needs aiohttp and
defusedxml alone, and nothing of it is loaded before it serves.

    python -m flows.sandbox --port 8080 --state /tmp/sandbox.json --faults "503_after/10,seed=7"
"""

from pathlib import Path

from flows.sandbox.options import Options
from flows.sandbox.process import start_sandbox

__all__ = ["Options", "serve_sandbox", "start_sandbox"]


def serve_sandbox(port: int, state: Path | None, faults: str | None, options: Options | None = None) -> None:
    """Serve on 127.0.0.1 until SIGINT or SIGTERM; print one JSON line on stdout as soon as it listens.

    Port 0 takes a free one. Everything is kept beside `state` (`<state>.log.jsonl`, `<state>.faults.jsonl`) and goes on
    from there at the next start; None keeps it in a temporary folder that is removed at the end. `faults` is a SPEC of
    `flows.sandbox.faults`. ValueError if the SPEC cannot be read, OSError if port or file cannot be had.
    """
    from flows.sandbox.server import serve

    serve(port, state, faults, options or Options())
