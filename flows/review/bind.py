"""A person's word that the services in the settings are the ones that the ledger was used against."""

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.services.binding import configured_addresses
from flows.settings.sections import Settings
from sql.bindings import bind_service, binding_in_force
from transforms.vocabulary import SERVICE_NAMES


def bind_services(settings: Settings, ledger: Ledger, *, by: str, reason: str) -> list[str]:
    """Bind the ledger to every configured address that it is not bound to; return a line for each."""
    by, reason = by.strip(), reason.strip()
    if not by or not reason:
        raise WrongUsage("Binding the ledger to another address needs a name and a reason: --by NAME --reason TEXT.")
    lines = []
    with ledger.begin() as connection:
        for target, address in configured_addresses(settings).items():
            bound = binding_in_force(connection, target)
            if bound is not None and bound.address == address:
                continue
            # Against another service the ledger would take all that it posted for missing, and send it there once more.
            bind_service(connection, target, address, by=by, reason=reason, now=utc_now())
            before = f", {bound.address} before" if bound is not None else ""
            lines.append(f"{SERVICE_NAMES[target]}: {address}{before}.")
    return lines
