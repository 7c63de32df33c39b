"""A period, counted anew from the sheets and the service's own log; and its signature, from one end to the other."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import DatabaseError

from flows.ledger.connection import open_ledger
from flows.review.month import read_period
from flows.review.sign import sign
from flows.sandbox import start_sandbox
from sql.signatures import changed_signature
from tests.flows.command import Tieout
from tests.flows.workplace import HEADINGS, PASSWORD, Workplace, further_sites, open_workplace
from tests.postgresql import PostgresqlServer

# One client's entry lands twice, one is answered and never lands.
FAULTS = "mb:twice=200000001*1,mb:phantom=200000002*1"
SITED = f"SiteId,{HEADINGS},Staff"
ZONE = ZoneInfo("America/Los_Angeles")
AUGUST = ["-99,200000003,12,Earned,Class Booking,,2026-08-20T17:00:00Z,Kim"]
SEPTEMBER = [
    "-99,200000001,10,Earned,Sale,,2026-09-20T17:00:00Z,Kim",
    "-99,200000002,20,Earned,Sale,,2026-09-20T17:00:00Z,Kim",
    "-99,200000003,30,Earned,Class Booking,,2026-09-20T17:00:00Z,Lee",
    "-99,200000003,5,Redeemed,,,2026-09-21T17:00:00Z,",
    # The last minute of the month by the studio's clock; by UTC it is October.
    "-99,200000003,9,Earned,Sale,,2026-10-01T06:59:00Z,Lee",
    "1001,200000004,7,Earned,Sale,,2026-09-20T17:00:00Z,",
    "1001,nobody,9,Earned,Sale,,2026-09-20T17:00:00Z,",
]
OCTOBER = ["-99,200000003,3,Earned,Sale,,2026-10-01T07:00:00Z,Lee"]
LATE = ["-99,200000003,8,Earned,Sale,,2026-09-25T17:00:00Z,Lee"]
BAD = ["1001,200000005,6,Earnd,Sale,,2026-09-20T17:00:00Z,"]
BY_HAND = {"ClientId": "200000003", "Action": "Earned", "Points": 44, "Source": "Sale"}
OPEN = "SELECT break_id, class FROM breaks WHERE state = 'open'"


@dataclass(frozen=True)
class Nights:
    workplace: Workplace
    log: list[dict[str, Any]]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def nights(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    database_url = None
    if request.param == "postgresql":
        server: PostgresqlServer = request.getfixturevalue("postgresql")
        with server.connect() as connection:
            connection.execute("CREATE DATABASE months")
        database_url = server.url("months")
    folder = tmp_path_factory.mktemp("month")
    options = ("--more-sites", "1", "--extra-clients", "6")
    with start_sandbox(state=folder / "sandbox.db", faults=FAULTS, options=options) as ready:
        workplace = open_workplace(folder, ready, database_url=database_url)
        workplace.configure(workplace.config.read_text(encoding="utf-8") + further_sites({"1001": PASSWORD}))
        workplace.put("a.csv", *AUGUST, *SEPTEMBER, *BAD, headings=SITED)
        workplace.run()
        workplace.talk.post_json("/sandbox/desk/transactions", {**BY_HAND, "ActionDateTime": "2026-09-30T18:00:00Z"})
        workplace.put("b.csv", *SEPTEMBER[:4], *OCTOBER, headings=SITED)
        workplace.run()
        yield Nights(workplace, workplace.commits())


@pytest.fixture
def tieout(nights: Nights, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tieout:
    return Tieout(nights.workplace, monkeypatch, capsys)


def figures(month: dict[str, Any], line: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Return a line of points: (site, kind) to events and points."""
    of_line = [one for one in month["walk"] if one["line"] == line and one["events"]]
    return {(one["site_id"], one["kind"]): (one["events"], one["points"]) for one in of_line}


def counted(rows: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[int, int]]:
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for row in rows:
        key = row["SiteId"], row["Action"].lower()
        events, points = sums.get(key, (0, 0))
        sums[key] = events + 1, points + int(row["Points"])
    return sums


def read(*rows: str) -> list[dict[str, str]]:
    return list(csv.DictReader([SITED, *rows]))


@pytest.mark.long
def test_the_walk_of_a_month_is_what_the_sheets_and_the_services_log_hold(nights: Nights, tieout: Tieout) -> None:
    # Nobody has read the day of the entry that was made by hand: the balance tells its points alone.
    before = tieout("month", "2026-09", "--json").json
    assert figures(before, "others") == {}
    ended = tieout("month", "2026-09", "--read", "--json")
    month = ended.json
    assert (ended.code, month["ties_out"], month["agrees"]) == (1, True, False)
    assert figures(month, "in_sheets") == counted(read(*SEPTEMBER, *SEPTEMBER[:4]))
    assert figures(month, "known") == counted(read(*SEPTEMBER[:4]))
    assert figures(month, "accepted") == counted(read(*SEPTEMBER))
    assert figures(month, "turned_down") == counted(read(SEPTEMBER[-1]))
    assert figures(month, "posted") == counted(read(*SEPTEMBER[:-1]))
    assert figures(month, "others") == {("-99", "earned"): (1, 44)}
    at_service = [one for one in nights.log if _month_of(one) == "2026-09"]
    entries = [{"SiteId": one["site_id"], "Action": one["action"], "Points": one["points"]} for one in at_service]
    assert figures(month, "at_service") == counted(entries)


def _month_of(entry: dict[str, Any]) -> str:
    at = entry.get("action_date_time")
    return f"{datetime.fromisoformat(at).astimezone(ZONE):%Y-%m}" if at else ""


def test_the_month_before_stands_beside_it_and_staff_is_counted_and_never_sent(nights: Nights, tieout: Tieout) -> None:
    month = tieout("month", "2026-09", "--json").json
    last = {(one["line"], one["kind"]): one["points"] for one in month["last"]}
    assert last["posted", "earned"] == 12
    by_staff = {one["staff"]: one["earned_points"] for one in month["by_staff"] if one["site_id"] == "-99"}
    assert by_staff == {"Kim": 30, "Lee": 39, "none told": 0}
    by_source = {one["source"]: one["earned_points"] for one in month["by_source"] if one["site_id"] == "-99"}
    assert by_source == {"Sale": 39, "Class Booking": 30, "none told": 0}
    assert "Lee" not in json.dumps(nights.log)


def test_balances_of_a_month_go_from_reading_to_reading(nights: Nights, tieout: Tieout) -> None:
    month = tieout("month", "2026-09", "--json", "--site", "1001").json
    (row,) = month["balances"]
    assert (row["client_id"], row["opening"], row["earned"], row["closing"], row["difference"]) == (
        "200000004", 0, 7, 7, 0,
    )  # fmt: skip
    assert {one["site_id"] for one in month["walk"]} == {"1001"}


def test_differences_are_carried_from_one_month_into_the_next(tieout: Tieout) -> None:
    september = tieout("month", "2026-09", "--json").json["rolled"]
    october = tieout("month", "2026-10", "--json").json["rolled"]
    out = {(one["class"], one["measure"]): one["carried_out"] for one in september}
    carried_in = {(one["class"], one["measure"]): one["carried_in"] for one in october if one["carried_in"]}
    assert out["missing_remote", "points"] == 20
    assert carried_in == {key: figure for key, figure in out.items() if figure}


def test_page_workbook_and_json_lie_below_the_reports(nights: Nights, tieout: Tieout) -> None:
    ended = tieout("month", "2026-09")
    folder = nights.workplace.folder / "reports" / "month-2026-09"
    assert {path.suffix for path in folder.iterdir()} == {".html", ".xlsx", ".json"}
    assert f"report: {folder / 'month-2026-09.xlsx'}" in ended.out
    page = Path(folder / "month-2026-09.html").read_text(encoding="utf-8")
    assert "Differences carried in and out" in page
    assert "It cannot be signed yet" in page


@pytest.mark.parametrize("name", ["2026-13", "September", "2026-09-15..2026-09-01"])
def test_what_is_no_period_is_told_how_one_is_written(tieout: Tieout, name: str) -> None:
    ended = tieout("month", name)
    assert (ended.code, "write a month as 2026-09" in ended.err) == (2, True)


def test_a_period_is_prepared_approved_by_another_and_told_to_have_changed(nights: Nights, tieout: Tieout) -> None:
    refused = tieout("sign", "2026-09", "--by", "Ann")
    assert refused.code == 1
    assert "no reason" in refused.err
    for broken in nights.workplace.rows(OPEN):
        assert tieout("breaks", "acknowledge", broken["break_id"], "--by", "Ann", "--reason", "known").code == 0
    assert tieout("sign", "2026-09", "--by", "Ann", "--json").json["signed_as"] == "preparer"

    # Another name of the same user is the same person.
    again = tieout("sign", "2026-09", "--by", "Bo")
    assert (again.code, "another person has to approve it" in again.err) == (2, True)
    workplace = nights.workplace
    with open_ledger(workplace.settings) as ledger:
        approved = sign(workplace.settings, ledger, read_period("2026-09"), user="bo", by_name="Bo")
    assert approved.role == "approver"
    twice = tieout("sign", "2026-09", "--by", "Ann")
    assert (twice.code, "signed already" in twice.err) == (2, True)
    signed = tieout("month", "2026-09", "--json").json
    assert (signed["is_signed"], signed["changes"]) == (True, [])

    workplace.put("c.csv", *LATE, headings=SITED)
    workplace.run()
    tieout("breaks", "resolve", workplace.rows(OPEN.replace("'open'", "'acknowledged'"))[0]["break_id"],
           "--by", "Ann", "--reason", "timing: it came")  # fmt: skip
    changed = tieout("month", "2026-09", "--json").json
    told = " | ".join(changed["changes"])
    assert not changed["is_signed"]
    assert "posted, earned, site -99: 5 of 77 points, 4 of 69 points when it was signed" in told
    assert "1 event was posted since" in told
    assert "is resolved" in told
    assert "Ann decided resolve" in told
    # What changed is signed anew from the beginning.
    assert tieout("sign", "2026-09", "--by", "Ann", "--json").json["signed_as"] == "preparer"


def test_a_month_that_is_not_over_cannot_be_signed(tieout: Tieout) -> None:
    ended = tieout("sign", "2199-01", "--by", "Ann")
    assert (ended.code, "is not over" in ended.err) == (1, True)


def test_a_signature_stays_as_it_was_written(nights: Nights) -> None:
    with open_ledger(nights.workplace.settings) as ledger, ledger.begin() as connection:
        assert changed_signature(connection) is None
        with pytest.raises(DatabaseError, match="append-only"):
            connection.exec_driver_sql("UPDATE signatures SET by_name = 'Eve'")
