"""What is in the way of signing a period: a line each."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from flows.reports.month import Month
from flows.reports.month_document import headline_of
from flows.review.in_the_way import in_the_way
from flows.review.month import read_period
from transforms.totals.client_balances import typed
from transforms.totals.differences import COLUMNS

NOTHING = pd.DataFrame()
WALK = ["line", "site_id", "kind", "currency", "events", "points", "amount"]
TIES = {"name": ["Rows"], "left": [1], "right": [1], "difference": [0], "ties": [True]}
CLIENT = {"site_id": "-99", "client_id": "000123", "earned": 5, "redeemed": 0}


def month(**changes: Any) -> Month:
    """A period with nothing in its way."""
    frames = ("last", "rolled", "by_source", "last_by_source", "by_staff", "last_by_staff", "files")
    parts: dict[str, Any] = {
        **dict.fromkeys(frames, NOTHING),
        "period": read_period("2026-09"),
        "site_id": None,
        "made_at": datetime(2026, 10, 2, tzinfo=UTC),
        "timezone": "UTC",
        "walk": pd.DataFrame(columns=WALK),
        "balances": typed([{**CLIENT, "proof": "read"}]),
        "differences": pd.DataFrame(columns=list(COLUMNS)),
        "events": pd.DataFrame({"event_id": ["e"], "state": ["unknown"]}),
        "unread": pd.DataFrame(columns=["what", "why"]),
        "ties": pd.DataFrame(TIES),
    }
    return Month(**{**parts, **changes})


def difference(**changes: Any) -> pd.DataFrame:
    row = dict.fromkeys(COLUMNS) | {"break_id": "b1", "class": "missing_remote", "state": "open", "is_open": True}
    return pd.DataFrame([row | changes])


def test_nothing_is_in_the_way_of_a_period_that_is_whole() -> None:
    assert in_the_way(month()) == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        pytest.param({"is_over": False}, "not over before the end of 2026-09-30", id="running"),
        pytest.param({"ties": pd.DataFrame(TIES).assign(ties=False)}, "does not tie: Rows", id="does_not_tie"),
        pytest.param(
            {"unread": pd.DataFrame({"what": ["a.csv"], "why": ["damaged"]})},
            "a.csv; `tieout month 2026-09 --read`",
            id="unread",
        ),
        pytest.param(
            {"balances": typed([{**CLIENT, "proof": "balance"}])},
            "1 proved by the balance alone since before its end: client 000123 of site -99",
            id="proved_by_the_balance_alone",
        ),
        pytest.param(
            {"walk": pd.DataFrame([("not_sure", "-99", "earned", "", 1, 5, None)], columns=WALK)},
            "1 in doubt, and nobody knows whether posted: e",
            id="in_doubt",
        ),
        pytest.param({"differences": difference()}, "1 difference has no reason: b1", id="no_reason"),
    ],
)
def test_each_thing_in_the_way_is_a_line(changes: dict[str, Any], word: str) -> None:
    (line,) = in_the_way(month(**changes))
    assert word in line


def test_a_period_with_something_in_doubt_does_not_say_that_all_is_known() -> None:
    over = {"differences": difference(is_open=False)}
    assert headline_of(month(**over)).answers[2].sentence == "Nothing was left unread."
    walk = pd.DataFrame([("not_sure", "-99", "earned", "", 1, 5, None)], columns=WALK)
    unread = pd.DataFrame({"what": ["a.csv"], "why": ["damaged"]})
    for changes, said in (({}, "Nothing else was left unread."), ({"unread": unread}, "1 thing was not read")):
        answer = headline_of(month(walk=walk, **over, **changes)).answers[2]
        assert answer.tone == "wait"
        assert answer.sentence.startswith(f"Nobody knows yet of 1 event whether it was posted. {said}")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"state": "acknowledged", "reason": "timing: it comes"}, id="has_a_reason"),
        pytest.param({"state": "resolved", "reason": "known", "is_open": False}, id="resolved"),
        pytest.param({"class": "refused"}, id="refused_is_no_difference"),
    ],
)
def test_a_difference_with_a_reason_is_in_nobodys_way(changes: dict[str, Any]) -> None:
    assert in_the_way(month(differences=difference(**changes))) == []
