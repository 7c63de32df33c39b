import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.flows.sandbox.talk import ALL_DAYS, REWARDS, Talk


def test_post_shows_one_transaction_and_the_new_balance(talk: Talk, client_id):
    talk.post(client_id, 30)
    status, answer = talk.post(client_id, 12, "Redeemed", ActionDateTime="2026-09-01T17:00:00Z")
    assert (status, answer["Balance"]) == (200, 18)
    assert answer["Transactions"] == [
        {
            "ActionDateTime": "2026-09-01T10:00:00",
            "Action": "Redeemed",
            "Source": None,
            "SourceID": None,
            "ExpirationDateTime": None,
            "Points": 12,
        }
    ]


def test_post_can_answer_with_the_one_transaction(start: Callable[..., Talk]):
    _, answer = start(options=("--post-answer", "one")).post("100000001", 3, Source="Sale", SourceId=9006)
    assert (answer["Transaction"]["SourceID"], answer["Balance"], "Transactions" in answer) == (9006, 43, False)


def test_post_without_time_is_of_now(start: Callable[..., Talk]):
    talk = start()
    # Not by this machine's clock: in the hour that the studio has twice it would be told an hour apart.
    now = datetime(2026, 9, 1, 17, tzinfo=UTC)
    talk.post_json("/sandbox/desk/clock", {"now": now.isoformat()})
    _, answer = talk.post("100000001")
    shown = datetime.fromisoformat(answer["Transactions"][0]["ActionDateTime"])
    assert timedelta() <= shown.replace(tzinfo=ZoneInfo("America/Los_Angeles")) - now < timedelta(minutes=2)


def test_commit_log_has_the_line_of_each_post(talk: Talk, client_id):
    talk.post(client_id, 5, Source="Referral", ActionDateTime="2026-09-01T19:00:00.75+02:00")
    [line] = [line for line in talk.log() if line.get("client_id") == client_id]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("at"))
    assert line.pop("seq") >= 1
    assert line == {
        "service": "mindbody",
        "site_id": "-99",
        "client_id": client_id,
        "action": "Earned",
        "points": 5,
        "source": "Referral",
        "source_id": None,
        "action_date_time": "2026-09-01T17:00:00.750000Z",
        "actor": "api",
    }


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        pytest.param("2026-03-08T09:59:59Z", "2026-03-08T01:59:59", id="before clocks go forward"),
        pytest.param("2026-03-08T10:00:00Z", "2026-03-08T03:00:00", id="after clocks went forward"),
        pytest.param("2025-11-02T08:30:00Z", "2025-11-02T01:30:00", id="first half past one"),
        pytest.param("2025-11-02T09:30:00Z", "2025-11-02T01:30:00", id="second half past one, looks the same"),
        pytest.param("2026-09-01T06:59:59Z", "2026-08-31T23:59:59", id="still yesterday there"),
    ],
)
def test_times_come_back_in_the_zone_of_the_site(talk: Talk, client_id, sent, shown):
    talk.post(client_id, ActionDateTime=sent)
    assert [entry["ActionDateTime"] for entry in talk.entries(client_id)] == [shown]


def test_another_zone_can_be_chosen(start: Callable[..., Talk]):
    other = start(options=("--site", "42", "--timezone", "Australia/Lord_Howe"))
    other.post("100000002", ActionDateTime="2026-06-01T00:00:00Z")
    assert other.entries("100000002")[0]["ActionDateTime"] == "2026-06-01T10:30:00"
    assert other.log()[0]["site_id"] == "42"


def test_get_without_dates_shows_today_alone_but_the_whole_balance(talk: Talk, client_id):
    talk.post(client_id, 10, ActionDateTime="2026-09-01T17:00:00Z")
    talk.post(client_id, 20)
    _, answer = talk.get(REWARDS, {"request.clientId": client_id})
    assert ([entry["Points"] for entry in answer["Transactions"]], answer["Balance"]) == ([20], 30)


def test_get_days_are_those_of_the_site_and_end_defaults_to_start(talk: Talk, client_id):
    for points, hour in ((1, "06:59"), (2, "07:00")):
        talk.post(client_id, points, ActionDateTime=f"2026-09-02T{hour}:00Z")
    for day, points in (("2026-09-01", 1), ("2026-09-02", 2)):
        assert [entry["Points"] for entry in talk.entries(client_id, **{"request.startDate": day})] == [points]


def test_get_pages_through_to_the_total(talk: Talk, client_id):
    for number in range(205):
        talk.post(client_id, number + 1, ActionDateTime=f"2026-09-01T17:{number // 60:02}:{number % 60:02}Z")
    query = {"request.clientId": client_id, **ALL_DAYS}
    pages = [
        talk.get(REWARDS, {**query, "request.limit": limit, "Offset": offset})[1]
        for limit, offset in ((100, 0), (999, 100), (100, 205))
    ]
    assert [len(page["Transactions"]) for page in pages] == [100, 105, 0]
    assert {page["PaginationResponse"]["TotalResults"] for page in pages} == {205}
    assert pages[1]["PaginationResponse"]["RequestedLimit"] == 200
    assert pages[1]["Transactions"][-1]["Points"] == 205


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        pytest.param({}, 400, "MissingRequiredFields", id="no client"),
        pytest.param({"clientId": "nobody"}, 404, "ClientNotFound", id="unknown client"),
        pytest.param({"clientId": "100000001", "limit": "-1"}, 400, "InvalidParameter", id="negative limit"),
        pytest.param({"clientId": "100000001", "startDate": "soon"}, 400, "InvalidParameter", id="unreadable date"),
    ],
)
def test_get_is_refused(talk: Talk, query, status, code):
    answered, answer = talk.get(REWARDS, query)
    assert (answered, answer["Error"]["Code"]) == (status, code)


def test_history_shows_all_five_actions_after_the_desk_took_points_away(talk: Talk, client_id):
    talk.post(client_id, 100)
    talk.post(client_id, 10, "Redeemed")
    for action in ("Returned", "Removed", "LateCanceled"):
        talk.post_json("/sandbox/desk/transactions", {"ClientId": client_id, "Action": action, "Points": 10})
    _, answer = talk.get(REWARDS, {"clientId": client_id})
    shown = {entry["Action"] for entry in answer["Transactions"]}
    assert (shown, answer["Balance"]) == ({"Earned", "Redeemed", "Returned", "Removed", "LateCanceled"}, 60)


def test_equal_posts_are_two_transactions(talk: Talk, client_id):
    at = datetime(2026, 9, 1, 17, tzinfo=UTC).isoformat()
    answers = [talk.post(client_id, 10, ActionDateTime=at)[1] for _ in range(2)]
    assert ([answer["Balance"] for answer in answers], len(talk.entries(client_id))) == ([10, 20], 2)
