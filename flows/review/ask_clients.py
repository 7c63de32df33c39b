"""Ask the service about clients before their points are posted: whether it knows them, and what they have.

One call for each, within what the day has left once everything that waits is posted and read back. Nothing is changed
but the count of calls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flows.intake.source_ids import calls_beside
from flows.ledger.connection import Ledger
from flows.reconciliation.read_back import fetch_remote
from flows.runtime.clock import utc_now
from flows.services.mindbody.tokens import sharing_tokens
from flows.services.standing import sharing_standings
from flows.settings.sections import Settings
from transforms.match.reconciled import Client
from transforms.settle.windows import Window

_CALLS_EACH = 1  # of a client with less than a page of entries since yesterday


@dataclass(frozen=True)
class Asked:
    """What the service said, and when; ``unread`` says why nothing was learned of some."""

    at: datetime
    balances: Mapping[Client, int | None]  # None: it knows no such client, or tells no balance
    unread: Mapping[Client, str]


def may_ask(settings: Settings, ledger: Ledger, new_count: int, clients_count: int) -> int:
    """Return about how many clients may be asked about today, without a call that posting will need.

    ``new_count``: rows of the sheet that will be posted, each by a call; ``clients_count``: whom that reads back. Rows
    that were posted before take none.
    """
    needed_count = new_count + clients_count
    spare_count = calls_beside(settings, ledger, needed_count, sites_count=1)
    return max(0, spare_count // _CALLS_EACH)


def ask_clients(settings: Settings, ledger: Ledger, clients: Sequence[Client]) -> Asked:
    """Read these clients' balances, each by its site."""
    at = utc_now()
    windows = [_window(settings, at, client) for client in clients]
    with sharing_tokens(), sharing_standings():
        remote = fetch_remote(settings, ledger, windows, with_rewards=False)
    balances = {client: history.balance for client, history in remote.histories.items()}
    return Asked(at, balances, remote.unread)


def _window(settings: Settings, now: datetime, client: Client) -> Window:
    site_id, client_id = client
    zone = ZoneInfo(settings.mindbody.site(site_id).timezone)
    today = now.astimezone(zone).date()
    # The balance is asked for; of the entries as few as can be.
    return Window(site_id, client_id, today - timedelta(days=1), today, zone)
