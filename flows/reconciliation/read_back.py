"""Read what the services say: Mindbody client by client, Referral Rock in one sweep.

One client that cannot be read does not stop the others: it is named, and nothing is concluded about it.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from flows.ledger.connection import Ledger
from flows.runtime.errors import AnswerUnreadable, TieoutError, of_one_place
from flows.services.mindbody.client import MindbodyClient
from flows.services.mindbody.connect import open_mindbody
from flows.services.referral_rock.connect import open_referral_rock
from flows.services.standing import standing_of
from flows.settings.sections import Settings
from transforms.destinations import Destination, NotRead, client_not_read, destination_not_read, reward_not_read
from transforms.match.reconciled import Client
from transforms.settle.history import History
from transforms.settle.windows import Window
from transforms.vocabulary import Target, Unread


@dataclass(frozen=True)
class Remote:
    """What the services said when they were asked."""

    histories: Mapping[Client, History]
    unread: Mapping[Client, str]  # why a client could not be read
    rewards: Mapping[str, Mapping[str, Any]] | None  # by id in lower case; None where Referral Rock was not read
    failed: Mapping[Destination, str] = field(default_factory=dict)  # why a whole service or site could not be read

    @property
    def failures(self) -> tuple[str, ...]:
        """What a whole service or site said, a line each."""
        return tuple(self.failed.values())

    @property
    def read(self) -> frozenset[tuple[Unread, str]]:
        """Whatever could be read, as `NotRead.key` tells what could not."""
        clients = [client_not_read(site_id, client_id, "").key for site_id, client_id in self.histories]
        rewards = [reward_not_read(reward_id, "").key for reward_id in self.rewards or ()]
        return frozenset([*clients, *rewards])

    @property
    def not_read(self) -> tuple[NotRead, ...]:
        """Whatever could not be read; a site that is down is named once, and not for each of its clients."""
        found = [destination_not_read(destination, why) for destination, why in self.failed.items()]
        read_sites = {site_id for site_id, _ in self.histories}
        for (site_id, client_id), why in sorted(self.unread.items()):
            is_site_named = Destination(Target.MINDBODY, site_id) in self.failed
            if site_id in read_sites or not is_site_named:
                found.append(client_not_read(site_id, client_id, why))
        return tuple(found)


def fetch_remote(settings: Settings, ledger: Ledger, windows: Sequence[Window], *, with_rewards: bool) -> Remote:
    """Read the windows' clients, and all rewards where asked; trouble at one place never stops the others."""
    return asyncio.run(_fetch(settings, ledger, windows, with_rewards))


async def _fetch(settings: Settings, ledger: Ledger, windows: Sequence[Window], with_rewards: bool) -> Remote:
    found: dict[Client, History | TieoutError] = {}
    failed: dict[Destination, str] = {}
    # Side by side, as they are posted to: each at its own pace, within the one that they share.
    slots = asyncio.Semaphore(settings.loader.sites_at_once)

    async def fetch(site_id: str, windows_here: Sequence[Window]) -> None:
        async with slots:
            answers = await _fetch_site(settings, ledger, site_id, windows_here)
        found.update(answers)
        why = _why_site_failed(settings, site_id, answers.values())
        if why is not None:
            failed[Destination(Target.MINDBODY, site_id)] = why

    await asyncio.gather(*(fetch(site_id, of_site) for site_id, of_site in _by_site(windows).items()))
    rewards = None
    if with_rewards:
        try:
            rewards = await _fetch_rewards(settings, ledger)
        except Exception as error:  # noqa: BLE001 - as below
            failed[Destination(Target.REFERRAL_ROCK, "")] = str(of_one_place(error))
    histories: dict[Client, History] = {}
    unread: dict[Client, str] = {}
    # In the order of sites and clients, whoever answered first.
    for client, answer in sorted(found.items(), key=itemgetter(0)):
        if isinstance(answer, History):
            histories[client] = answer
        else:
            unread[client] = str(answer)
    return Remote(histories, unread=unread, rewards=rewards, failed=dict(sorted(failed.items())))


def _by_site(windows: Sequence[Window]) -> dict[str, list[Window]]:
    of_site: dict[str, list[Window]] = {}
    for window in windows:
        of_site.setdefault(window.site_id, []).append(window)
    return of_site


def _why_site_failed(settings: Settings, site_id: str, answers: Collection[History | TieoutError]) -> str | None:
    """Return why the site as a whole could not be read, or not to the end; None where it is only its clients."""
    site = Destination(Target.MINDBODY, site_id)
    stopped = standing_of(site, settings).why_reading_stopped
    if stopped:
        return stopped
    troubles = [answer for answer in answers if isinstance(answer, TieoutError)]
    # Not one client could be read: that is the site's trouble, unless it answered, and what it said is odd.
    is_of_site = len(troubles) == len(answers) and not any(isinstance(one, AnswerUnreadable) for one in troubles)
    return str(troubles[0]) if is_of_site else None


async def _fetch_rewards(settings: Settings, ledger: Ledger) -> dict[str, dict[str, Any]]:
    async with open_referral_rock(settings, ledger) as client:
        return await client.fetch_rewards()


async def _fetch_site(
    settings: Settings, ledger: Ledger, site_id: str, windows: Sequence[Window]
) -> dict[Client, History | TieoutError]:
    try:
        async with open_mindbody(settings, ledger, site_id) as client:
            return await _fetch_histories(client, windows, settings.loader.concurrency)
    except Exception as error:  # noqa: BLE001 - an answer that nobody foresaw is that place's trouble alone
        trouble = of_one_place(error)
        return {window.client: trouble for window in windows}


async def _fetch_histories(
    client: MindbodyClient, windows: Sequence[Window], concurrency: int
) -> dict[Client, History | TieoutError]:
    slots = asyncio.Semaphore(concurrency)

    async def fetch(window: Window) -> History | TieoutError:
        async with slots:
            try:
                # A day more on each side, since nobody has documented whether the service means the site's days or
                # UTC's.
                wide = window.widened
                return await client.fetch_history(wide.client_id, wide.since, wide.until)
            except Exception as error:  # noqa: BLE001 - as above
                return of_one_place(error)

    answers = await asyncio.gather(*(fetch(window) for window in windows))
    return {window.client: answer for window, answer in zip(windows, answers, strict=True)}
