import json

from flows.services.mindbody.messages import request_body
from tests.flows.services.exchanges import earn


def test_request_body_leaves_out_what_the_event_lacks() -> None:
    body = json.loads(request_body(earn(source=None, action="Redeemed")))
    assert body == {
        "ClientId": "100000002", "Points": 10, "Action": "Redeemed", "ActionDateTime": "2025-10-01T17:00:00Z",
    }  # fmt: skip


def test_request_body_spells_source_id_as_requests_do() -> None:
    assert json.loads(request_body(earn(source_id=7001)))["SourceId"] == 7001
