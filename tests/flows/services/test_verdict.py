"""The truth table of verdicts: what an answer proves, by its form, its status and its body.

One row is one answer to one request, and everything that posting may conclude from it. README and ARCHITECTURE tell the
same table in words; a row that changes here changes there.
"""

import asyncio
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, NamedTuple, cast
from zoneinfo import ZoneInfo

import pytest

from flows.services.gateway import BATCH_REFUSED
from flows.services.http import Exchange, Reach
from flows.services.mindbody.messages import read_answer
from flows.services.pace import Pacer
from flows.services.referral_rock.gateway import ReferralRockGateway
from flows.services.verdict import FOREIGN_ANSWER, answered
from sql.claims import Answer, Claim
from tests.flows.services.exchanges import answer, earn, no_answer, shown, update
from transforms.vocabulary import Verdict

ZONE = ZoneInfo("America/Los_Angeles")
PAGE = "<!DOCTYPE html><html><body>Blocked</body></html>"
REWARD = {"id": "R1", "payoutId": "p1", "amount": 12.5, "eligibilityDate": "2026-01-02T00:00:00Z"}
REWARD |= {"description": "thanks"}
ROUNDED = REWARD | {"amount": 12.4}


class Concluded(NamedTuple):
    """What posting does with an answer."""

    verdict: Verdict
    foreign: bool = False  # three in a row stop the destination
    denied: bool = False  # stops the destination at once
    halved: bool = False  # the batch goes again in halves


POSTED, REFUSED = Concluded(Verdict.POSTED), Concluded(Verdict.REFUSED)
READY, UNKNOWN = Concluded(Verdict.RETRY), Concluded(Verdict.UNKNOWN)
RENEW = Concluded(Verdict.UNAUTHORIZED)  # a new token, then again; twice stops the destination
DENIED = Concluded(Verdict.UNAUTHORIZED, denied=True)
FOREIGN = Concluded(Verdict.UNKNOWN, foreign=True)
HALVED = Concluded(Verdict.RETRY, halved=True)


def error(code: str | None, message: str = "no") -> dict[str, object]:
    return {"Error": {"Code": code, "Message": message}}


def own(message: str) -> dict[str, str]:
    return {"Message": message}


def own_xml(message: str) -> str:
    return f"<Error><Message>{message}</Message></Error>"


def confirmation(reward: dict[str, Any] | None = None, message: str = "") -> dict[str, Any]:
    return {"message": message, "reward": reward}


def result(status: str, reward: dict[str, Any] | None = None, message: str = "") -> list[dict[str, Any]]:
    return [{"resultInfo": {"status": status, "message": message}, "reward": reward}]


def confirmation_xml(**values: object) -> str:
    reward = "".join(f"<{name}>{value}</{name}>" for name, value in {**REWARD, **values}.items())
    return f"<rewardConfirmation><message/><reward>{reward}</reward></rewardConfirmation>"


MINDBODY = [
    # how far the request got
    ("no connection", no_answer(Reach.NEVER_LEFT), READY),
    ("no answer, or connection lost", no_answer(Reach.MAYBE), UNKNOWN),
    # whatever the body
    ("401", answer(401), RENEW),
    ("401 with its own error", answer(401, error("InvalidUserCredentials")), RENEW),
    ("429", answer(429), READY),
    ("429 with its own error", answer(429, error("TooManyRequests")), READY),
    ("408", answer(408, error("Unknown")), FOREIGN),
    ("302", answer(302), FOREIGN),
    ("500", answer(500, error("Unknown")), FOREIGN),
    ("503 page", answer(503, PAGE), FOREIGN),
    # something on the way
    ("403 page", answer(403, PAGE), FOREIGN),
    ("403 empty", answer(403), FOREIGN),
    ("403 of a gateway", answer(403, {"message": "Forbidden"}), FOREIGN),
    ("404 page", answer(404, PAGE), FOREIGN),
    ("400 of a gateway", answer(400, {"error": "bad request"}), FOREIGN),
    ("400 with an empty error", answer(400, error("", "")), FOREIGN),
    ("400 truncated", answer(400, '{"Error": {"Code": "Inval'), FOREIGN),
    ("200 page", answer(200, PAGE), FOREIGN),
    # the service about access
    ("403 denied", answer(403, error("DeniedAccess")), DENIED),
    ("403 in its own words", answer(403, error("Forbidden")), DENIED),
    ("403 without a reason", answer(403, error("Unknown")), DENIED),
    ("400 wrong site", answer(400, error("InvalidSiteId")), DENIED),
    ("200 wrong key", answer(200, error("InvalidSourceCredentials")), DENIED),
    ("400 no permission", answer(400, error("InvalidPermissionConfiguration")), DENIED),
    # the service in passing
    ("400 maintenance", answer(400, error("SQLDBMaintenance")), READY),
    ("403 too many", answer(403, error("TooManyRequests")), READY),
    # the service about the event
    ("400 refused", answer(400, error("InvalidParameter")), REFUSED),
    ("404 no client", answer(404, error("ClientNotFound")), REFUSED),
    ("200 with an error", answer(200, error("Unknown")), REFUSED),
    ("200 with an error without a code", answer(200, error(None)), REFUSED),
    # the service says nothing
    ("400 Unknown", answer(400, error("Unknown")), UNKNOWN),
    ("404 unknown in small letters", answer(404, error("unknown")), UNKNOWN),
    ("400 without a code", answer(400, error(None)), UNKNOWN),
    ("200 without the event", answer(200, {"Transactions": []}), UNKNOWN),
    ("200 with another event", answer(200, {"Transactions": [shown(Points=11)]}), UNKNOWN),
    ("200 of unknown shape", answer(200, {"ok": True}), UNKNOWN),
    ("200 truncated", answer(200, '{"Transactions": [{"Act'), UNKNOWN),
    ("200 a list", answer(200, [1, 2]), UNKNOWN),
    ("200 nested without end", answer(200, "[" * 100_000 + "]" * 100_000), UNKNOWN),
    ("200 with an odd entry", answer(200, {"Transactions": [shown(), shown(Source=7)]}), UNKNOWN),
    ("200 with a number of hours", answer(200, '{"Transactions": [{"Points": 1e99999999}]}'), UNKNOWN),
    ("200 error beside the event", answer(200, error("X") | {"Transactions": [shown()]}), UNKNOWN),
    # confirmed
    ("200 list", answer(200, {"Balance": 30, "Transactions": [shown()]}), POSTED),
    ("200 one", answer(200, {"Transaction": shown(), "Balance": 30}), POSTED),
    ("200 listed twice", answer(200, {"Transactions": [shown(), shown()]}), POSTED),
    ("200 beside an empty error", answer(200, error("", "") | {"Transactions": [shown()]}), POSTED),
    ("200 beside a null error", answer(200, {"Error": None, "Transactions": [shown()]}), POSTED),
    ("201", answer(201, {"Transactions": [shown()]}), POSTED),
]
# Form, how many updates went together, and as above.
REFERRAL_ROCK = [
    ("json", 1, "no connection", no_answer(Reach.NEVER_LEFT), READY),
    ("json", 2, "no connection", no_answer(Reach.NEVER_LEFT), READY),
    ("json", 1, "no answer", no_answer(Reach.MAYBE), UNKNOWN),
    ("json", 1, "401", answer(401, own("Denied.")), RENEW),
    ("json", 1, "429", answer(429, own("Too many.")), READY),
    ("json", 1, "500", answer(500, own("An error has occurred.")), FOREIGN),
    *((form, size, "403 page", answer(403, PAGE), FOREIGN) for form in ("json", "xml") for size in (1, 6)),
    *((form, 1, "403 of a gateway", answer(403, {"message": "Forbidden"}), FOREIGN) for form in ("json", "xml")),
    ("json", 1, "400 empty", answer(400), FOREIGN),
    ("json", 1, "200 page", answer(200, PAGE), FOREIGN),
    ("xml", 1, "200 page", answer(200, PAGE), FOREIGN),
    ("json", 1, "403 denied", answer(403, own("Authorization has been denied for this request.")), DENIED),
    ("xml", 3, "403 denied", answer(403, own_xml("Authorization has been denied for this request.")), DENIED),
    ("json", 1, "404 no address", answer(404, own("No HTTP resource was found that matches the URI.")), FOREIGN),
    ("json", 1, "405", answer(405, own("The resource does not support http method 'POST'.")), FOREIGN),
    ("xml", 1, "415", answer(415, own_xml("The media type is not supported.")), FOREIGN),
    *((form, 1, "400", answer(400, body), REFUSED) for form, body in [("json", own("no")), ("xml", own_xml("no"))]),
    *((form, 2, "400", answer(400, body), HALVED) for form, body in [("json", own("no")), ("xml", own_xml("no"))]),
    ("xml", 1, "400 in the other form", answer(400, own("no")), REFUSED),
    ("json", 1, "400 as a confirmation", answer(400, confirmation(None, "no")), REFUSED),
    ("json", 2, "200 with an error", answer(200, confirmation(None, "no")), HALVED),
    ("xml", 2, "200 with an error", answer(200, own_xml("no")), HALVED),
    ("xml", 1, "200 with an error", answer(200, own_xml("no")), REFUSED),
    *(("json", size, "200 with other words", answer(200, confirmation(None, "Queued.")), UNKNOWN) for size in (1, 2)),
    *(("xml", size, "200 with other words", answer(200, own_xml("Queued.")), UNKNOWN) for size in (1, 2)),
    ("json", 1, "400 that says nothing", answer(400, own("An error has occurred.")), UNKNOWN),
    ("xml", 1, "400 that says nothing", answer(400, own_xml("An error has occurred.")), UNKNOWN),
    ("json", 1, "200 truncated", answer(200, '[{"message": "", "rew'), UNKNOWN),
    ("xml", 1, "200 truncated", answer(200, "<rewardConfirmation><mess"), UNKNOWN),
    ("xml", 1, "200 nested without end", answer(200, "<a>" * 100_000 + "</a>" * 100_000), UNKNOWN),
    ("xml", 1, "200 with entities", answer(200, '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), FOREIGN),
    ("json", 1, "200 another reward", answer(200, confirmation(REWARD | {"id": "R2"})), UNKNOWN),
    ("json", 1, "200 an odd reward", answer(200, [confirmation({"id": ["R1"]}), {"reward": None}]), UNKNOWN),
    ("json", 1, "200 failed", answer(200, result("Failed", REWARD)), REFUSED),
    ("json", 1, "200 a plain no beside values", answer(200, confirmation(ROUNDED, "Cannot be edited.")), REFUSED),
    ("json", 1, "200 not updated", answer(200, confirmation(ROUNDED, "Reward was not updated.")), UNKNOWN),
    ("json", 1, "200 other values, silent", answer(200, confirmation(ROUNDED)), UNKNOWN),
    ("json", 1, "200 other values, a remark", answer(200, confirmation(ROUNDED, "Rounded.")), UNKNOWN),
    ("json", 1, "200 other values, done", answer(200, result("Success", ROUNDED)), POSTED),
    ("json", 1, "200", answer(200, confirmation(REWARD)), POSTED),
    ("json", 1, "200 list", answer(200, [confirmation(REWARD)]), POSTED),
    ("json", 1, "200 result", answer(200, result("Succeeded", REWARD)), POSTED),
    ("xml", 1, "200", answer(200, confirmation_xml()), POSTED),
]  # fmt: skip


def rows() -> list[Any]:
    table = [("mindbody", 1, name, exchange, concluded) for name, exchange, concluded in MINDBODY] + REFERRAL_ROCK
    return [pytest.param(*row[:2], *row[3:], id=f"{row[0]} {row[1]}: {row[2]}") for row in table]


@pytest.mark.parametrize(("form", "size", "exchange", "concluded"), rows())
def test_an_answer_proves_what_the_table_says(form: str, size: int, exchange: Exchange, concluded: Concluded) -> None:
    answers = ask_mindbody(exchange) if form == "mindbody" else ask_referral_rock(exchange, form, size)
    assert {_conclude(one) for one in answers} == {concluded}


def _conclude(one: Answer) -> Concluded:
    return Concluded(
        verdict=one.verdict,
        foreign=one.code == FOREIGN_ANSWER,
        denied=one.verdict is Verdict.UNAUTHORIZED and one.http_status != 401,
        halved=one.code == BATCH_REFUSED,
    )


def ask_mindbody(exchange: Exchange) -> list[Answer]:
    return [read_answer(exchange, earn(), ZONE)]


def ask_referral_rock(exchange: Exchange, form: str, size: int) -> list[Answer]:
    """Let the gateway read the answer to a batch of so many updates; what carries it there is not asked."""

    async def give(_events: object) -> Exchange:
        return exchange

    client = cast("Any", SimpleNamespace(update=give, is_xml=form == "xml"))
    gateway = ReferralRockGateway(client, Pacer(1000), batch_size=100)
    events = [update(event_id=f"u{number}", reward_id=f"R{number}") for number in range(1, size + 1)]
    claims = [Claim(event, 1, datetime(2026, 1, 1, tzinfo=UTC), b"") for event in events]
    return [one for _, one in asyncio.run(gateway.send(claims))]


def test_answered_keeps_status_code_and_timing() -> None:
    kept = answered(Verdict.REFUSED, answer(400), "no", code="InvalidParameter")
    assert (kept.http_status, kept.code, kept.duration_ms) == (400, "InvalidParameter", 12.0)


def test_answered_keeps_no_character_that_a_database_refuses() -> None:
    kept = answered(Verdict.REFUSED, answer(400), "n\x00o \ud800", code="a\x00", returned='"\udfff"')
    assert (kept.message, kept.code, kept.returned) == ("no ?", "a", '"?"')


def test_answered_cuts_a_message_that_no_report_could_show() -> None:
    assert len(answered(Verdict.UNKNOWN, answer(500), "x" * 9000).message) == 500


def test_returned_values_stay_exact() -> None:
    (one,) = ask_referral_rock(
        answer(200, '{"message": "ok", "reward": {"id": "R1", "payoutId": "P1", "amount": 0.10}}'), "json", 1
    )
    assert json.loads(one.returned or "")["amount"] == "0.10"
