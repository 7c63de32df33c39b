"""Mindbody's reference reads: clients and who referred whom, visits, purchases, sales, sites.

Only the fields that a cross check can use are filled. All times are the site's wall clock without offset.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from aiohttp import web

from flows.sandbox.clock import current_time
from flows.sandbox.errors import ServiceError
from flows.sandbox.mindbody import read_client
from flows.sandbox.mindbody_tokens import check_access, check_key
from flows.sandbox.query import cut_page, local_text, read_day, read_moment, read_value, read_values, today
from flows.sandbox.seed import Client, Sale, Visit
from flows.sandbox.state import SandboxState

MAX_CLIENT_IDS = 20


async def get_clients(request: web.Request, state: SandboxState) -> dict[str, Any]:
    """GET client/clients: at most 20 ids; unknown ones are left out in silence, inactive ones unless asked for."""
    check_access(request, state)
    wanted = read_values(request, "clientIDs")
    if len(wanted) > MAX_CLIENT_IDS:
        raise ServiceError(400, "InvalidParameter", f"At most {MAX_CLIENT_IDS} client ids are allowed.")
    include_inactive = read_value(request, "includeInactive") or ""
    with_inactive = include_inactive.lower() == "true"
    ids = wanted or list(state.clients)
    # No error for an id that is not there: a caller who trusts the count of what comes back takes a client for lost.
    known = [state.clients[client_id] for client_id in ids if client_id in state.clients]
    found = [client for client in known if with_inactive or client.is_active]
    page, paging = cut_page(request, found)
    shown = [_show_client(client, state) for client in page]
    return {"PaginationResponse": paging, "Clients": shown}


async def get_client_visits(request: web.Request, state: SandboxState) -> dict[str, Any]:
    """GET client/clientvisits: endDate defaults to today, startDate to endDate."""
    check_access(request, state)
    client_id = read_client(request, state)
    last = read_day(request, "endDate", state.zone, today(state.zone))
    first = read_day(request, "startDate", state.zone, last)
    mine = [visit for visit in state.visits if visit.client_id == client_id]
    found = [visit for visit in mine if first <= _local_day(visit, state) <= last]
    page, paging = cut_page(request, found)
    shown = [_show_visit(visit, state) for visit in page]
    return {"PaginationResponse": paging, "Visits": shown}


def _local_day(visit: Visit, state: SandboxState) -> date:
    return visit.starts_at.astimezone(state.zone).date()


async def get_client_purchases(request: web.Request, state: SandboxState) -> dict[str, Any]:
    """GET client/clientpurchases: from startDate (default now) to endDate (default the end of today)."""
    check_access(request, state)
    client_id = read_client(request, state)
    now = current_time(state.zone).replace(tzinfo=None)
    end_of_today = datetime.combine(now, time()) + timedelta(days=1)
    first = read_moment(request, "startDate", state.zone) or now
    last = read_moment(request, "endDate", state.zone) or end_of_today
    mine = [sale for sale in state.sales.values() if sale.client_id == client_id]
    found = [sale for sale in mine if first <= _wall(sale, state) < last]
    page, paging = cut_page(request, found)
    shown = [_show_purchase(sale, state) for sale in page]
    return {"PaginationResponse": paging, "Purchases": shown}


async def get_sales(request: web.Request, state: SandboxState) -> dict[str, Any]:
    """GET sale/sales: one by saleId, or those from startSaleDateTime up to, not including, endSaleDateTime."""
    check_access(request, state)
    sale_id = read_value(request, "saleId")
    first = read_moment(request, "startSaleDateTime", state.zone)
    last = read_moment(request, "endSaleDateTime", state.zone)
    found = list(state.sales.values())
    if sale_id is not None:
        found = [sale for sale in found if str(sale.sale_id) == sale_id]
    if first is not None:
        found = [sale for sale in found if first <= _wall(sale, state)]
    if last is not None:
        found = [sale for sale in found if _wall(sale, state) < last]
    page, paging = cut_page(request, found)
    shown = [_show_sale(sale, state) for sale in page]
    return {"PaginationResponse": paging, "Sales": shown}


async def get_sites(request: web.Request, state: SandboxState) -> dict[str, Any]:
    """GET site/sites: needs the key alone; in full, with its TimeZone, only where exactly one id is asked for."""
    check_key(request)
    wanted = read_values(request, "siteIds")
    # A site that is not the sandbox's own is left out, as an unknown client is.
    asked_for = [site_id for site_id in state.options.site_ids if not wanted or site_id in wanted]
    sites = [_show_site(site_id, state, is_whole=len(wanted) == 1) for site_id in asked_for]
    page, paging = cut_page(request, sites)
    return {"PaginationResponse": paging, "Sites": page}


def _show_site(site_id: str, state: SandboxState, *, is_whole: bool) -> dict[str, Any]:
    site: dict[str, Any] = {"Id": int(site_id), "Name": "Sandbox Studio", "TimeZone": None}
    if is_whole:
        site |= {"TimeZone": state.options.timezone, "CurrencyIsoCode": "USD", "CountryCode": "US"}
    return site


def _show_client(client: Client, state: SandboxState) -> dict[str, Any]:
    related = [_relationship(other, "Referred", state) for other in client.referred]
    related += [_relationship(other, "Referred By", state) for other in state.referrers[client.client_id]]
    mailbox = client.last_name.lower().replace(" ", ".")
    return {
        "Id": client.client_id,
        "UniqueId": client.unique_id,
        "FirstName": "Sample",
        "LastName": client.last_name,
        "Email": f"{mailbox}@example.com",
        "Active": client.is_active,
        "Status": "Active" if client.is_active else "Terminated",
        "ClientRelationships": related,
    }


def _relationship(client_id: str, name: str, state: SandboxState) -> dict[str, Any]:
    """Return one side of a referral: the type, -1, is the same on both; only the name tells the direction."""
    kind = {"Id": -1, "RelationshipName1": "Referred", "RelationshipName2": "Referred By"}
    return {
        "RelatedClientId": client_id,
        "RelatedUniqueId": state.clients[client_id].unique_id,
        "Relationship": kind,
        "RelationshipName": name,
        "Delete": False,
    }


def _show_visit(visit: Visit, state: SandboxState) -> dict[str, Any]:
    return {
        "Id": visit.visit_id,
        "ClientId": visit.client_id,
        "ClientUniqueId": state.clients[visit.client_id].unique_id,
        "AppointmentId": visit.appointment_id,
        "AppointmentStatus": "Completed" if visit.appointment_id else "None",
        "ClassId": visit.class_id,
        "StartDateTime": local_text(visit.starts_at, state.zone),
        "EndDateTime": local_text(visit.starts_at + timedelta(hours=1), state.zone),
        "Name": "Appointment" if visit.appointment_id else "Class",
        "LateCancelled": visit.is_late_cancelled,
        "Missed": False,
        "SignedIn": not visit.is_late_cancelled,
        "SiteId": int(state.options.site_id),
        "LocationId": 1,
    }


def _show_sale(sale: Sale, state: SandboxState) -> dict[str, Any]:
    item = {"Id": 10101, "Description": sale.description, "Quantity": 1, "UnitPrice": sale.price}
    return {
        "Id": sale.sale_id,
        "SaleDate": _wall(sale, state).date().isoformat() + "T00:00:00",
        "SaleTime": _wall(sale, state).time().isoformat(),
        "SaleDateTime": local_text(sale.sold_at, state.zone),
        "ClientId": sale.client_id,
        "PurchasedItems": [{**item, "TotalAmount": sale.price, "Returned": sale.is_returned}],
        "LocationId": 1,
        "Payments": [{"Id": sale.sale_id + 1000, "Amount": sale.price, "Method": 1, "Type": "Cash", "Notes": ""}],
    }


def _show_purchase(sale: Sale, state: SandboxState) -> dict[str, Any]:
    return {
        "Sale": _show_sale(sale, state),
        "Description": sale.description,
        "AccountPayment": False,
        "Price": sale.price,
        "AmountPaid": sale.price,
        "Discount": 0.0,
        "Tax": 0.0,
        "Returned": sale.is_returned,
        "Quantity": 1,
    }


def _wall(sale: Sale, state: SandboxState) -> datetime:
    return sale.sold_at.astimezone(state.zone).replace(tzinfo=None)
