import json
from collections.abc import Callable

import pytest

from tests.flows.sandbox.talk import UPDATE, Talk

PAYOUT = "35b10000-0000-4000-8000-000000000002"
FIELDS = (
    "id, payoutId, payoutDescription, programId, programName, memberId, referralId, type, recipientId, recipientName, "
    "recipientEmailAddress, recipientExternalIdentifier, externalIdentifier, status, amount, createDate, issueDate, "
    "eligibilityDate, description, transactionID, updateDate, referralDisplayName, currencyCode, source, "
    "programRewardRuleId, paymentType, paymentCode, completeNote"
)


def _reward(number: int) -> str:
    return f"3344d59a-0000-4000-8000-{number:012d}"


def _update(number: int, **more: object) -> dict[str, object]:
    return {"rewardId": _reward(number), "payoutId": PAYOUT, **more}


def _find(talk: Talk, number: int) -> dict[str, object]:
    return talk.get("/api/rewards", {"query": _reward(number)})[1]["rewards"][0]


def test_update_sets_the_values_given_and_no_others(talk: Talk):
    before = _find(talk, 20)
    status, [answer] = talk.post_json(UPDATE, [_update(20, amount=25.5)])
    changed = {"payoutId": PAYOUT, "payoutDescription": "Gift card", "amount": 25.5}
    assert (status, answer["message"], ", ".join(answer["reward"])) == (200, "", FIELDS)
    assert {**answer["reward"], "updateDate": ""} == {**before, **changed, "updateDate": ""}
    assert answer["reward"]["updateDate"] > before["updateDate"]
    assert _find(talk, 20) == answer["reward"]


def test_update_logs_one_line_per_reward(talk: Talk):
    talk.post_json(
        UPDATE, [_update(21, eligibilityDate="2026-10-01T02:00:00.2282749+02:00"), _update(22, description="é")]
    )
    lines = [line for line in talk.log() if line.get("reward_id") in (_reward(21), _reward(22))]
    assert [line["eligibility_date"] for line in lines] == ["2026-10-01T00:00:00.2282749Z", None]
    assert [line["description"] for line in lines] == [None, "é"]
    assert {(line["service"], line["payout_id"], line["amount"]) for line in lines} == {("referral_rock", PAYOUT, None)}


def test_amount_stays_exact(talk: Talk):
    body = json.dumps([_update(23, amount=0)]).replace('"amount": 0', '"amount": 12345678901234567.10').encode()
    _, _, content = talk.send("POST", UPDATE, body, {**talk.referral_rock, "Content-Type": "text/json"})
    assert b'"amount": 12345678901234567.10' in content
    assert talk.log()[-1]["amount"] == "12345678901234567.10"


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        pytest.param({"rewardId": "nothing", "payoutId": PAYOUT}, "not found", id="unknown reward"),
        pytest.param({"payoutId": PAYOUT}, "rewardId is required", id="no reward"),
        pytest.param({"rewardId": _reward(24)}, "payoutId is required", id="no payout"),
        pytest.param({"rewardId": _reward(24), "payoutId": "x"}, "payout x was not found", id="unknown payout"),
        pytest.param({"rewardId": _reward(3), "payoutId": PAYOUT}, "has been issued", id="issued"),
        pytest.param(_update(24, amount="12"), "amount must be", id="amount as text"),
        pytest.param(_update(24, amount=None), "amount must be", id="null amount"),
        pytest.param(_update(24, eligibilityDate="soon"), "eligibilityDate must be", id="unreadable date"),
        pytest.param(_update(24, eligibilityDate="2026-02-30"), "eligibilityDate must be", id="no such day"),
        pytest.param(_update(24, description=7), "description must be", id="description as a number"),
    ],
)
def test_bad_item_is_named_in_its_message_and_the_others_apply(talk: Talk, item, complaint):
    lines = len(talk.log())
    status, answers = talk.post_json(UPDATE, [item, _update(25)])
    assert (status, complaint in answers[0]["message"], answers[1]["message"]) == (200, True, "")
    assert [line["reward_id"] for line in talk.log()[lines:]] == [_reward(25)]


def test_strict_refuses_the_whole_batch(start: Callable[..., Talk]):
    talk = start(options=("--strict",))
    status, answer = talk.post_json(UPDATE, [_update(3), _update(1)])
    assert (status, "issued" in answer["Message"], talk.log()) == (400, True, [])


def test_single_answer_is_that_of_the_last_reward(start: Callable[..., Talk]):
    talk = start(options=("--batch-answer", "single"))
    _, answer = talk.post_json(UPDATE, [_update(3), _update(1), _update(2)])
    assert (answer["reward"]["id"], "issued" in answer["message"]) == (_reward(2), True)


def test_results_answer_has_a_status_per_reward(start: Callable[..., Talk]):
    talk = start(options=("--batch-answer", "results"))
    _, answers = talk.post_json(UPDATE, [_update(3), _update(1)])
    assert [answer["resultInfo"]["status"] for answer in answers] == ["Failed", "Success"]
    assert [answer["reward"]["id"] for answer in answers] == [_reward(3), _reward(1)]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"[1]", b'{"rewardId": "x"}'])
def test_body_that_is_no_list_of_rewards_is_refused(talk: Talk, body):
    headers = {**talk.referral_rock, "Content-Type": "application/json"}
    status, _, content = talk.send("POST", UPDATE, body, headers)
    assert (status, bool(json.loads(content)["Message"])) == (400, True)


@pytest.mark.parametrize("keys", [None, "Basic wrong", "Bearer x"])
def test_other_keys_are_refused(talk: Talk, keys):
    talk.referral_rock = {"Authorization": keys} if keys else {}
    assert talk.get("/api/rewards")[0] == 401
    assert talk.post_json(UPDATE, [_update(24)])[0] == 401


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        pytest.param({"query": "recipient5@example.com"}, [5], id="recipient's e-mail"),
        pytest.param({"query": "clientId:100000005"}, [5], id="recipient's external id"),
        pytest.param({"query": _reward(5)}, [5], id="reward id"),
        pytest.param({"query": "nobody"}, [], id="nothing"),
        pytest.param({"status": "Issued"}, [3], id="status"),
        pytest.param({"programId": "Friends of the Studio", "status": "Processing"}, [8], id="program by name"),
        pytest.param({"programId": "Another"}, [], id="another program"),
        pytest.param({"dateTo": "2026-08-01", "sort": "Create_Dt_Asc"}, [1], id="created until"),
        pytest.param({"dateFrom": "2026-08-02", "dateTo": "2026-08-02"}, [5, 4, 3, 2], id="newest first"),
        pytest.param({"sort": "Create_Dt_Asc", "offset": 2, "count": 2}, [3, 4], id="page"),
    ],
)
def test_rewards_found(talk: Talk, query, numbers):
    rewards = talk.get("/api/rewards", query)[1]["rewards"]
    assert [reward["id"] for reward in rewards] == [_reward(number) for number in numbers]


def test_reward_set_tells_the_total(talk: Talk):
    _, answer = talk.get("/api/rewards", {"offset": 2, "count": 1})
    assert (answer["offset"], answer["total"], answer["message"]) == (
        2,
        len(talk.ready["referral_rock"]["reward_ids"]),
        "",
    )


def test_unknown_sort_is_refused(talk: Talk):
    assert talk.get("/api/rewards", {"sort": "Newest"})[0] == 400
