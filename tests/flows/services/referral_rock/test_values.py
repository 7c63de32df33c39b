from datetime import date
from decimal import Decimal

import pytest

from flows.services.referral_rock.values import differing_fields, to_day
from tests.flows.services.exchanges import update

REWARD = {"id": "R1", "payoutId": "p1", "amount": 12.5, "eligibilityDate": "2026-01-02T00:00:00.1234567Z"}


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
