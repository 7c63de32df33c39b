from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from flows.services.mindbody.transactions import balance_of, read_transactions, to_utc_candidates
from tests.flows.services.exchanges import earn, shown
from transforms.settle.history import is_equal

ZONE = ZoneInfo("America/Los_Angeles")


def test_to_utc_candidates_of_a_doubled_hour_are_two() -> None:
    assert to_utc_candidates("2025-11-02T01:30:00", ZONE) == (
        datetime(2025, 11, 2, 8, 30, tzinfo=UTC),
        datetime(2025, 11, 2, 9, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize("text", ["2025-10-01T10:00:00", "2025-10-01T17:00:00Z", "2025-10-01T10:00:00.25"])
def test_to_utc_candidates_of_other_hours_is_one(text: str) -> None:
    assert to_utc_candidates(text, ZONE) == (datetime(2025, 10, 1, 17, tzinfo=UTC),)


@pytest.mark.parametrize("entry", [{"Points": 10}, shown(Points="ten"), shown(at="soon"), "text", None])
def test_read_transactions_refuses_a_list_with_an_unreadable_entry(entry: object) -> None:
    assert read_transactions({"Transactions": [shown(), entry]}, ZONE) is None


@pytest.mark.parametrize(
    "change", [{"Points": 11}, {"Action": "Redeemed"}, {"Source": "Referral"}, {"SourceID": 9}, {"Source": None}]
)
def test_is_equal_minds_every_field_but_the_time(change: dict[str, object]) -> None:
    same, other = read_transactions({"Transactions": [shown(at="2025-10-07T10:00:00"), shown(**change)]}, ZONE) or []
    assert (is_equal(same, earn()), is_equal(other, earn())) == (True, False)


@pytest.mark.parametrize(("said", "balance"), [(30, 30), (-5, -5), (None, None), ("30", None), (True, None)])
def test_balance_of_takes_whole_numbers_alone(said: object, balance: int | None) -> None:
    assert balance_of({"Balance": said}) == balance
