from zoneinfo import ZoneInfo

import pytest

from flows.services.http import Exchange, Reach
from flows.services.mindbody.messages import read_answer
from flows.services.verdict import answered
from tests.flows.services.exchanges import answer, earn, no_answer, shown
from transforms.vocabulary import Verdict

ZONE = ZoneInfo("America/Los_Angeles")


def error(code: str) -> dict[str, object]:
    return {"Error": {"Code": code, "Message": "no"}}


@pytest.mark.parametrize(
    ("exchange", "verdict"),
    [
        pytest.param(no_answer(Reach.NEVER_LEFT), Verdict.RETRY, id="no connection"),
        pytest.param(answer(429, error("TooManyRequests")), Verdict.RETRY, id="429"),
        pytest.param(answer(403, error("TooManyRequests")), Verdict.RETRY, id="429 in other words"),
        pytest.param(answer(401), Verdict.UNAUTHORIZED, id="401"),
        pytest.param(answer(403, error("DeniedAccess")), Verdict.UNAUTHORIZED, id="credentials refused"),
        pytest.param(answer(400, error("InvalidParameter")), Verdict.REFUSED, id="4xx with error body"),
        pytest.param(answer(404, error("ClientNotFound")), Verdict.REFUSED, id="client not found"),
        pytest.param(answer(404, "<html>no such page</html>"), Verdict.UNKNOWN, id="4xx without error body"),
        pytest.param(answer(408), Verdict.UNKNOWN, id="408"),
        pytest.param(answer(302), Verdict.UNKNOWN, id="redirect"),
        pytest.param(answer(200, error("Unknown")), Verdict.REFUSED, id="200 with an error"),
        pytest.param(answer(200, {"Transactions": []}), Verdict.UNKNOWN, id="200 without the event"),
        pytest.param(answer(200, {"Transactions": [shown(Points=11)]}), Verdict.UNKNOWN, id="200 with another event"),
        pytest.param(answer(200, {"ok": True}), Verdict.UNKNOWN, id="200 of unknown shape"),
        pytest.param(answer(200, '{"Transactions": [{"Act'), Verdict.UNKNOWN, id="truncated"),
        pytest.param(answer(200, [1, 2]), Verdict.UNKNOWN, id="a list"),
        pytest.param(answer(500, error("Unknown")), Verdict.UNKNOWN, id="500"),
        pytest.param(answer(503), Verdict.UNKNOWN, id="503"),
        pytest.param(no_answer(Reach.MAYBE), Verdict.UNKNOWN, id="no answer, or connection lost"),
        pytest.param(answer(200, {"Balance": 30, "Transactions": [shown()]}), Verdict.POSTED, id="confirmed"),
        pytest.param(answer(200, {"Transaction": shown(), "Balance": 30}), Verdict.POSTED, id="confirmed, one shape"),
        pytest.param(answer(200, {"Transactions": [shown(), shown()]}), Verdict.POSTED, id="listed twice"),
    ],
)
def test_read_answer_follows_the_table(exchange: Exchange, verdict: Verdict) -> None:
    assert read_answer(exchange, earn(), ZONE).verdict is verdict


def test_answered_keeps_status_code_and_timing() -> None:
    kept = answered(Verdict.REFUSED, answer(400), "no", code="InvalidParameter")
    assert (kept.http_status, kept.code, kept.duration_ms) == (400, "InvalidParameter", 12.0)


def test_answered_keeps_no_character_that_a_database_refuses() -> None:
    kept = answered(Verdict.REFUSED, answer(400), "n\x00o \ud800", code="a\x00", returned='"\udfff"')
    assert (kept.message, kept.code, kept.returned) == ("no ?", "a", '"?"')


def test_answered_cuts_a_message_that_no_report_could_show() -> None:
    assert len(answered(Verdict.UNKNOWN, answer(500), "x" * 9000).message) == 500
