from collections.abc import Callable

import pytest

from tests.flows.sandbox.talk import Talk

REWARD = "3344d59a-0000-4000-8000-000000000004"


def test_entry_by_hand_is_logged_as_such(talk: Talk, client_id):
    body = {"ClientId": client_id, "Action": "Returned", "Points": 4, "ActionDateTime": "2026-09-01T17:00:00"}
    assert talk.post_json("/sandbox/desk/transactions", body) == (200, {"Balance": -4})
    line = talk.log()[-1]
    assert (line["client_id"], line["actor"], line["action_date_time"]) == (client_id, "desk", "2026-09-01T17:00:00Z")


def test_edit_by_hand_can_issue_a_reward(start: Callable[..., Talk]):
    talk = start()
    assert talk.post_json("/sandbox/desk/rewards", {"rewardId": REWARD, "status": "Issued", "amount": 9.5})[0] == 200
    [reward] = talk.get("/api/rewards", {"query": REWARD})[1]["rewards"]
    assert (reward["status"], reward["amount"], talk.log()[-1]["actor"]) == ("Issued", 9.5, "desk")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("transactions", {"ClientId": "nobody", "Action": "Earned", "Points": 1}, id="unknown client"),
        pytest.param("transactions", {"ClientId": "100000001", "Action": "Given", "Points": 1}, id="unknown action"),
        pytest.param("rewards", {"rewardId": "nothing"}, id="unknown reward"),
    ],
)
def test_what_nobody_knows_is_refused(talk: Talk, path, body):
    assert talk.post_json(f"/sandbox/desk/{path}", body)[0] == 400
