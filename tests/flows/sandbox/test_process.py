import asyncio
import json
import signal
from http.client import IncompleteRead, RemoteDisconnected
from pathlib import Path

import aiohttp
import pytest

from flows.sandbox import start_sandbox
from tests.flows.sandbox.launch import launch_sandbox, run_python
from tests.flows.sandbox.talk import REWARDS, Talk, open_talk


def test_ready_line_has_the_public_keys(shared: Talk):
    ready = shared.ready
    assert sorted(ready) == ["log", "mindbody", "referral_rock", "url"]
    assert sorted(ready["mindbody"]) == ["api_key", "client_ids", "password", "site_id", "timezone", "username"]
    assert sorted(ready["referral_rock"]) == ["private_key", "public_key", "reward_ids"]
    assert ready["url"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_it_quietly_with_a_request_held(number):
    with launch_sandbox("--faults", "late@1,drop_after@2,cut@3") as process:
        talk = open_talk(json.loads(process.stdout.readline()))
        for broken, patience in ((TimeoutError, 0.2), (RemoteDisconnected, 60), (IncompleteRead, 60)):
            with pytest.raises(broken):
                talk.post("100000001", timeout=patience)
        process.send_signal(number)
        rest = process.communicate(timeout=60)
    assert (process.returncode, rest) == (0, ("", ""))


def test_sandbox_ends_with_the_process_that_started_it():
    with launch_sandbox("--stop-with-stdin") as process:
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_state_without_a_file_is_forgotten():
    with start_sandbox() as ready:
        folder = Path(ready["log"]).parent
        assert folder.is_dir()
    assert not folder.exists()


@pytest.mark.parametrize(
    ("options", "code", "complaint"),
    [
        pytest.param(["--faults", "explode"], 2, "explode", id="unknown fault"),
        pytest.param(["--state", "/nowhere/state"], 3, "cannot start", id="no such folder"),
        pytest.param(["--timezone", "Mars/Base"], 2, "Mars/Base", id="no such zone"),
    ],
)
def test_wrong_options_are_named_without_a_traceback(options, code, complaint):
    ended = run_python("-m", "flows.sandbox", *options)
    assert (ended.returncode, ended.stdout, complaint in ended.stderr) == (code, "", True)
    assert "Traceback" not in ended.stderr


def test_port_in_use_is_an_error(shared: Talk):
    port = int(shared.ready["url"].rpartition(":")[2])
    with pytest.raises(RuntimeError, match="cannot start"), start_sandbox(port=port):
        pass


def test_server_shares_nothing_with_the_product():
    code = "import sys, flows.sandbox.server; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = run_python("-c", code).stdout.split()
    assert "aiohttp" in loaded
    assert not {"pandas", "pandera", "sqlalchemy", "prefect", "pydantic", "transforms", "sql", "openpyxl"} & set(loaded)


def test_package_loads_without_a_server():
    assert run_python("-c", "import sys, flows.sandbox; print('aiohttp' in sys.modules)").stdout == "False\n"


def test_posts_at_once_are_each_committed_once(shared: Talk):
    before = len(shared.log())
    asyncio.run(_post_many(shared, 500))
    seqs = [line["seq"] for line in shared.log()]
    assert (len(seqs) - before, seqs) == (500, list(range(1, len(seqs) + 1)))


async def _post_many(talk: Talk, count: int) -> None:
    body = {"ClientId": "100000007", "Points": 1, "Action": "Earned"}
    async with aiohttp.ClientSession(talk.ready["url"], headers=talk.mindbody) as session:
        responses = await asyncio.gather(*[session.post(REWARDS, json=body) for _ in range(count)])
        assert {response.status for response in responses} == {200}
