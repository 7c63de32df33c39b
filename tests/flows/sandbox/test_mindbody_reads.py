import pytest

from tests.flows.sandbox.talk import ALL_DAYS, Talk

CLIENTS, VISITS = "/public/v6/client/clients", "/public/v6/client/clientvisits"
PURCHASES, SALES, SITES = "/public/v6/client/clientpurchases", "/public/v6/sale/sales", "/public/v6/site/sites"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param({"request.clientIDs": ["000000123", "AB123456"]}, ["000000123", "AB123456"], id="repeated key"),
        pytest.param({"clientids": "100000001"}, ["100000001"], id="bare name"),
        pytest.param({"request.clientIDs": "000000123,AB123456"}, [], id="joined by commas: silently nothing"),
        pytest.param({"request.clientIDs": ["100000001", "nobody"]}, ["100000001"], id="unknown left out"),
        pytest.param({"clientIDs": "100000011"}, [], id="inactive left out"),
        pytest.param({"clientIDs": "100000011", "includeInactive": "true"}, ["100000011"], id="inactive asked for"),
    ],
)
def test_clients_found(talk: Talk, query, found):
    assert [client["Id"] for client in talk.get(CLIENTS, query)[1]["Clients"]] == found


@pytest.mark.parametrize(("count", "status"), [pytest.param(20, 200, id="twenty"), pytest.param(21, 400, id="more")])
def test_clients_takes_twenty_ids(talk: Talk, count, status):
    assert talk.get(CLIENTS, {"clientIDs": ["100000001"] * count})[0] == status


@pytest.mark.parametrize(
    ("client_id", "related", "name"),
    [
        pytest.param("100000003", ["100000004", "100000012"], "Referred", id="the one who referred"),
        pytest.param("100000004", ["100000003"], "Referred By", id="the one referred"),
    ],
)
def test_referral_has_one_type_and_two_names(talk: Talk, client_id, related, name):
    relations = talk.get(CLIENTS, {"clientIDs": client_id})[1]["Clients"][0]["ClientRelationships"]
    assert [relation["RelatedClientId"] for relation in relations] == related
    assert {(relation["Relationship"]["Id"], relation["RelationshipName"]) for relation in relations} == {(-1, name)}


def test_visits_need_dates_and_are_local(talk: Talk):
    assert talk.get(VISITS, {"clientId": "100000001"})[1]["Visits"] == []
    visits = talk.get(VISITS, {"clientId": "100000001", **ALL_DAYS})[1]["Visits"]
    assert [visit["Id"] for visit in visits] == [7001, 7002, 7005]
    assert (visits[0]["StartDateTime"], visits[0]["ClientId"]) == ("2026-09-01T10:00:00", "100000001")


def test_visits_tell_appointments_from_classes(talk: Talk):
    [first, _] = talk.get(VISITS, {"clientId": "100000002", **ALL_DAYS})[1]["Visits"]
    assert (first["Id"], first["AppointmentId"], first["ClassId"]) == (7101, 8001, 0)


def test_purchases_default_to_the_rest_of_today(talk: Talk):
    assert talk.get(PURCHASES, {"clientId": "100000005"})[1]["Purchases"] == []
    found = talk.get(PURCHASES, {"clientId": "100000005", **ALL_DAYS})[1]["Purchases"]
    assert [purchase["Sale"]["Id"] for purchase in found] == [9002, 9003, 9007]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param({"request.saleId": 9004}, [9004], id="by id"),
        pytest.param({"saleId": 1}, [], id="unknown id"),
        pytest.param({"startSaleDateTime": "2026-09-30"}, [9008, 9009], id="from a day on"),
        pytest.param({"endSaleDateTime": "2026-09-02T11:05:01"}, [9001], id="before a local time"),
        pytest.param(
            {"startSaleDateTime": "2026-09-06T19:05:00Z", "endSaleDateTime": "2026-09-07"}, [9002], id="window"
        ),
    ],
)
def test_sales_found(talk: Talk, query, found):
    assert [sale["Id"] for sale in talk.get(SALES, query)[1]["Sales"]] == found


def test_sale_names_client_and_return(talk: Talk):
    [sale] = talk.get(SALES, {"saleId": 9009})[1]["Sales"]
    assert (sale["ClientId"], sale["PurchasedItems"][0]["Returned"]) == ("100000008", True)


@pytest.mark.parametrize(
    ("query", "zone"),
    [
        pytest.param({"request.siteIds": "-99"}, "America/Los_Angeles", id="one id"),
        pytest.param({}, None, id="no id"),
        pytest.param({"request.siteIds": ["-99", "7"]}, None, id="several ids"),
    ],
)
def test_site_shows_its_zone_for_one_id_alone(talk: Talk, query, zone):
    assert talk.get(SITES, query)[1]["Sites"][0]["TimeZone"] == zone
