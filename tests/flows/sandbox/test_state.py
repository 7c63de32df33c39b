import json
from collections.abc import Callable
from datetime import UTC, datetime

from flows.sandbox.commit_log import append_line, open_for_append, read_lines
from flows.sandbox.options import Options
from flows.sandbox.seed import SeedTransaction
from flows.sandbox.state import SandboxState
from tests.flows.sandbox.launch import launch_sandbox
from tests.flows.sandbox.talk import UPDATE, Talk, open_talk

ENTRY = SeedTransaction("Earned", 5, "Sale", 9001, datetime(2026, 9, 1, 17, tzinfo=UTC))
REWARD = "3344d59a-0000-4000-8000-000000000001"
GIFT_CARD = "35b10000-0000-4000-8000-000000000002"


def test_restart_goes_on_where_the_last_run_ended(start: Callable[..., Talk], tmp_path):
    first = start(state=tmp_path / "state", options=("--timezone", "Asia/Kolkata", "--extra-clients", "3"))
    first.post("200000003", 5, ActionDateTime="2026-09-01T17:00:00Z")
    first.post_json(
        UPDATE, [{"rewardId": REWARD, "payoutId": GIFT_CARD, "amount": 3.1, "eligibilityDate": "2026-10-01"}]
    )
    shown = first.get("/api/rewards", {"query": REWARD})
    second = start(state=tmp_path / "state")
    assert [entry["ActionDateTime"] for entry in second.entries("200000003")] == ["2026-09-01T22:30:00"]
    assert second.get("/api/rewards", {"query": REWARD}) == shown
    second.post("200000003", 7)
    assert [line["seq"] for line in second.log()] == [1, 2, 3]


def test_answered_posts_survive_a_kill(tmp_path):
    with launch_sandbox("--state", str(tmp_path / "state")) as process:
        talk = open_talk(json.loads(process.stdout.readline()))
        balances = [talk.post("AB123456", 5)[1]["Balance"] for _ in range(3)]
        process.kill()
    assert balances == [20, 25, 30]
    assert SandboxState(tmp_path / "state", Options()).balances["AB123456"] == 30


def test_torn_line_is_cut_off_and_its_number_used_again(tmp_path):
    state = SandboxState(tmp_path / "state", Options())
    state.commit_transaction("100000001", ENTRY)
    with state.log_path.open("ab") as log:
        log.write(b'{"seq": 2, "at": "2026')
    again = SandboxState(tmp_path / "state", Options())
    again.commit_transaction("100000001", ENTRY)
    assert [line["seq"] for line in read_lines(state.log_path)] == [1, 2]


def test_state_adds_up(tmp_path):
    state = SandboxState(tmp_path / "state", Options())
    assert {client_id: state.balances[client_id] for client_id in ("100000001", "100000008", "100000012")} == {
        "100000001": 40,
        "100000008": 187,
        "100000012": 0,
    }


def test_entries_stay_in_order_of_their_time(tmp_path):
    state = SandboxState(tmp_path / "state", Options())
    state.commit_transaction("100000008", ENTRY)
    times = [entry.acted_at for entry in state.entries["100000008"]]
    assert times == sorted(times)


def test_read_lines_of_no_file_is_empty(tmp_path):
    assert read_lines(tmp_path / "none") == []


def test_append_line_keeps_what_is_there(tmp_path):
    for number in range(2):
        append_line(open_for_append(tmp_path / "log"), {"number": number})
    assert read_lines(tmp_path / "log") == [{"number": 0}, {"number": 1}]
