"""A web address that takes down what it is sent."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Listener:
    """What came in, and how it answers."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.status = 200
        self.messages: list[dict[str, Any]] = []
        self.calls: list[str] = []

    @property
    def message_url(self) -> str:
        return f"json://127.0.0.1:{self.port}"

    @property
    def ping_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ping/secret-token"


@contextmanager
def listening() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            listener.calls.append(self.path)
            self._answer()

        def do_POST(self) -> None:
            listener.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer()

        def _answer(self) -> None:
            self.send_response(listener.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        listener = Listener(server.server_port)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield listener
        server.shutdown()
        thread.join()
