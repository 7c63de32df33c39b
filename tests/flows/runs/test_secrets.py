"""No secret leaves the process: by no line, log, ledger, report, snapshot, flow run or notice, in whatever form."""

import gzip
import html
import json
import shutil
import sqlite3
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest

from flows.settings.sections import Settings
from tests.flows.command import Command
from tests.flows.shell import Ended
from tests.flows.shell import tieout as tieout_of_a_shell

API_KEY = 'k3y/"quuxz"+&<é'
PASSWORD = "p@ss word%&hushquick"
PUBLIC, PRIVATE = "pub-0815-lic", "priv-wxyzz-ate"
TOKEN = "t0ken-of-tonight-99"
# As services in .NET write it in JSON.
API_KEY_OF_NET = "k3y/\\u0022quuxz\\u0022\\u002B\\u0026\\u003C\\u00E9"
PAIR = b64encode(f"{PUBLIC}:{PRIVATE}".encode()).decode()
FORMS = [
    *(API_KEY, PASSWORD, PRIVATE, TOKEN, PAIR),
    *(quote(API_KEY, safe=""), quote(PASSWORD, safe=""), json.dumps(API_KEY)[1:-1], repr(API_KEY)[1:-1]),
    *(html.escape(API_KEY), b64encode(PASSWORD.encode()).decode().rstrip("="), API_KEY_OF_NET),
]
# The parts that survive any escaping.
CORES = ["quuxz", "hushquick", "wxyzz", "of-tonight"]

SETTINGS = """\
database_url = "sqlite:///ledger.db"
[mindbody]
base_url = "{url}"
api_key = '{api_key}'
[[mindbody.sites]]
site_id = "-99"
timezone = "UTC"
username = "desk"
password = "{password}"
[referral_rock]
base_url = "{url}"
public_key = "{public}"
private_key = "{private}"
[loader]
max_tries = 1
settle_after_seconds = 0
"""


class Chatty(BaseHTTPRequestHandler):
    """A service that repeats whatever it was sent, in every form that it knows."""

    status = 400

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        if self.path.endswith("usertoken/issue"):
            self.answer(200, {"AccessToken": TOKEN})
            return
        said = " | ".join([*FORMS, str(dict(self.headers)), body])
        if "rewards/update" in self.path:
            self.answer(self.status, {"message": said})
        else:
            self.answer(self.status, {"Error": {"Code": f"Odd {PASSWORD}", "Message": said}})

    def do_GET(self) -> None:
        said = " | ".join([*FORMS, str(dict(self.headers))])
        if self.path.startswith("/api/rewards"):
            self.answer(200, {"rewards": [], "offset": 0, "total": 0, "message": None})
            return
        self.answer(500, {"Error": {"Code": "Odd", "Message": said}})

    def answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Chatty) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        text = SETTINGS.format(url=url, api_key=API_KEY, password=PASSWORD, public=PUBLIC, private=PRIVATE)
        (tmp_path / "tieout.toml").write_text(text)
        (tmp_path / "inbox").mkdir()
        quoted = API_KEY.replace('"', '""')
        rows = ["1,10,Earned", f"2,{PASSWORD},Earned", f'3,10,"{quoted}"']
        (tmp_path / "inbox" / "a.csv").write_text("ClientId,Points,Action\n" + "\n".join(rows) + "\n")
        (tmp_path / "inbox" / "r.csv").write_text("RewardId,PayoutId\nr-1,p-1\n")
        yield tmp_path
        server.shutdown()


def texts_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Give all that was written: ledger, reports, snapshots, logs."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name == "tieout.toml" or path.parent.name in ("inbox", "archive"):
            continue
        if ".marked" in path.name:  # a person's own file, given back
            continue
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as archive:
                content = b"".join(archive.read(name) for name in archive.namelist())
        yield path.name, content.decode("utf-8", "replace")


def assert_silent(folder: Path, *ended: Ended) -> None:
    said = {"terminal": "".join(one.said for one in ended), **dict(texts_of(folder))}
    found = {(where, core) for where, text in said.items() for core in CORES if core in text}
    assert found == set()


@pytest.mark.long
def test_a_service_that_repeats_every_secret_is_quoted_without_them(folder: Path) -> None:
    night = tieout_of_a_shell("run", "--plain", folder=folder)
    second = tieout_of_a_shell("run", "--plain", "--json", folder=folder)
    others = [
        tieout_of_a_shell(*words, folder=folder)
        for words in (["status"], ["doctor"], ["breaks"], ["settle", "--plain"])
    ]
    with sqlite3.connect(folder / "ledger.db") as ledger:
        event_ids = [row[0] for row in ledger.execute("SELECT event_id FROM events")]
        messages = [row[0] for row in ledger.execute("SELECT message FROM answers")]
    traces = [tieout_of_a_shell("trace", event_id, folder=folder) for event_id in event_ids]
    reports = [
        tieout_of_a_shell("report", "latest", folder=folder),
        tieout_of_a_shell("check", folder / "archive", folder=folder),
    ]
    assert len(event_ids) >= 2
    assert any("***" in message for message in messages)
    assert_silent(folder, night, second, *others, *traces, *reports)


def test_a_flow_keeps_no_secret_in_prefect(folder: Path, tmp_path: Path, prefect_store: Path) -> None:
    shutil.copytree(prefect_store, Settings(workspace=folder).prefect_folder)
    home = tmp_path / "prefect"
    ended = tieout_of_a_shell("run", "--json", folder=folder, environment={"PREFECT_HOME": str(home)})
    assert ended.code in (1, 3)
    assert_silent(folder, ended)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('password = "', 'password = "a\\nb', id="line break in a password"),
        pytest.param('private_key = "', 'private_key = "\\u001b[31m', id="escape in a key"),
        pytest.param('site_id = "-99"', 'site_id = "-99\\u001b[2K"', id="escape in a site"),
        pytest.param('site_id = "-99"', f'site_id = "{"9" * 51}"', id="endless site"),
        pytest.param("http://127.0.0.1", "http://desk:hushquick@127.0.0.1", id="password in an address"),
        pytest.param("http://127.0.0.1", "htp://desk:hushquick@127.0.0.1", id="no address"),
        pytest.param("http://127.0.0.1", "http://127.0.0.1.example.com", id="a name that looks near"),
        pytest.param("http://127.0.0.1", "http://10.0.0.1", id="a private network"),
        pytest.param("http://127.0.0.1", "http://127.0.0.1@example.com", id="loopback as a user"),
    ],
)
def test_what_no_key_or_address_can_be_is_a_line_at_the_start(
    bare_tieout: Command, folder: Path, old: str, new: str
) -> None:
    config = folder / "tieout.toml"
    text = config.read_text()
    config.write_text(text.replace(old, new))
    ended = bare_tieout("run", "--plain", folder=folder)
    assert (ended.code, len(ended.err.splitlines()), "\x1b" in ended.err) == (2, 1, False)
    assert "hushquick" not in ended.said


@pytest.mark.first_case
@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "api.localhost", "[::1]"])
def test_http_to_this_machine_needs_no_word(bare_tieout: Command, folder: Path, host: str) -> None:
    config = folder / "tieout.toml"
    config.write_text(config.read_text().replace("http://127.0.0.1", f"http://{host}"))
    assert bare_tieout("check", folder / "inbox" / "r.csv", folder=folder).code == 0


def test_http_to_another_machine_is_allowed_by_a_word(bare_tieout: Command, folder: Path) -> None:
    config = folder / "tieout.toml"
    text = config.read_text().replace("http://127.0.0.1", "http://proxy.internal")
    config.write_text(text.replace("[mindbody]\n", "[mindbody]\nallow_http = true\n"))
    refused = bare_tieout("check", folder / "inbox" / "r.csv", folder=folder)
    config.write_text(config.read_text().replace("[referral_rock]\n", "[referral_rock]\nallow_http = true\n"))
    allowed = bare_tieout("check", folder / "inbox" / "r.csv", folder=folder)
    assert (refused.code, "referral_rock" in refused.err, allowed.code) == (2, True, 0)


@pytest.mark.parametrize(("mode", "warns"), [(0o644, True), (0o640, True), (0o600, False)])
def test_doctor_warns_of_settings_that_others_can_read(
    bare_tieout: Command, folder: Path, mode: int, warns: bool
) -> None:
    (folder / "tieout.toml").chmod(mode)
    doctor = bare_tieout("doctor", folder=folder)
    assert any(line.startswith("warn") and "chmod 600" in line for line in doctor.out.splitlines()) is warns
