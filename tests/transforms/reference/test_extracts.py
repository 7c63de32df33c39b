import pandas as pd
import pytest

from tests.transforms.sheet_makers import sheet_of
from transforms.reference.extracts import Naming, parse_extract
from transforms.sheets.sheet import FileError

DOCUMENTED = Naming({})


def facts(*rows: list[str], naming: Naming = DOCUMENTED) -> list[tuple[str, str, str]]:
    """Return (what is named, its id, client) of everything that one sheet tells."""
    found = parse_extract([sheet_of(*rows)], naming).facts
    return [*found[["named", "item_id", "client_id"]].itertuples(index=False, name=None)]


@pytest.mark.parametrize(
    ("headings", "row", "found"),
    [
        pytest.param(
            ["Client ID", "Visit_Id", "appointmentid"],
            ["000123", "7001", "8001"],
            [("visit", "7001", "000123"), ("appointment", "8001", "000123")],
            id="visits",
        ),
        pytest.param(["ClientId", "VisitId"], ["a", "7001.0"], [("visit", "7001", "a")], id="a float of an export"),
        pytest.param(["ClientId", "AppointmentId"], ["a", "0"], [], id="0 is no appointment"),
        pytest.param(["Sale Date", "Sale ID", "Client ID"], ["x", "9001", "a"], [("sale", "9001", "a")], id="sales"),
        pytest.param(["Id", "ClassId", "ClientId"], ["7", "3", "a"], [("visit", "7", "a")], id="the service's visits"),
        pytest.param(["Id", "SaleDateTime", "ClientId"], ["9", "x", "a"], [("sale", "9", "a")], id="its sales"),
    ],
)
def test_parse_extract_reads_whose_an_id_is(headings, row, found):
    assert sorted(facts(headings, row)) == sorted(found)


REFERRALS = ["ClientId", "RelatedClientId", "RelationshipName", "RelationshipId"]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        pytest.param(["a", "b", "Referred", "-1"], [("referred", "b", "a")], id="the one who referred"),
        pytest.param(
            ["b", "a", "referred by", ""], [("referred", "b", "a")], id="the one referred, told without a type"
        ),
        pytest.param(["a", "b", "Mother", "4"], [], id="another relationship"),
        pytest.param(["a", "b", "Referred", "4"], [], id="another type of the same name"),
        pytest.param(["a", "", "", ""], [], id="nobody"),
    ],
)
def test_parse_extract_tells_who_referred_by_the_name(row, found):
    assert facts(REFERRALS, row) == found


def test_parse_extract_takes_a_sites_own_words():
    naming = Naming({"Kunde": "ClientId", "Bezug": "RelatedClientId", "Art": "RelationshipName"}, "warb", "kam durch")
    assert facts(["Kunde", "Bezug", "Art"], ["a", "b", "Kam durch"], naming=naming) == [("referred", "a", "b")]


def test_parse_extract_refuses_a_referral_without_a_direction():
    with pytest.raises(FileError, match=r'row 2: the referral is called "Freund".*reference\.referred_name'):
        facts(REFERRALS, ["a", "b", "Freund", "-1"])


def test_parse_extract_passes_over_what_tells_nothing():
    rows = [
        ["Sales of May"],
        [],
        ["SaleId", "ClientId"],
        ["9001", "a"],
        ["SaleId", "ClientId"],
        ["", "Total: 1"],
        ["-", "b"],
    ]
    assert facts(*rows) == [("sale", "9001", "a")]


def test_parse_extract_keeps_the_site_of_a_row():
    found = parse_extract([sheet_of(["SiteId", "SaleId", "ClientId"], ["-99", "1", "a"], ["", "2", "b"])], DOCUMENTED)
    assert [None if pd.isna(site) else site for site in found.facts["site_id"]] == ["-99", None]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param([["Name", "Sale ID"], ["A", "1"]], "no headings of reference data found", id="no client"),
        pytest.param([["SaleId", "ClientId", "Sale ID"], ["1", "a", "2"]], "SaleId is there twice", id="twice"),
        pytest.param([["SaleId", "ClientId"], ["1", "a"], ["x9", "b"]], '1 are not: "x9" in row 3', id="no number"),
    ],
)
def test_parse_extract_says_what_is_wrong_with_a_file(rows, message):
    with pytest.raises(FileError, match=message):
        facts(*rows)
