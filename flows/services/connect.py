"""Connect to whatever service a destination names: the one place that knows all of them."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from flows.ledger.connection import Ledger
from flows.services.gateway import Service
from flows.services.mindbody import connect as mindbody
from flows.services.referral_rock import connect as referral_rock
from flows.settings.sections import Settings
from transforms.destinations import Destination
from transforms.vocabulary import Target

_OpenService = Callable[[Settings, Ledger, str], AbstractAsyncContextManager[Service]]
_SERVICES: Mapping[Target, _OpenService] = {
    Target.MINDBODY: mindbody.open_service,
    Target.REFERRAL_ROCK: referral_rock.open_service,
}


def connected(settings: Settings, ledger: Ledger, destination: Destination) -> AbstractAsyncContextManager[Service]:
    """Open the service with valid credentials, and close it with the block.

    Raises `ServiceUnreachable`, `CredentialsRefused`, `SettingsError` or `BudgetSpent`.
    """
    return _SERVICES[destination.target](settings, ledger, destination.site_id)
