from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.transforms.sheet_makers import CLIENT, NOW, RULES, check_rows, codes
from transforms.check.parameters import Rules
from transforms.sheets.clocks import SiteClock
from transforms.vocabulary import Times

GOOD = ["000123", "12", "Earned", "Sale", "77", "2025-01-02T03:04:05Z"]


def in_zone_of_site(zone: str) -> Rules:
    return replace(RULES, site_clocks={"-99": SiteClock(ZoneInfo(zone), Times.SITE)})


def with_cell(column: int, value: str, row: list[str] = GOOD) -> list[str]:
    return [*row[:column], value, *row[column + 1 :]]


def test_check_keeps_a_good_row_to_the_letter() -> None:
    event = check_rows(GOOD).events.iloc[0]
    assert event["client_id"] == "000123"
    assert (event["kind"], event["target"], event["site_id"]) == ("earned", "mindbody", "-99")
    assert (event["points"], event["source"], event["source_id"]) == (12, "Sale", 77)
    assert event["action_at"].isoformat() == "2025-01-02T03:04:05+00:00"


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        pytest.param(0, "", "client_id_missing"),
        pytest.param(0, " \u00a0\u200b", "client_id_missing", id="client of invisible blanks"),
        pytest.param(0, "-", "client_id_missing", id="client of a dash"),
        pytest.param(0, "#N/A", "cell_error"),
        pytest.param(1, "", "points_missing"),
        *(
            pytest.param(1, bad, "points_not_positive_integer")
            for bad in ("0", "12.5", "-5", "1e3", "ten", "1,200", "٣")
        ),
        pytest.param(1, "9" * 19, "points_not_positive_integer", id="points past 64 bits"),
        pytest.param(2, "", "action_missing"),
        pytest.param(2, "Earnd", "action_unknown"),
        pytest.param(2, "Returned", "action_unknown", id="an action that only comes back on reads"),
        pytest.param(3, "Gift", "source_unknown"),
        pytest.param(4, "AB12", "source_id_not_positive_integer"),
        pytest.param(4, "0", "source_id_not_positive_integer", id="source id of zero"),
        pytest.param(5, "soon", "action_time_unreadable"),
        pytest.param(5, "12/11/2024", "action_time_unreadable", id="day or month first"),
        pytest.param(5, "0001-01-01T00:00:00", "action_time_unreadable", id="the services' unset time"),
        pytest.param(5, "2025-06-01T12:00:01Z", "action_time_in_future", id="a second from now"),
        pytest.param(5, "#REF!", "cell_error"),
    ],
)
def test_check_tells_a_bad_cell_once_with_its_code(column: int, value: str, code: str) -> None:
    checked = check_rows(with_cell(column, value), GOOD)
    assert codes(checked) == [(f"{'ABCDEF'[column]}2", code)]
    assert len(checked.events) == 1


@pytest.mark.parametrize(
    ("column", "value", "field", "read"),
    [
        pytest.param(0, " AB12 ", "client_id", "AB12"),
        pytest.param(0, "10\u200b01\x08", "client_id", "1001", id="signs that nobody sees"),
        pytest.param(1, "012", "points", 12),
        pytest.param(1, "12.0", "points", 12, id="a whole number out of a float column"),
        pytest.param(2, " eARNED ", "action", "Earned"),
        pytest.param(3, "class  booking", "source", "Class Booking"),
        pytest.param(4, "8" + "0" * 18, "source_id", 8 * 10**18, id="a 64-bit id"),
    ],
)
def test_check_forgives_only_what_leaves_no_doubt(column: int, value: str, field: str, read: object) -> None:
    assert check_rows(with_cell(column, value)).events[field].tolist() == [read]


def test_check_tells_all_errors_of_a_row_in_column_order() -> None:
    checked = check_rows(["", "x", "Earnd", "Gift", "y", "z"])
    assert [cell for cell, _ in codes(checked)] == ["A2", "B2", "C2", "D2", "E2", "F2"]
    assert checked.rejected == 1


def test_check_refuses_a_source_with_redeemed() -> None:
    redeemed = with_cell(2, "Redeemed")
    assert codes(check_rows(redeemed)) == [("D2", "source_with_redeemed")]
    assert codes(check_rows(with_cell(3, "", redeemed))) == []


def test_check_refuses_a_source_id_without_a_source_only_when_earned() -> None:
    assert codes(check_rows(with_cell(3, ""))) == [("E2", "source_id_without_source")]


def test_check_asks_for_the_source_where_the_settings_do() -> None:
    strict = replace(RULES, require_source=True)
    assert codes(check_rows(["1", "5", "Earned"], rules=strict)) == [("D2", "source_missing")]
    assert codes(check_rows(["1", "5", "Redeemed"], rules=strict)) == []


@pytest.mark.parametrize(
    ("written", "at"),
    [
        pytest.param("2024-11-08T10:26:33.2282749Z", "2024-11-08T10:26:33+00:00", id="seven digits, cut to the second"),
        pytest.param("2024-11-08 10:26:33+05:30", "2024-11-08T04:56:33+00:00", id="an offset is obeyed"),
        pytest.param("2024-07-08 10:26", "2024-07-08T17:26:00+00:00", id="the zone in summer"),
        pytest.param("2024-11-08", "2024-11-08T08:00:00+00:00", id="midnight of the zone"),
    ],
)
def test_check_reads_times_in_the_zone(written: str, at: str) -> None:
    rules = in_zone_of_site("America/Los_Angeles")
    assert check_rows(with_cell(5, written), rules=rules).events["action_at"].iloc[0].isoformat() == at


@pytest.mark.parametrize(
    ("written", "code"),
    [
        pytest.param("2024-11-03 01:30", "action_time_ambiguous"),
        pytest.param("2024-03-10 02:30", "action_time_nonexistent"),
    ],
)
def test_check_refuses_an_hour_that_the_zone_has_twice_or_never(written: str, code: str) -> None:
    rules = in_zone_of_site("America/Los_Angeles")
    assert codes(check_rows(with_cell(5, written), rules=rules)) == [("F2", code)]
    assert codes(check_rows(with_cell(5, f"{written}:00-07:00"), rules=rules)) == []


def test_check_takes_a_time_of_this_very_second() -> None:
    rules = replace(RULES, now=NOW + timedelta(milliseconds=500))
    assert codes(check_rows(with_cell(5, "2025-06-01T12:00:00.9Z"), rules=rules)) == []


@pytest.mark.parametrize(
    ("site_ids", "default", "cell", "site"),
    [
        pytest.param((), None, "7", "7", id="column"),
        pytest.param(("1", "7"), "1", "7", "7", id="column before default"),
        pytest.param(("1", "7"), "1", "", "1", id="default"),
        pytest.param(("1",), None, "", "1", id="the only one configured"),
    ],
)
def test_check_finds_the_site(site_ids: tuple[str, ...], default: str | None, cell: str, site: str) -> None:
    rules = replace(RULES, site_ids=site_ids, default_site_id=default)
    assert check_rows([*GOOD, cell], headings=[*CLIENT, "SiteId"], rules=rules).events["site_id"].tolist() == [site]


@pytest.mark.parametrize(
    ("site_ids", "default", "cell"),
    [
        pytest.param((), None, "", id="nobody says"),
        pytest.param(("1", "2"), None, "", id="two to choose from"),
        pytest.param(("1", "2"), "1", "3", id="not configured"),
        pytest.param(("1",), "2", "", id="default not configured"),
    ],
)
def test_check_refuses_an_unknown_site(site_ids: tuple[str, ...], default: str | None, cell: str) -> None:
    rules = replace(RULES, site_ids=site_ids, default_site_id=default)
    assert codes(check_rows([*GOOD, cell], headings=[*CLIENT, "SiteId"], rules=rules)) == [("G2", "site_unknown")]
