"""Examine both services: are they there, does their clock agree, do they take the credentials.

Whether one is there is asked without credentials, which is no metered call; the credentials are tried by one call a
site, and its zone is asked for by another, counted like all others, and only where the service is there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial

import aiohttp

from flows.doctor.diagnosis import Diagnosis, Health, bad, doubtful, good
from flows.doctor.ledger import PATIENCE_SECONDS, refusal_to_write
from flows.doctor.zones import compare_zones
from flows.ledger.connection import Ledger, connect_ledger, ledger_revision, sqlite_file
from flows.runtime.clock import utc_now
from flows.runtime.errors import BudgetSpent, CouldNotRun, CredentialsRefused, ExitCode, SettingsError, TieoutError
from flows.services.calls import WITHOUT_LIMIT, count_call
from flows.services.clocks import NOTABLE_SECONDS, read_clock
from flows.services.http import Exchange, Reach, exchange, open_session
from flows.services.mindbody.client import MindbodyClient
from flows.services.mindbody.zone import told_zone
from flows.services.network import way_to
from flows.services.pace import Pacer
from flows.services.referral_rock.client import ReferralRockClient
from flows.services.standing import Standing
from flows.settings.of_services import SiteSettings
from flows.settings.sections import Settings
from sql.revision import head_revision
from transforms.vocabulary import Target

_LONGEST_WAIT_SECONDS = 10.0
_MOST_SKEW_SECONDS = 5.0  # a Date header is cut to the second, and its answer takes a while
_NOT_CONFIGURED = "It is not configured: rows for it cannot be posted."


def examine_services(settings: Settings) -> list[Diagnosis]:
    """Say how each configured service is; what is not configured is not asked."""
    with _counting_ledger(settings) as ledger:
        return asyncio.run(_examine(_hurried(settings), ledger))


@contextmanager
def _counting_ledger(settings: Settings) -> Iterator[Ledger | None]:
    """Give the ledger to count calls in; None where there is none that could (another diagnosis says why)."""
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        yield None
        return
    try:
        ledger = connect_ledger(settings, PATIENCE_SECONDS)
        can_count = ledger_revision(ledger) == head_revision() and refusal_to_write(ledger) is None
    except TieoutError:
        yield None
        return
    with ledger:
        yield ledger if can_count else None


def _hurried(settings: Settings) -> Settings:
    """Return the settings for one try and a short wait: a person sits before it."""
    seconds = min(settings.loader.timeout_seconds, _LONGEST_WAIT_SECONDS)
    loader = settings.loader.model_copy(update={"max_tries": 1, "timeout_seconds": seconds})
    return settings.model_copy(update={"loader": loader})


async def _examine(settings: Settings, ledger: Ledger | None) -> list[Diagnosis]:
    # At the same time: a service that does not answer takes the whole wait, and one after the other would take two.
    of_mindbody = partial(_examine_mindbody, settings, ledger)
    of_rewards = partial(_examine_referral_rock, settings, ledger)
    mindbody, referral_rock = await asyncio.gather(
        _in_session("Mindbody", settings, settings.mindbody.base_url, of_mindbody),
        _in_session("Referral Rock", settings, settings.referral_rock.base_url, of_rewards),
    )
    return [*mindbody, *referral_rock]


async def _in_session(
    name: str,
    settings: Settings,
    url: str,
    examine: Callable[[aiohttp.ClientSession], Awaitable[list[Diagnosis]]],
) -> list[Diagnosis]:
    try:
        session = open_session(settings, url, 1, settings.loader.timeout_seconds)
    except SettingsError as error:  # a proxy or an authority that cannot be used
        return [bad(name, str(error), mend="", exit_code=ExitCode.WRONG_USAGE)]
    async with session:
        return await examine(session)


async def _examine_mindbody(
    settings: Settings, ledger: Ledger | None, session: aiohttp.ClientSession
) -> list[Diagnosis]:
    name = "Mindbody"
    mindbody = settings.mindbody
    if mindbody.api_key is None or not mindbody.sites:
        return [good(name, _NOT_CONFIGURED)]
    diagnoses, is_there = await _reach(name, settings, mindbody.base_url, session)
    if not is_there:
        return diagnoses
    count = _counter(ledger, Target.MINDBODY, mindbody.calls_per_day)
    for site in mindbody.sites:
        standing = Standing(Pacer(settings.loader.requests_per_second))
        client = MindbodyClient(settings, site.site_id, session, standing, count)
        found = await _try(f"{name} site {site.site_id}", client.connect(utc_now()), ledger)
        diagnoses.append(found)
        # Whoever is not let in is not told either.
        if found.health is Health.OK:
            diagnoses.append(await _examine_zone(client, site))
    return diagnoses


async def _examine_zone(client: MindbodyClient, site: SiteSettings) -> Diagnosis:
    name = f"Mindbody site {site.site_id} zone"
    try:
        told = await told_zone(client)
    except (BudgetSpent, CouldNotRun) as error:
        return doubtful(name, f"The site's zone could not be asked for. {error}", mend="")
    return compare_zones(name, site.timezone, told, utc_now())


async def _examine_referral_rock(
    settings: Settings, ledger: Ledger | None, session: aiohttp.ClientSession
) -> list[Diagnosis]:
    name = "Referral Rock"
    rewards = settings.referral_rock
    if rewards.public_key is None or rewards.private_key is None:
        return [good(name, _NOT_CONFIGURED)]
    diagnoses, is_there = await _reach(name, settings, rewards.base_url, session)
    if not is_there:
        return diagnoses
    count = _counter(ledger, Target.REFERRAL_ROCK, WITHOUT_LIMIT)
    standing = Standing(Pacer(settings.loader.requests_per_second))
    client = ReferralRockClient(settings, session, standing, count)
    diagnoses.append(await _try(f"{name} keys", client.connect(), ledger))
    return diagnoses


def _counter(ledger: Ledger | None, target: Target, calls_per_day: int) -> Callable[[], None]:
    """Return what a client calls before each call that it makes, so that the call is counted before it is made."""
    if ledger is None:
        return lambda: None
    return lambda: count_call(ledger, target, calls_per_day)


async def _reach(
    name: str, settings: Settings, base_url: str, session: aiohttp.ClientSession
) -> tuple[list[Diagnosis], bool]:
    """Ask the service's front door, without credentials; any answer shows that it is there, and its clock."""
    answer = await exchange(session, "GET", f"{base_url}/", headers={})
    way = way_to(settings, base_url).words
    if answer.reach is not Reach.ANSWERED:
        mend = "See that base_url is right and that this machine may reach it."
        said = f"{base_url} is out of reach, {way}: {answer.failure}."
        return [bad(name, said, mend=mend, exit_code=ExitCode.COULD_NOT_RUN)], False
    there = good(name, f"{base_url} answers, {way}, in {answer.duration_ms:.0f} ms.")
    return [there, _examine_clock(f"{name} clock", answer)], True


def _examine_clock(name: str, answer: Exchange) -> Diagnosis:
    """Compare the clock of the service, which has just answered, with this machine's."""
    reading = read_clock(answer)
    if reading is None:
        return good(name, "It does not tell its time.")
    ahead = reading.ahead_seconds
    if abs(ahead) < NOTABLE_SECONDS:
        return good(name, "This machine's clock and the service's agree.")
    direction = "ahead of" if ahead > 0 else "behind"
    said = f"This machine's clock is {abs(ahead):.0f} s {direction} the service's."
    if abs(ahead) > _MOST_SKEW_SECONDS:
        # A time in the future is refused, and what landed is looked for around the wrong moment.
        return doubtful(name, said, mend="Set this machine's clock by a time service.")
    return good(name, said)


async def _try(name: str, attempt: Awaitable[None], ledger: Ledger | None) -> Diagnosis:
    counted = "" if ledger is not None else " (The call is not counted: no ledger to count it in.)"
    try:
        await attempt
    except BudgetSpent as error:
        return doubtful(name, f"The credentials were not tried. {error}", mend="")
    except (SettingsError, CredentialsRefused) as error:
        return bad(name, str(error), mend="", exit_code=ExitCode.WRONG_USAGE)
    except CouldNotRun as error:
        return bad(name, str(error), mend="", exit_code=ExitCode.COULD_NOT_RUN)
    return good(name, f"The credentials are accepted.{counted}")
