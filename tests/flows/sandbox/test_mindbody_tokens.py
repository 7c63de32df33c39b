import json
from collections.abc import Callable

import pytest

from tests.flows.sandbox.talk import Talk

TOKENS = "/public/v6/usertoken"


@pytest.mark.parametrize(
    ("header", "value", "status", "code"),
    [
        pytest.param("Api-Key", "wrong", 401, "InvalidSourceCredentials", id="wrong key"),
        pytest.param("Api-Key", None, 401, "InvalidSourceCredentials", id="no key"),
        pytest.param("SiteId", None, 400, "MissingRequiredFields", id="no site"),
        pytest.param("SiteId", "7", 401, "InvalidSiteId", id="wrong site"),
        pytest.param("Authorization", "wrong", 401, "InvalidUserCredentials", id="wrong token"),
        pytest.param("Authorization", None, 401, "InvalidUserCredentials", id="no token"),
    ],
)
def test_door_is_closed_to(talk: Talk, header, value, status, code):
    talk.mindbody = (
        {**talk.mindbody, header: value} if value else {k: v for k, v in talk.mindbody.items() if k != header}
    )
    answered, answer = talk.post("100000001")
    assert (answered, answer["Error"]["Code"]) == (status, code)


def test_token_is_taken_bare_or_as_bearer(talk: Talk, client_id):
    bare = talk.mindbody["Authorization"]
    for form in (bare, f"Bearer {bare}"):
        talk.mindbody["Authorization"] = form
        assert talk.post(client_id)[0] == 200


@pytest.mark.parametrize(
    ("password", "status"), [pytest.param("wrong", 401, id="wrong"), pytest.param(None, 400, id="none")]
)
def test_issue_refuses_other_credentials(talk: Talk, password, status):
    body = {"Username": talk.ready["mindbody"]["username"], "Password": password}
    body = {name: value for name, value in body.items() if value}
    assert talk.post_json(f"{TOKENS}/issue", body)[0] == status


def test_renew_adds_a_day_seven_times(start: Callable[..., Talk]):
    talk = start()
    answers = [talk.post_json(f"{TOKENS}/renew", {}) for _ in range(8)]
    assert [status for status, _ in answers] == [200] * 7 + [400]
    days = [answer["Expires"][:10] for _, answer in answers[:7]]
    assert len(set(days)) == 7
    assert answers[0][1]["AccessToken"] == talk.mindbody["Authorization"]


def test_revoked_token_is_refused(start: Callable[..., Talk]):
    talk = start()
    assert talk.send("DELETE", f"{TOKENS}/revoke", headers=talk.mindbody)[0] == 200
    assert talk.post("100000001")[0] == 401


def test_token_outlives_a_restart_until_it_expires(start: Callable[..., Talk], tmp_path):
    state = tmp_path / "state.json"
    token = start(state=state).mindbody["Authorization"]
    saved = json.loads(state.read_text())
    assert start(state=state).send("GET", "/public/v6/client/clients", headers=_headers(saved, token))[0] == 200
    saved["tokens"][token][0] = "2026-01-01T00:00:00+00:00"
    state.write_text(json.dumps(saved))
    assert start(state=state).send("GET", "/public/v6/client/clients", headers=_headers(saved, token))[0] == 401


def _headers(saved: dict[str, str], token: str) -> dict[str, str]:
    return {"Api-Key": "sandbox-api-key", "SiteId": saved["site_id"], "Authorization": token}
