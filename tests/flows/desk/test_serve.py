"""The desk as `tieout serve` brings it: over a socket, killed, and there again."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.flows.desk.conftest import Studio, free_port
from tests.flows.eventually import eventually
from tests.flows.workplace import HEADINGS, earned

PASSWORD = "four words put together"


class Serving:
    """A `tieout serve`, and what it says."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def end(self) -> None:
        """Kill it, and hear out what it has started and ends by that."""
        self.process.kill()
        self._listener.join(60)

    def _listen(self) -> None:
        for line in self.process.stderr or ():
            self.lines.append(line)

    def said(self, pattern: str) -> str:
        def find() -> str | None:
            return next((found[1] for line in self.lines if (found := re.search(pattern, line))), None)

        found = eventually(find)
        assert found, self.lines
        return str(found)

    def desk_pid(self) -> int:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text("ascii").split()
        (pid,) = [pid for pid in children if b"flows.desk" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        return int(pid)


@contextmanager
def serving(studio: Studio, environment: dict[str, str]) -> Iterator[Serving]:
    command = [sys.executable, "-m", "flows.cli", "serve", "--config", str(studio.workplace.config)]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        here = Serving(process)
        try:
            yield here
        finally:
            here.end()


@pytest.fixture
def served(studio: Studio) -> Studio:
    studio.configure(f"\n[desk]\non = true\nport = {free_port()}\n")
    return studio


@contextmanager
def get_in(here: Serving) -> Iterator[httpx.Client]:
    """Give a browser in which Ana has signed in, by the link that `serve` printed."""
    link = here.said(r"(http://127\S+/welcome/\S+)")
    address, _, path = link.partition("/welcome/")
    with httpx.Client(base_url=address, timeout=60) as client:
        own = hidden(client.get(f"/welcome/{path}").text, "own_token")
        words = {"own_token": own, "name": "Ana", "password": PASSWORD, "again": PASSWORD}
        assert client.post(f"/welcome/{path}", data=words).status_code == 303
        yield client


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, page
    return found[1]


def posters(studio: Studio) -> list[int]:
    """Return the posters of this very workplace: processes that this test has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if b"flows.desk.poster" in command and str(studio.workplace.config).encode() in command:
            found.append(int(path.parent.name))
    return found


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/sign-in").status_code < 500
    except httpx.TransportError:
        return False


@pytest.mark.timeout(300)
def test_serve_brings_the_desk_and_brings_it_again(served: Studio, prefect_environment: dict[str, str]) -> None:
    with serving(served, prefect_environment) as here, get_in(here) as client:
        assert client.get("/").status_code == 200
        os.kill(here.desk_pid(), signal.SIGKILL)
        here.said("(The desk has ended by itself)")
        assert eventually(lambda: answers(client))
        # Whoever was signed in still is.
        assert client.get("/").status_code == 200
        here.process.terminate()
        assert here.process.wait(60) == 0
        assert not answers(client)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_posting_goes_on_where_serve_is_killed(served: Studio, prefect_environment: dict[str, str]) -> None:
    rows = [earned(f"2000000{number:02}", 5 + number) for number in range(1, 20)]
    text = served.workplace.config.read_text("utf-8")
    served.workplace.configure(text.replace("requests_per_second = 2000", "requests_per_second = 4"))
    with serving(served, prefect_environment) as here, get_in(here) as client:
        token = hidden(client.get("/").text, "form_token")
        content = "\n".join([HEADINGS, *rows]) + "\n"
        files = {"file": ("a.csv", content.encode(), "text/csv")}
        sheet = client.post("/sheets", data={"form_token": token, "site": "-99"}, files=files).headers["location"]
        client.post(f"{sheet}/read", data={"form_token": token})
        code = hidden(client.get(f"{sheet}/check").text, "code")
        client.post(f"{sheet}/post", data={"form_token": token, "code": code})
        assert eventually(lambda: served.committed())
        at_work = [here.desk_pid(), *posters(served)]
        here.process.kill()
        for pid in at_work:
            os.kill(pid, signal.SIGKILL)
        here.process.wait()
        assert len(served.committed()) < len(rows), "it was over before it was killed"
        with serving(served, prefect_environment):
            assert eventually(lambda: answers(client))
            assert eventually(lambda: "19 posted." in client.get(f"{sheet}/posting").text)
    assert sorted(line["points"] for line in served.committed()) == [5 + number for number in range(1, 20)]
