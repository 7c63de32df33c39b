"""Open connections to the services for one step, and close them with it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

from flows.ledger.connection import Ledger
from flows.loader.post import OnProgress, Posting
from flows.loader.settle import settle_mindbody, settle_referral_rock
from flows.runtime.clock import utc_now
from flows.runtime.errors import BudgetSpent, Interrupted
from flows.runtime.interrupt import stop_requested
from flows.services.gateway import Gateway, MindbodyGateway, ReferralRockGateway
from flows.services.http import Pacer, open_session
from flows.services.mindbody.client import MindbodyClient
from flows.services.mindbody.tokens import tokens_of_run
from flows.services.referral_rock.client import ReferralRockClient
from flows.settings.sections import Settings
from sql.claims import take_calls
from transforms.vocabulary import Target

Place = tuple[Target, str]  # a service, and a site of it ("" where it has none)
WITHOUT_LIMIT = 2**31 - 1


@dataclass(frozen=True)
class Connected:
    """An open service: the client that reads, the gateway that posts, and the pace they share."""

    client: MindbodyClient | ReferralRockClient
    gateway: Gateway
    pacer: Pacer


@asynccontextmanager
async def connected(settings: Settings, ledger: Ledger, place: Place) -> AsyncIterator[Connected]:
    """Open the service with valid credentials; every call, this one included, counts against the day's budget.

    Raises `ServiceUnreachable`, `CredentialsRefused`, `SettingsError` or `BudgetSpent`.
    """
    target, site_id = place
    pacer = Pacer(settings.loader.requests_per_second)
    async with open_session(settings.loader.concurrency, settings.loader.timeout_seconds) as session:
        if target is Target.MINDBODY:
            budget = settings.mindbody.calls_per_day
            count = partial(count_call, ledger, target, budget)
            mindbody = MindbodyClient(settings, site_id, session, pacer, count, tokens_of_run())
            await mindbody.connect(utc_now())
            yield Connected(mindbody, MindbodyGateway(mindbody, pacer, budget), pacer)
            return
        rewards = ReferralRockClient(settings, session, pacer, lambda: count_call(ledger, target, WITHOUT_LIMIT))
        await rewards.connect()
        yield Connected(rewards, ReferralRockGateway(rewards, pacer, settings.referral_rock.batch_size), pacer)


def count_call(ledger: Ledger, target: Target, calls_per_day: int) -> None:
    """Count one call before it is made; `BudgetSpent` where the day's calls do not hold it, `Interrupted` on a stop."""
    if stop_requested.is_set():
        raise Interrupted("Stopped as asked: nothing was in flight, the rest waits. Run again.")
    with ledger.begin() as connection:
        if not take_calls(connection, target, utc_now().date(), 1, calls_per_day):
            raise BudgetSpent(
                f"The {calls_per_day} calls of today for {target} are spent: the rest waits for tomorrow."
            )


def check_services(settings: Settings, ledger: Ledger, places: Iterable[Place]) -> None:
    """Raise where a service that is needed is out of reach or refuses the credentials; nothing is changed there."""

    async def check() -> None:
        for place in places:
            # What cannot be sent today is registered all the same, and stays pending.
            with suppress(BudgetSpent):
                async with connected(settings, ledger, place):
                    pass

    asyncio.run(check())


def post_place(settings: Settings, ledger: Ledger, run_id: str, place: Place, on_progress: OnProgress) -> None:
    """Post everything that is ready for one service and site."""

    async def post() -> None:
        async with connected(settings, ledger, place) as service:
            posting = Posting(ledger, service.gateway, service.pacer, settings.loader, run_id, on_progress)
            await posting.run()

    asyncio.run(post())


def settle_place(settings: Settings, ledger: Ledger, run_id: str, place: Place) -> set[str]:
    """Read back everything in doubt at one service and site; return the ids that it could not decide."""

    async def settle() -> set[str]:
        async with connected(settings, ledger, place) as service:
            if isinstance(service.client, MindbodyClient):
                return await settle_mindbody(ledger, service.client, run_id, settings.loader.concurrency)
            return await settle_referral_rock(ledger, service.client, run_id)

    return asyncio.run(settle())
