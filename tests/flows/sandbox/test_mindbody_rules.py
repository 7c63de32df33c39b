import json

import pytest

from tests.flows.sandbox.talk import REWARDS, Talk

GOOD = {"ClientId": "100000001", "Points": 10, "Action": "Earned"}
ABSENT = object()


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        pytest.param({"ClientId": ABSENT}, 400, "MissingRequiredFields", id="no client"),
        pytest.param({"ClientId": ""}, 400, "MissingRequiredFields", id="empty client"),
        pytest.param({"ClientId": 100000001}, 400, "InvalidParameter", id="client as a number"),
        pytest.param({"ClientId": "123"}, 404, "ClientNotFound", id="leading zeros lost"),
        pytest.param({"Points": ABSENT}, 400, "MissingRequiredFields", id="no points"),
        pytest.param({"Points": 0}, 400, "InvalidParameter", id="zero points"),
        pytest.param({"Points": -5}, 400, "InvalidParameter", id="negative points"),
        pytest.param({"Points": 12.5}, 400, "InvalidParameter", id="half points"),
        pytest.param({"Points": "12"}, 400, "InvalidParameter", id="points as text"),
        pytest.param({"Points": True}, 400, "InvalidParameter", id="points as truth"),
        pytest.param({"Action": ABSENT}, 400, "MissingRequiredFields", id="no action"),
        pytest.param({"Action": "earned"}, 400, "InvalidParameter", id="action in lower case"),
        pytest.param({"Action": "Returned"}, 400, "InvalidParameter", id="action of reads only"),
        pytest.param({"Source": "Sales"}, 400, "InvalidParameter", id="unknown source"),
        pytest.param({"Source": None}, 400, "InvalidParameter", id="null source"),
        pytest.param({"SourceId": 9001}, 400, "InvalidParameter", id="source id without source"),
        pytest.param({"Source": "Sale", "SourceId": "9006"}, 400, "InvalidParameter", id="source id as text"),
        pytest.param({"Source": "Sale", "SourceId": 0}, 400, "InvalidParameter", id="source id zero"),
        pytest.param({"Action": "Redeemed", "Source": "Sale"}, 400, "InvalidParameter", id="redeemed with source"),
        pytest.param({"Action": "Redeemed", "Points": 10**6}, 400, "ValidationFailed", id="beyond the balance"),
        pytest.param({"ActionDateTime": "2062-09-01T10:00:00Z"}, 400, "InvalidParameter", id="in the future"),
        pytest.param({"ActionDateTime": "yesterday"}, 400, "InvalidParameter", id="unreadable time"),
        pytest.param({"ActionDateTime": "0001-01-01T00:00:00+14:00"}, 400, "InvalidParameter", id="before all dates"),
        pytest.param({"ActionDateTime": "1752-12-31T23:59:59Z"}, 400, "InvalidParameter", id="too long ago"),
        pytest.param({"ActionDateTime": None}, 400, "InvalidParameter", id="null time"),
    ],
)
def test_post_is_refused_and_commits_nothing(talk: Talk, changes, status, code):
    before = talk.log()
    body = {name: value for name, value in {**GOOD, **changes}.items() if value is not ABSENT}
    answered, answer = talk.post_json(REWARDS, body)
    assert (answered, answer["Error"]["Code"], bool(answer["Error"]["Message"])) == (status, code, True)
    assert talk.log() == before


@pytest.mark.parametrize(
    ("client_id", "source", "source_id", "code"),
    [
        pytest.param("100000002", "Appointment Booking", 8001, None, id="appointment"),
        pytest.param("100000002", "Appointment Booking", 7101, "InvalidParameter", id="visit id of the appointment"),
        pytest.param("100000001", "Appointment Booking", 8001, "InvalidParameter", id="appointment of another"),
        pytest.param("100000001", "Class Booking", 7001, None, id="class"),
        pytest.param("100000001", "Class Booking", 401, "ClassVisitNotFound", id="class id"),
        pytest.param("100000002", "Class Booking", 7001, "ClassVisitNotFound", id="class of another"),
        pytest.param("000000123", "Sale", 9001, None, id="sale"),
        pytest.param("100000001", "Sale", 9001, "SaleIdNotFound", id="sale of another"),
        pytest.param("100000001", "Sale", 1, "SaleIdNotFound", id="no such sale"),
        pytest.param("100000003", "Referral", 100000004, None, id="referred"),
        pytest.param("100000004", "Referral", 100000003, "RelatedClientNotFound", id="referral reversed"),
    ],
)
def test_source_id_belongs_to_the_client(talk: Talk, client_id, source, source_id, code):
    status, answer = talk.post(client_id, Source=source, SourceId=source_id)
    assert status == (400 if code else 200)
    assert answer.get("Error", {}).get("Code") == code


@pytest.mark.parametrize(
    ("sale_id", "status"), [pytest.param(9006, 200, id="own"), pytest.param(9001, 400, id="other")]
)
def test_redeemed_source_id_is_a_sale_of_the_client(talk: Talk, sale_id, status):
    assert talk.post("100000001", 1, "Redeemed", SourceId=sale_id)[0] == status


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"ClientId": "1', b"ClientId=100000001"])
def test_body_that_is_no_object_is_refused(talk: Talk, body):
    status, _, content = talk.send("POST", REWARDS, body, talk.mindbody)
    assert (status, json.loads(content)["Error"]["Code"]) == (400, "InvalidParameter")


def test_names_are_read_in_any_case(talk: Talk):
    body = {"clientid": "000000123", "POINTS": 1, "action": "Earned", "source": "Sale", "SourceID": 9001}
    assert talk.post_json(REWARDS, body)[0] == 200
