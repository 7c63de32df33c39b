import json

import pytest

from flows.services.referral_rock.answers import read_results

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
