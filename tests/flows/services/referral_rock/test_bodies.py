from flows.services.referral_rock.bodies import json_body, xml_body
from tests.flows.services.exchanges import update


def test_json_body_writes_exact_amounts_and_leaves_out_what_is_missing() -> None:
    body = json_body([update(amount="1E+2", eligibility_on=None, description=None)])
    assert body == b'[{"rewardId": "R1", "amount": 100, "payoutId": "P1"}]'


def test_xml_body_keeps_the_documented_order() -> None:
    text = xml_body([update()]).decode()
    order = [text.index(f"<{name}>") for name in ("payoutId", "eligibilityDate", "description", "rewardId", "amount")]
    assert order == sorted(order)
