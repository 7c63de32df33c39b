"""Open a Mindbody site with valid credentials; every call, the one for a token included, counts against the budget."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.services.binding import bind_or_refuse, refuse_other_services
from flows.services.calls import count_call
from flows.services.gateway import Service
from flows.services.http import open_session
from flows.services.mindbody.client import MindbodyClient
from flows.services.mindbody.gateway import MindbodyGateway
from flows.services.mindbody.settle import read_doubtful
from flows.services.mindbody.tokens import tokens_of_run
from flows.services.mindbody.try_again import read_before_another_try
from flows.services.standing import standing_of
from flows.settings.sections import Settings
from transforms.destinations import Destination
from transforms.vocabulary import Target


@asynccontextmanager
async def open_mindbody(settings: Settings, ledger: Ledger, site_id: str) -> AsyncIterator[MindbodyClient]:
    """Give a client that reads the site.

    Raises `ServiceUnreachable`, `CredentialsRefused`, `SettingsError`, `BudgetSpent` or `OtherService`.
    """
    count = partial(count_call, ledger, Target.MINDBODY, settings.mindbody.calls_per_day)
    refuse_other_services(settings, ledger)
    standing = standing_of(Destination(Target.MINDBODY, site_id), settings)
    standing.refuse_where_closed()
    loader, url = settings.loader, settings.mindbody.base_url
    async with open_session(settings, url, loader.concurrency, loader.timeout_seconds) as session:
        client = MindbodyClient(settings, site_id, session, standing, count, tokens_of_run())
        await client.connect(utc_now())
        bind_or_refuse(settings, ledger, Target.MINDBODY, client.stand_in)
        yield client


@asynccontextmanager
async def open_service(settings: Settings, ledger: Ledger, site_id: str) -> AsyncIterator[Service]:
    """Give the site to post to and to settle; raises as `open_mindbody` does."""
    async with open_mindbody(settings, ledger, site_id) as client:
        yield Service(
            gateway=MindbodyGateway(client, client.pacer, settings.mindbody.calls_per_day),
            standing=client.standing,
            clock=client.clock,
            read_doubtful=partial(read_doubtful, ledger, client, settings.loader.concurrency),
            read_before_another_try=partial(read_before_another_try, ledger, client, settings.loader.concurrency),
        )
