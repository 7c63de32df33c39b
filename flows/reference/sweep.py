"""Ask Mindbody for what rows name and no extract tells, with as few metered calls as possible.

Visits: one call per client for the days around its rows; only where an id is not among them, the client's whole
history. Sales: pages of the days of the rows, as long as that needs fewer calls than asking for each sale that is left
by its id. Referrals: 20 clients a call. What is read is kept in the ledger and used until it is no longer fresh.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

import pandas as pd

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.runtime.errors import of_one_place
from flows.services.mindbody.connect import open_mindbody
from flows.services.mindbody.lookups import (
    CLIENTS_PER_CALL,
    PAGE_SIZE,
    Allowance,
    Asker,
    Referrals,
    fetch_referrals,
    fetch_sale,
    fetch_sales,
    fetch_visits,
    sale_fact,
)
from flows.settings.of_services import ReferenceSettings
from flows.settings.sections import Settings
from transforms.reference.reference import NOBODY, Fact
from transforms.vocabulary import Named, Subject

_FIRST_DAY = date(2000, 1, 1)  # of a whole history; the service was founded in 2001
_AHEAD = timedelta(days=731)  # bookings ahead of today
_SALE_DAYS = timedelta(days=1)  # a sale is rung up on the day of its points, or its id is asked for


@dataclass
class Swept:
    """What the service said: facts, and the clients of whom all is known (site, subject, client)."""

    facts: set[Fact] = field(default_factory=set)
    reads: dict[tuple[str, str, str], datetime] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)


def sweep(settings: Settings, ledger: Ledger, asked: pd.DataFrame, allowance: Allowance) -> Swept:
    """Read what the rows of `asked` name (see `what_is_asked`, times filled, site known).

    Trouble at one client or site is noted and stops neither the others nor the run.
    """
    swept = Swept()
    for site_id, rows in asked.groupby("site_id", sort=True):
        asyncio.run(_sweep_site(settings, ledger, str(site_id), rows, allowance, swept))
    swept.troubles = list(dict.fromkeys(swept.troubles))
    return swept


async def _sweep_site(
    settings: Settings, ledger: Ledger, site_id: str, rows: pd.DataFrame, allowance: Allowance, swept: Swept
) -> None:
    try:
        allowance.take()  # for the token
        async with open_mindbody(settings, ledger, site_id) as client:
            asker = Asker(client, allowance)
            work = _Work(asker, settings.reference, swept, settings.loader.concurrency)
            # The cheapest first: twenty clients a call, then pages of sales, then a call for each client. Where
            # the calls of the day run out, most rows are checked.
            await work.referrals(rows[rows["subject"] == Subject.REFERRALS])
            await work.sales(rows[rows["subject"] == Subject.SALES])
            await work.visits(rows[rows["subject"] == Subject.VISITS])
    except Exception as error:  # noqa: BLE001 - what nobody foresaw at one site must not keep the others waiting
        swept.troubles.append(str(of_one_place(error)))


class _Work:
    """The reads at one site."""

    def __init__(self, asker: Asker, settings: ReferenceSettings, swept: Swept, concurrency: int) -> None:
        self._asker = asker
        self._settings = settings
        self._swept = swept
        self._slots = asyncio.Semaphore(concurrency)

    async def visits(self, rows: pd.DataFrame) -> None:
        by_client = rows.groupby("client_id")
        await self._all(self._visits_of(str(client_id), asked) for client_id, asked in by_client)

    async def _visits_of(self, client_id: str, asked: pd.DataFrame) -> None:
        around = timedelta(days=self._settings.days_around)
        first, last = _days(asked, self._asker.client.zone, around)
        # The days around the rows first: nearly all visits are there, and a page takes far less than a client's whole
        # time.
        if await self._read_visits(client_id, asked, first, last):
            return
        started_at = utc_now()
        await self._read_visits(client_id, asked, _FIRST_DAY, started_at.date() + _AHEAD)
        # As of before it was read: a visit that is booked meanwhile may not be among them.
        self._swept.reads[self._asker.site_id, Subject.VISITS.value, client_id] = started_at

    async def _read_visits(self, client_id: str, asked: pd.DataFrame, first: date, last: date) -> bool:
        """Read some days; True where nothing is left to look for."""
        facts = await fetch_visits(self._asker, client_id, first, last)
        # Nothing is known of a client whom the service does not know, however far back one looks.
        if facts is None:
            return True
        self._swept.facts.update(facts)
        found = {(named, item_id) for _, named, item_id, _ in facts}
        wanted = zip(asked["named"], asked["key"], strict=True)
        return found.issuperset(wanted)

    async def sales(self, rows: pd.DataFrame) -> None:
        wanted = set(rows["key"])
        # One id is asked for by itself; a page would cost as much and may not hold it.
        if len(wanted) > 1:
            await self._page_through_sales(rows, wanted)
        await self._all(self._sale(sale_id) for sale_id in sorted(wanted))

    async def _page_through_sales(self, rows: pd.DataFrame, wanted: set[str]) -> None:
        """Take out of `wanted` what the pages of the rows' days show, while they cost less than asking one by one."""
        first, last = _days(rows, self._asker.client.zone, _SALE_DAYS)
        async for page in fetch_sales(self._asker, first, last):
            for sale in page.items:
                if sale.get("Id"):
                    fact = sale_fact(self._asker.site_id, sale)
                    self._swept.facts.add(fact)
                    _site_id, _named, item_id, _client_id = fact
                    wanted.discard(item_id)
            # Every call is metered: from here on the rest may be cheaper by its ids.
            pages_left = ceil((page.total - page.read) / PAGE_SIZE)
            if len(wanted) <= pages_left:
                return

    async def _sale(self, sale_id: str) -> None:
        owner = await fetch_sale(self._asker, sale_id)
        # That a sale is nobody's is a fact too: it is not asked for again in the next night.
        fact = (self._asker.site_id, Named.SALE.value, sale_id, owner or NOBODY)
        self._swept.facts.add(fact)

    async def referrals(self, rows: pd.DataFrame) -> None:
        clients = sorted(set(rows["client_id"]))
        batches = [clients[first : first + CLIENTS_PER_CALL] for first in range(0, len(clients), CLIENTS_PER_CALL)]
        started_at = utc_now()
        answers: list[Referrals] = []
        await self._all(self._referrals_of(batch, answers) for batch in batches)
        for answer in answers:
            self._swept.facts.update(answer.facts)
        # By the specification an answer need not list all relationships. Where none of anybody is listed, that is
        # what happened, and nothing is concluded from what is not there.
        if not any(answer.has_relationships for answer in answers):
            return
        for answer in answers:
            for client_id in answer.answered:
                self._swept.reads[self._asker.site_id, Subject.REFERRALS.value, client_id] = started_at

    async def _referrals_of(self, client_ids: list[str], answers: list[Referrals]) -> None:
        answer = await fetch_referrals(
            self._asker,
            client_ids,
            referred=self._settings.referred_name,
            referred_by=self._settings.referred_by_name,
        )
        answers.append(answer)

    async def _all(self, tasks: Iterable[Awaitable[None]]) -> None:
        """Run the tasks, so many at a time; trouble of one is noted."""

        async def run(task: Awaitable[None]) -> None:
            async with self._slots:
                try:
                    await task
                except Exception as error:  # noqa: BLE001 - as above, of one client
                    self._swept.troubles.append(str(of_one_place(error)))

        await asyncio.gather(*(run(task) for task in tasks))


def _days(rows: pd.DataFrame, zone: ZoneInfo, around: timedelta) -> tuple[date, date]:
    """Return the site's days from the first to the last row, and so many more on each side."""
    first_at = rows["action_at"].min().to_pydatetime()
    last_at = rows["action_at"].max().to_pydatetime()
    first = first_at.astimezone(zone).date()
    last = last_at.astimezone(zone).date()
    return first - around, last + around
