import json
import time
from collections.abc import Callable
from http.client import IncompleteRead, RemoteDisconnected

import pytest

from tests.flows.eventually import eventually
from tests.flows.sandbox.talk import ALL_DAYS, REWARDS, UPDATE, Talk

CLIENT = "100000009"
PAYOUT = "35b10000-0000-4000-8000-000000000001"
BATCH = [{"rewardId": f"3344d59a-0000-4000-8000-{number:012d}", "payoutId": PAYOUT} for number in (1, 2, 4, 5)]


@pytest.mark.parametrize(
    ("kind", "broken", "commits"),
    [
        pytest.param("drop_before", RemoteDisconnected, 0),
        pytest.param("drop_after", RemoteDisconnected, 1),
        pytest.param("truncated", json.JSONDecodeError, 1),
        pytest.param("cut", IncompleteRead, 1),
    ],
)
def test_answer_is_lost(start: Callable[..., Talk], kind, broken, commits):
    talk = start(faults=f"{kind}@1")
    with pytest.raises(broken):
        talk.post(CLIENT, Source="Sale")
    assert (len(talk.log()), len(talk.entries(CLIENT))) == (commits, commits)
    assert talk.post(CLIENT)[0] == 200


@pytest.mark.parametrize(
    ("kind", "status", "commits"),
    [
        pytest.param("503_before", 503, 0),
        pytest.param("503_after", 503, 1),
        pytest.param("429", 429, 0),
        pytest.param("429_retry", 429, 0),
        pytest.param("401", 401, 0),
        pytest.param("error_200", 200, 0),
        pytest.param("duplicate", 200, 1),
        pytest.param("twice", 200, 2),
        pytest.param("phantom", 200, 0),
    ],
)
def test_answer_says_another_thing_than_what_happened(start: Callable[..., Talk], kind, status, commits):
    talk = start(faults=f"{kind}={CLIENT}")
    body = json.dumps({"ClientId": CLIENT, "Points": 10, "Action": "Earned"}).encode()
    answered, headers, _ = talk.send("POST", REWARDS, body, talk.mindbody)
    assert (answered, headers["Retry-After"]) == (status, "1" if kind == "429_retry" else None)
    assert len(talk.log()) == commits
    [fault] = talk.faults()
    assert (fault["fault"], fault["ids"], fault["committed"], fault["service"]) == (kind, [CLIENT], commits, "mb")


def test_error_200_says_so_and_duplicate_lists_twice(start: Callable[..., Talk]):
    talk = start(faults="error_200@1,duplicate@2,phantom@3,twice@4")
    answers = [talk.post(CLIENT, 10)[1] for _ in range(4)]
    assert "Error" in answers[0]
    assert [len(answer["Transactions"]) for answer in answers[1:]] == [2, 1, 1]
    assert [answer["Balance"] for answer in answers[1:]] == [10, 20, 30]


def test_401_revokes_the_token(start: Callable[..., Talk]):
    talk = start(faults="401@2")
    assert [talk.post(CLIENT)[0] for _ in range(3)] == [200, 401, 401]


def test_late_commits_after_the_client_gave_up(start: Callable[..., Talk]):
    talk = start(faults="late@1~3")
    with pytest.raises(TimeoutError):
        talk.post(CLIENT, timeout=0.2)
    assert talk.entries(CLIENT) == []
    assert len(eventually(lambda: talk.entries(CLIENT))) == 1
    assert eventually(lambda: talk.faults()[0]["committed"]) == 1


def test_slow_drips_a_whole_answer(start: Callable[..., Talk]):
    talk = start(faults="slow@1~0.3")
    started = time.monotonic()
    assert talk.post(CLIENT, 10)[1]["Balance"] == 10
    assert time.monotonic() - started > 0.3


def test_batch_is_reset_in_the_middle(start: Callable[..., Talk]):
    talk = start(faults="reset_mid_batch@1")
    with pytest.raises(ConnectionResetError):
        talk.post_json(UPDATE, BATCH)
    assert [line["reward_id"] for line in talk.log()] == [item["rewardId"] for item in BATCH[:2]]


@pytest.mark.parametrize(
    ("kind", "status", "commits"),
    [pytest.param("error_200", 200, 0), pytest.param("duplicate", 200, 4), pytest.param("rr:503_after", 503, 4)],
)
def test_batch_meets_faults_too(start: Callable[..., Talk], kind, status, commits):
    talk = start(faults=kind)
    headers = {**talk.referral_rock, "Content-Type": "application/json"}
    answered, _, content = talk.send("POST", UPDATE, json.dumps(BATCH).encode(), headers)
    assert (answered, len(talk.log()), talk.faults()[0]["service"]) == (status, commits, "rr")
    if kind == "duplicate":
        assert len(json.loads(content)) == 8


def test_reads_fail_for_one_client_alone(start: Callable[..., Talk]):
    talk = start(faults=f"read_503={CLIENT}")
    query = f"{REWARDS}?request.clientId={CLIENT}"
    assert talk.send("GET", query, headers=talk.mindbody)[0] == 503
    assert talk.get(REWARDS, {"clientId": "100000001", **ALL_DAYS})[0] == 200
    assert talk.post(CLIENT)[0] == 200


@pytest.mark.parametrize(
    ("kind", "broken"), [pytest.param("read_drop", RemoteDisconnected), pytest.param("read_truncated", ValueError)]
)
def test_reads_break(start: Callable[..., Talk], kind, broken):
    talk = start(faults=f"{kind}@1,read_429@2")
    with pytest.raises(broken):
        talk.entries("100000001")
    assert talk.get(REWARDS, {"clientId": "100000001"})[0] == 429
    assert talk.get(REWARDS, {"clientId": "100000001"})[0] == 200
