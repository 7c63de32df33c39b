import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flows.services.mindbody.messages import read_answer, request_body
from tests.flows.services.exchanges import answer, earn, shown
from transforms.vocabulary import Verdict


def test_request_body_leaves_out_what_the_event_lacks() -> None:
    body = json.loads(request_body(earn(source=None, action="Redeemed")))
    assert body == {
        "ClientId": "100000002", "Points": 10, "Action": "Redeemed", "ActionDateTime": "2025-10-01T17:00:00Z",
    }  # fmt: skip


def test_request_body_spells_source_id_as_requests_do() -> None:
    assert json.loads(request_body(earn(source_id=7001)))["SourceId"] == 7001


AHEAD = "ActionDateTime may not be in the future."


def now_of_the_event(status: int, code: str, message: str = AHEAD, *transactions: dict[str, Any]) -> Verdict:
    """Return what an error proves about an event whose time is the service's own."""
    body: dict[str, Any] = {"Error": {"Code": code, "Message": message}}
    if transactions:
        body["Transactions"] = list(transactions)
    by_the_services_clock = {"Date": "Wed, 01 Oct 2025 17:00:00 GMT"}
    return read_answer(answer(status, body, by_the_services_clock), earn(), ZoneInfo("America/Los_Angeles")).verdict


def test_a_time_that_the_service_takes_for_the_future_is_tried_again_a_moment_later() -> None:
    assert now_of_the_event(400, "InvalidParameter") is Verdict.RETRY
    assert now_of_the_event(400, "InvalidParameter", "ActionDateTime is invalid.") is Verdict.REFUSED


@pytest.mark.parametrize(
    ("status", "code", "transactions", "verdict"),
    [
        pytest.param(200, "InvalidParameter", [shown()], Verdict.UNKNOWN, id="the event stands beside it"),
        pytest.param(400, "InvalidParameter", [shown()], Verdict.UNKNOWN, id="the event stands beside it, as an error"),
        pytest.param(400, "Unknown", [], Verdict.UNKNOWN, id="its code says nothing"),
        pytest.param(403, "InvalidParameter", [], Verdict.UNAUTHORIZED, id="access is denied"),
        pytest.param(400, "InvalidSiteId", [], Verdict.UNAUTHORIZED, id="of the site"),
    ],
)
def test_a_word_of_a_message_overrules_nothing_that_is_known_otherwise(
    status: int, code: str, transactions: list[dict[str, Any]], verdict: Verdict
) -> None:
    assert now_of_the_event(status, code, AHEAD, *transactions) is verdict
