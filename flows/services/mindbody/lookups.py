"""What Mindbody is asked for: a client's visits, sales, and who referred whom; pages, defaults and all.

Dates are always passed, since visits default to today alone. No call filters sales by client. At most 20 ids go into
one call for clients, as a repeated key: ids joined by commas find nothing, and say so nowhere.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flows.runtime.errors import AnswerUnreadable, BudgetSpent, ServiceUnreachable
from flows.services.http import Params
from flows.services.mindbody.client import MindbodyClient
from transforms.reference.reference import Fact
from transforms.sheets.fields import normalize_heading
from transforms.vocabulary import Named

CLIENTS_PER_CALL = 20  # documented
PAGE_SIZE = 200  # the size that all known clients use
_REFERRAL_TYPE = -1
_MOST_PAGES = 5000
_MOST_ID_CHARACTERS = 200


@dataclass
class Allowance:
    """How many calls may still be made: what posting and reading back will not need today."""

    calls: int

    def take(self) -> None:
        """Take one call, or raise `BudgetSpent`."""
        if self.calls < 1:
            raise BudgetSpent("the rest of today's calls is kept for posting (mindbody.calls_per_day)")
        self.calls -= 1


@dataclass(frozen=True)
class Asker:
    """One site of the service, asked within an allowance."""

    client: MindbodyClient
    allowance: Allowance

    @property
    def site_id(self) -> str:
        """The site's id."""
        return self.client.site_id

    async def ask(self, path: str, params: Params) -> dict[str, Any]:
        """Read one page, as one call of the allowance."""
        self.allowance.take()
        return await self.client.fetch(path, params)


@dataclass(frozen=True)
class Referrals:
    """Who referred whom, by the answers about some clients."""

    facts: tuple[Fact, ...]
    answered: frozenset[str]  # clients whose relationships came, all of them understood
    has_relationships: bool  # any at all, of whatever kind


async def fetch_visits(asker: Asker, client_id: str, first: date, last: date) -> list[Fact] | None:
    """Read a client's visits of these days of the site; None where the service does not know the client."""
    params = [
        ("request.clientId", client_id),
        ("request.startDate", first.isoformat()),
        ("request.endDate", last.isoformat()),
    ]
    facts: list[Fact] = []
    totals: set[int] = set()
    async for page in _pages(asker, "client/clientvisits", params, "Visits"):
        if page is None:
            return None
        totals.add(page.total)
        facts += [fact for visit in page.items for fact in _visit_facts(asker.site_id, client_id, visit)]
    if len(totals) > 1:
        raise ServiceUnreachable(
            f"Mindbody told the visits of client {client_id} with changing totals. Run again later."
        )
    return facts


def _visit_facts(site_id: str, client_id: str, visit: Mapping[str, Any]) -> list[Fact]:
    owner = _id(visit.get("ClientId")) or client_id
    facts: list[Fact] = []
    # A SourceId may be either of them; the second is 0 where a visit is no appointment.
    for named, key in ((Named.VISIT, "Id"), (Named.APPOINTMENT, "AppointmentId")):
        item_id = _id(visit.get(key))
        if item_id:
            facts.append((site_id, named.value, item_id, owner))
    return facts


async def fetch_sale(asker: Asker, sale_id: str) -> str | None:
    """Return the client of one sale, whenever it was; None where there is no such sale."""
    body = await asker.ask("sale/sales", [("request.saleId", sale_id)])
    sales = _items(body, "Sales")
    if sales is None or any(_id(sale.get("Id")) != sale_id for sale in sales):
        raise AnswerUnreadable(f"Mindbody was asked for sale {sale_id} and answered something else. Run again later.")
    if not sales:
        return None
    return _id(sales[0].get("ClientId")) or None


async def fetch_sales(asker: Asker, first: date, last: date) -> "AsyncIterator[Page]":
    """Read all sales of these days of the site, a page at a time."""
    after = last + timedelta(days=1)  # the end is not included
    params = [("request.startSaleDateTime", f"{first}T00:00:00"), ("request.endSaleDateTime", f"{after}T00:00:00")]
    async for page in _pages(asker, "sale/sales", params, "Sales"):
        if page is not None:
            yield page


def sale_fact(site_id: str, sale: Mapping[str, Any]) -> Fact:
    """Return whose a sale is."""
    return site_id, Named.SALE.value, _id(sale.get("Id")), _id(sale.get("ClientId"))


async def fetch_referrals(asker: Asker, client_ids: Sequence[str], referred: str, referred_by: str) -> Referrals:
    """Read who referred whom around up to 20 clients; `referred` and `referred_by` are the site's words for it."""
    params = [("request.clientIDs", client_id) for client_id in client_ids] + [("request.includeInactive", "true")]
    facts: list[Fact] = []
    answered: set[str] = set()
    has_relationships = False
    async for page in _pages(asker, "client/clients", params, "Clients"):
        if page is None:
            continue
        for client in page.items:
            client_id = _id(client.get("Id"))
            related = client.get("ClientRelationships")
            if not isinstance(related, list) or not all(isinstance(one, dict) for one in related):
                continue
            has_relationships |= bool(related)
            found = [_referral(asker.site_id, client_id, one, referred, referred_by) for one in related]
            facts += [fact for fact in found if fact is not None and fact != _UNCLEAR]
            # A referral that is missing among these says something only where every one of them was understood.
            if _UNCLEAR not in found:
                answered.add(client_id)
    return Referrals(tuple(facts), frozenset(answered), has_relationships)


# A referral whose direction nobody can tell.
_UNCLEAR: Fact = ("", "", "", "")


def _referral(site_id: str, client_id: str, related: Mapping[str, Any], referred: str, referred_by: str) -> Fact | None:
    """Turn one relationship into a referral; both directions bear the type -1, and only the name tells which it is."""
    kind = related.get("Relationship")
    if not isinstance(kind, dict) or kind.get("Id") != _REFERRAL_TYPE:
        return None
    name = normalize_heading(str(related.get("RelationshipName") or ""))
    other = _id(related.get("RelatedClientId"))
    if name == normalize_heading(referred) and other:
        return site_id, Named.REFERRED.value, other, client_id
    if name == normalize_heading(referred_by) and other:
        return site_id, Named.REFERRED.value, client_id, other
    return _UNCLEAR


@dataclass(frozen=True)
class Page:
    """One page of a list."""

    items: list[dict[str, Any]]
    total: int  # as the service tells it
    read: int  # items of this page and those before


async def _pages(asker: Asker, path: str, params: Sequence[tuple[str, str]], name: str) -> AsyncIterator[Page | None]:
    """Read pages up to the total; None, once, where the service does not know the client."""
    read = 0
    before: list[dict[str, Any]] = []
    for _ in range(_MOST_PAGES):
        paging = [("request.limit", str(PAGE_SIZE)), ("request.offset", str(read))]
        body = await asker.ask(path, [*params, *paging])
        if asker.client.is_unknown_client(body):
            yield None
            return
        items = _items(body, name)
        told = body.get("PaginationResponse")
        total = told.get("TotalResults") if isinstance(told, dict) else None
        if items is None or not isinstance(total, int):
            raise AnswerUnreadable(f"Mindbody's answer cannot be read ({path}): unknown shape.")
        read += len(items)
        yield Page(items, total, read)
        if read >= total:
            return
        # A page that comes again brings nothing new, however often it is asked for; and of a list that ends too soon
        # nobody may say that an id is not there, or good rows would be turned down.
        if not items or items == before:
            raise ServiceUnreachable(
                f"Mindbody told of {total} {name.lower()}, and stopped at {read}. Run again later."
            )
        before = items
    raise AnswerUnreadable(f"Mindbody told {read} {name.lower()} and no end. Run again later.")


def _id(value: Any) -> str:
    """Return an id as text, empty where there is none; `AnswerUnreadable` where what stands there can be none.

    One that was passed over might be the very one that a row names, and the row would be rejected for it.
    """
    if value in (None, "", 0):
        return ""
    text = str(value).strip()
    is_id = isinstance(value, int | str) and not isinstance(value, bool)
    if not is_id or not text.isprintable() or len(text) > _MOST_ID_CHARACTERS:
        raise AnswerUnreadable("Mindbody told an id that cannot be read. Run again later.")
    return text


def _items(body: Mapping[str, Any], name: str) -> list[dict[str, Any]] | None:
    items = body.get(name)
    is_list = isinstance(items, list) and all(isinstance(item, dict) for item in items)
    return items if is_list else None
