"""What a page says of a difference: both sides as they are, in a studio's words and by its clock."""

import re
from datetime import date
from typing import Any

import pytest

from flows.desk.difference import Difference, difference_to_see
from flows.desk.visit import Desk
from transforms.match.break_details import NOBODY_LOOKED
from transforms.vocabulary import Outcome, Target

_RECORD: dict[str, Any] = {
    "id": "b1", "class": Outcome.MISSING_REMOTE, "target": Target.MINDBODY, "site_id": "-99", "client_id": "5",
    "reward_id": None, "points": 1, "amount": None, "event_id": "e1", "opened_on": date(2026, 9, 21), "age_days": 0,
    "state": "open", "owner": None, "reason": None, "points_ledger": 1, "points_service": None, "amount_ledger": None,
    "amount_service": None, "assigned_to": None, "due_on": None, "is_overdue": False, "detail": "",
}  # fmt: skip
_OF_REWARD = {"target": Target.REFERRAL_ROCK, "site_id": None, "client_id": None, "reward_id": "r-1", "points": None}


def seen(desk: Desk, **differs: Any) -> Difference:
    return difference_to_see(desk, _RECORD | {"points_ledger": None} | differs)


def test_what_is_missing_is_told_by_the_studios_own_clock(desk: Desk) -> None:
    one = seen(desk, points_ledger=1, detail="The ledger has Earned 1 points at 2026-09-20 17:00:00 UTC.")
    assert one.told == "We posted: earned 1 point, Sun 20 Sep 2026, 10:00 am PDT."
    assert (one.ours, one.theirs, one.by_how_much) == ("1", "not there", "-1")
    assert one.to_do.endswith("then resolve the difference with what was found.")


def test_what_was_turned_down_is_not_said_to_be_posted(desk: Desk) -> None:
    refused = {"class": Outcome.REFUSED, "points_ledger": 1}
    one = seen(desk, **refused, detail="The ledger has Earned 1 points at 2026-09-20 17:00:00 UTC.")
    assert one.told == "We sent: earned 1 point, Sun 20 Sep 2026, 10:00 am PDT."
    assert one.to_do == "Correct the row and send the sheet again."
    assert one.row_link == "/rows/e1"
    one = seen(desk, **_OF_REWARD, **refused, detail=None)
    assert one.told == "The service said no: its words stand at the row."


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.MATCHED])
def test_a_page_says_what_to_do_in_a_whole_sentence(desk: Desk, outcome: Outcome) -> None:
    one = seen(desk, **{"class": outcome}, detail=None)
    assert one.to_do.endswith(".")
    assert not re.search(r"; \S+ [^;]*\bgone\.$|\bsheet [A-Z]|tieout", f"{one.to_do} {one.told}")


def test_what_nobody_could_look_up_is_not_said_to_be_missing(desk: Desk) -> None:
    why = "Mindbody could not be read (client/clientrewards): status 503, 2 times. Run again later."
    one = seen(desk, **{"class": Outcome.UNKNOWN}, points_ledger=40, detail=f"{NOBODY_LOOKED}: {why}")
    assert (one.ours, one.theirs, one.by_how_much) == ("40", "could not be read", "")
    assert one.told.endswith("Mindbody could not be read: it answered with an error (503).")


@pytest.mark.parametrize(
    ("differs", "sides", "told"),
    [
        pytest.param(
            {"class": Outcome.AMOUNT_MISMATCH, "amount_ledger": "15", "amount_service": "10.0"}
            | {"detail": "amount: ledger 15, service 10.0."},
            ("15.00", "10.00"),
            "Amount: 15.00 here, 10.00 at the service.",
            id="amount",
        ),
        pytest.param(
            {"class": Outcome.STATUS_MISMATCH, "amount_service": "10.0"}
            | {"detail": "description: ledger Checked at 5:00, service Brought a friend."},
            ("Checked at 5:00", "Brought a friend"),
            "Description: Checked at 5:00 here, Brought a friend at the service.",
            id="description",
        ),
        pytest.param(
            {"class": Outcome.TIME_MISMATCH, "amount_service": "10.0"}
            | {"detail": "eligibility_on: ledger 2026-10-01, service nothing."},
            ("2026-10-01", "nothing"),
            "May be paid from: 2026-10-01 here, nothing at the service.",
            id="day",
        ),
    ],
)
def test_both_sides_of_a_reward_are_of_what_differs(
    desk: Desk, differs: dict[str, Any], sides: tuple[str, str], told: str
) -> None:
    one = seen(desk, **_OF_REWARD, **differs)
    assert (one.ours, one.theirs) == sides
    assert one.told == told


def test_other_points_and_other_times_are_told_side_by_side(desk: Desk) -> None:
    detail = "Earned: points: ledger 20, service 99."
    one = seen(desk, **{"class": Outcome.AMOUNT_MISMATCH}, points_ledger=20, points_service=99, detail=detail)
    assert one.told == "Points earned: 20 here, 99 at the service."
    detail = "at: ledger 2026-09-20 17:00:00 UTC, service 2026-09-21 00:00:00 UTC: 7:00:00 later."
    one = seen(desk, **{"class": Outcome.TIME_MISMATCH}, points_ledger=20, points_service=20, detail=detail)
    told = "Here Sun 20 Sep 2026, 10:00 am PDT, at the service Sun 20 Sep 2026, 5:00 pm PDT: 7:00:00 later."
    assert one.told == told


def test_a_description_that_reads_like_two_sides_is_not_parted(desk: Desk) -> None:
    detail = "description: ledger 25, service fee, service 25 and fee."
    differs = {"class": Outcome.STATUS_MISMATCH, "amount_ledger": "25", "amount_service": "25", "detail": detail}
    one = seen(desk, **_OF_REWARD, **differs)
    assert (one.ours, one.theirs, one.by_how_much) == ("as the difference says", "as the difference says", "")
    assert "25, service fee, service 25 and fee" in one.told
