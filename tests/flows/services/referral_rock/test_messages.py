import json
from datetime import date
from decimal import Decimal

import pytest

from flows.services.referral_rock.messages import differing_fields, json_body, read_results, to_day, xml_body
from tests.flows.services.exchanges import update

REWARD = {"id": "R1", "payoutId": "p1", "amount": 12.5, "eligibilityDate": "2026-01-02T00:00:00.1234567Z"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"message": "", "reward": REWARD}, id="one confirmation"),
        pytest.param([{"message": "", "reward": REWARD}], id="confirmations"),
        pytest.param([{"resultInfo": {"status": "Success", "message": ""}, "reward": REWARD}], id="results"),
    ],
)
def test_read_results_takes_every_known_shape(body: object) -> None:
    (result,) = read_results(json.dumps(body).encode(), is_xml=False) or []
    assert (result.reward_id, result.is_refusal) == ("r1", False)


@pytest.mark.parametrize(
    "body", [b"", b'[{"reward": {"id"', b'{"ok": 1}', b"[1]", b'"text"', b"\xff\xfe", b'[{"reward": null}, 3]']
)
def test_read_results_of_a_broken_or_unknown_answer_is_none(body: bytes) -> None:
    assert read_results(body, is_xml=False) is None


@pytest.mark.parametrize("body", [b"", b"<rewardConf", b"<a><b/></a>", b"plain"])
def test_read_results_of_broken_xml_is_none(body: bytes) -> None:
    assert read_results(body, is_xml=True) is None


def test_read_results_reads_xml() -> None:
    body = b"<rewardConfirmation><message/><reward><id>R1</id><amount>12</amount></reward></rewardConfirmation>"
    (result,) = read_results(body, is_xml=True) or []
    assert result.reward_id == "r1"


@pytest.mark.parametrize(
    ("status", "is_refusal"), [("FAILED", True), ("Error", True), ("Success", False), ("?", False)]
)
def test_is_refusal_needs_a_plain_word(status: str, is_refusal: bool) -> None:
    body = json.dumps([{"resultInfo": {"status": status, "message": "m"}, "reward": REWARD}]).encode()
    (result,) = read_results(body, is_xml=False) or []
    assert result.is_refusal is is_refusal


def test_json_body_writes_exact_amounts_and_leaves_out_what_is_missing() -> None:
    body = json_body([update(amount="1E+2", eligibility_on=None, description=None)])
    assert body == b'[{"rewardId": "R1", "amount": 100, "payoutId": "P1"}]'


def test_xml_body_keeps_the_documented_order() -> None:
    text = xml_body([update()]).decode()
    order = [text.index(f"<{name}>") for name in ("payoutId", "eligibilityDate", "description", "rewardId", "amount")]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        pytest.param({}, [], id="equal"),
        pytest.param({"amount": Decimal("12.51")}, ["amount"], id="amount"),
        pytest.param({"amount": None}, ["amount"], id="no amount"),
        pytest.param({"payoutId": "P2"}, ["payoutId"], id="payout"),
        pytest.param({"eligibilityDate": "2026-01-03T00:00:00Z"}, ["eligibilityDate"], id="day"),
        pytest.param({"description": "thank you"}, ["description"], id="description"),
    ],
)
def test_differing_fields_names_what_is_not_as_it_was_set(change: dict[str, object], differing: list[str]) -> None:
    assert differing_fields(REWARD | {"description": "thanks"} | change, update()) == differing


@pytest.mark.parametrize("text", ["2026-01-02T00:00:00.1234567Z", "2026-01-01T20:00:00-08:00", "2026-01-02"])
def test_to_day_is_the_day_in_utc(text: str) -> None:
    assert to_day(text) == date(2026, 1, 2)
