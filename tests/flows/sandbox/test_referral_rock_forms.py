import json

import defusedxml.ElementTree
import pytest

from tests.flows.sandbox.talk import UPDATE, Talk

PAYOUT = "35b10000-0000-4000-8000-000000000001"
OPENING = '<ArrayOfupdateReward xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'


def _reward(number: int) -> str:
    return f"3344d59a-0000-4000-8000-{number:012d}"


def _post(talk: Talk, body: str, kind: str = "application/xml", accept: str = "*/*"):
    headers = {**talk.referral_rock, "Content-Type": kind, "Accept": accept}
    status, answered, content = talk.send("POST", UPDATE, body.encode(), headers)
    return status, answered.get_content_type(), content


def _batch(*items: str) -> str:
    inner = "".join(f"<updateReward>{item}</updateReward>" for item in items)
    return f"{OPENING}{inner}</ArrayOfupdateReward>"


def _item(number: int, more: str = "", amount: str = "") -> str:
    return f"<payoutId>{PAYOUT}</payoutId>{more}<rewardId>{_reward(number)}</rewardId>{amount}"


def test_xml_in_the_documented_order_is_applied_and_answered_in_xml(talk: Talk):
    more = "<eligibilityDate>2024-11-08T10:26:33.2282749+00:00</eligibilityDate><description>a &amp; b</description>"
    status, kind, content = _post(talk, _batch(_item(30, more, "<amount>1</amount>")))
    root = defusedxml.ElementTree.fromstring(content)
    assert (status, kind, root.tag) == (200, "application/xml", "ArrayOfrewardConfirmation")
    assert root.findtext("rewardConfirmation/reward/eligibilityDate") == "2024-11-08T10:26:33.2282749+00:00"
    assert root.findtext("rewardConfirmation/reward/description") == "a & b"
    assert root.findtext("rewardConfirmation/reward/amount") == "1"
    assert len(root.findall("rewardConfirmation/reward/*")) == 28


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        pytest.param(
            f"<rewardId>{_reward(31)}</rewardId><payoutId>{PAYOUT}</payoutId>", "payoutId is required", id="JSON order"
        ),
        pytest.param(f"<amount>5</amount>{_item(31)}", "rewardId is required", id="amount first"),
        pytest.param(
            f"<PayoutId>{PAYOUT}</PayoutId><rewardId>{_reward(31)}</rewardId>", "payoutId is", id="letter case"
        ),
        pytest.param(_item(31, amount="<amount>1,5</amount>"), "amount must be", id="amount with a comma"),
    ],
)
def test_xml_out_of_order_reads_as_absent(talk: Talk, item, complaint):
    status, _, content = _post(talk, _batch(item))
    message = defusedxml.ElementTree.fromstring(content).findtext("rewardConfirmation/message")
    assert (status, complaint in message) == (200, True)


def test_xml_description_after_its_turn_is_lost(talk: Talk):
    late = f"<payoutId>{PAYOUT}</payoutId><rewardId>{_reward(32)}</rewardId><description>late</description>"
    _post(talk, _batch(late))
    assert (talk.log()[-1]["reward_id"], talk.log()[-1]["description"]) == (_reward(32), None)


def test_xml_nil_is_absent(talk: Talk):
    _post(talk, _batch(_item(33, amount='<amount i:nil="true" />')))
    assert (talk.log()[-1]["reward_id"], talk.log()[-1]["amount"]) == (_reward(33), None)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<ArrayOfupdateReward", id="not XML"),
        pytest.param("<ArrayOfUpdateReward><updateReward/></ArrayOfUpdateReward>", id="root's letter case"),
        pytest.param('<ArrayOfupdateReward xmlns="urn:x"><updateReward/></ArrayOfupdateReward>', id="namespace"),
        pytest.param("<ArrayOfupdateReward/>", id="empty"),
        pytest.param('<!DOCTYPE x [<!ENTITY e "x">]><ArrayOfupdateReward>&e;</ArrayOfupdateReward>', id="entities"),
    ],
)
def test_xml_that_is_no_batch_is_refused(talk: Talk, body):
    status, _, content = _post(talk, body)
    assert (status, bool(defusedxml.ElementTree.fromstring(content).findtext("Message"))) == (400, True)


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        pytest.param("application/json", "application/json", id="JSON asked for"),
        pytest.param("text/xml", "application/xml", id="XML asked for"),
        pytest.param("*/*", "application/xml", id="as it came"),
    ],
)
def test_answer_has_the_form_asked_for(talk: Talk, accept, answered):
    assert _post(talk, _batch(_item(34)), "text/xml", accept)[1] == answered


def test_reward_set_comes_in_xml_too(talk: Talk):
    headers = {**talk.referral_rock, "Accept": "application/xml"}
    root = defusedxml.ElementTree.fromstring(talk.send("GET", "/api/rewards?status=Issued", headers=headers)[2])
    assert (root.tag, root.findtext("total"), root.findtext("rewards/reward/status")) == ("rewardSet", "1", "Issued")


def test_other_forms_are_refused(talk: Talk):
    assert _post(talk, json.dumps([{}]), "application/x-www-form-urlencoded")[0] == 415
