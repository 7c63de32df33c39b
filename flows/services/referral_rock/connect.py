"""Open Referral Rock with valid keys; calls are counted, and have no limit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from flows.ledger.connection import Ledger
from flows.services.binding import bind_or_refuse, refuse_other_services
from flows.services.calls import WITHOUT_LIMIT, count_call
from flows.services.gateway import Service
from flows.services.http import open_session
from flows.services.referral_rock.client import ReferralRockClient
from flows.services.referral_rock.gateway import ReferralRockGateway
from flows.services.referral_rock.settle import read_doubtful
from flows.services.referral_rock.try_again import read_before_another_try
from flows.services.standing import standing_of
from flows.settings.sections import Settings
from transforms.destinations import Destination
from transforms.vocabulary import Target


@asynccontextmanager
async def open_referral_rock(settings: Settings, ledger: Ledger) -> AsyncIterator[ReferralRockClient]:
    """Give a client that reads rewards.

    Raises `ServiceUnreachable`, `CredentialsRefused`, `SettingsError` or `OtherService`.
    """
    count = partial(count_call, ledger, Target.REFERRAL_ROCK, WITHOUT_LIMIT)
    refuse_other_services(settings, ledger)
    standing = standing_of(Destination(Target.REFERRAL_ROCK, ""), settings)
    standing.refuse_where_closed()
    loader, url = settings.loader, settings.referral_rock.base_url
    async with open_session(settings, url, loader.concurrency, loader.timeout_seconds) as session:
        client = ReferralRockClient(settings, session, standing, count)
        await client.connect()
        bind_or_refuse(settings, ledger, Target.REFERRAL_ROCK, client.stand_in)
        yield client


@asynccontextmanager
async def open_service(settings: Settings, ledger: Ledger, _site_id: str) -> AsyncIterator[Service]:
    """Give the service to post to and to settle; it has no sites. Raises as `open_referral_rock` does."""
    async with open_referral_rock(settings, ledger) as client:
        yield Service(
            gateway=ReferralRockGateway(client, client.pacer, settings.referral_rock.batch_size),
            standing=client.standing,
            clock=client.clock,
            read_doubtful=partial(read_doubtful, client),
            read_before_another_try=partial(read_before_another_try, client),
        )
