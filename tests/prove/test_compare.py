"""The judge must be able to condemn."""

from typing import Any

import pytest

from flows.ledger.connection import Ledger
from tests.prove.compare import compare
from tests.prove.night import Night, plan_night

NIGHT: Night = plan_night(7, ["100000001", "100000002"], ["r1", "r2", "r3", "r4"])


def committed(night: Night = NIGHT) -> list[dict[str, Any]]:
    """The log of a service that did everything once, in order."""
    names = ("client_id", "action", "points", "source", "action_date_time")
    paid = [{"service": "mindbody", "actor": "api", **dict(zip(names, one, strict=True))} for one in night.transactions]
    set_ = [{"service": "referral_rock", "reward_id": id_, "amount": amount} for id_, amount in night.updates]
    return [*paid, *set_, *({**set_[0], "reward_id": id_, "amount": amount} for id_, amount in night.later_updates)]


@pytest.mark.parametrize(
    ("log", "lost", "twice"),
    [
        pytest.param(committed(), 0, 0, id="all there"),
        pytest.param(committed()[1:], 1, 0, id="a transaction is missing"),
        pytest.param(committed() + committed()[:1], 0, 1, id="a transaction is there twice"),
        pytest.param(committed()[:-1], 1, 0, id="an update is missing"),
        pytest.param(committed() + committed()[-1:], 0, 0, id="the same update again changes nothing"),
        pytest.param(committed() + committed()[8:9], 1, 1, id="an older update over a newer one"),
        pytest.param([], 15, 0, id="nothing is there"),
    ],
)
def test_compare_counts_event_by_event(
    ledger: Ledger, database_url: str, log: list[dict[str, Any]], lost: int, twice: int
) -> None:
    found = compare(NIGHT, log, database_url)
    assert (len(found.lost), len(found.twice)) == (lost, twice)
