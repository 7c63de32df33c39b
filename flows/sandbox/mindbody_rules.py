"""What Mindbody demands of an UpdateClientRewardsRequest, from its documented fields, kept as a service would keep it.

Written apart from the rules of `transforms`, on purpose: a rule misread there is refused here. Names are read in any
case, as the service's own binder seems to. Where the documents leave the service's answer open, the choice is: 404 for
an unknown client, 400 for everything else; an optional field that is sent as null or "" is refused.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flows.sandbox.clock import current_time
from flows.sandbox.errors import ServiceError
from flows.sandbox.seed import SeedTransaction
from flows.sandbox.state import SandboxState

SOURCES = ("Appointment Booking", "Class Booking", "Referral", "Sale")
MAX_INT64 = 2**63 - 1
FIRST_TIME = datetime(1753, 1, 1, tzinfo=UTC)  # where the dates of common databases begin


def read_update(body: bytes, state: SandboxState, site_id: str) -> tuple[str, SeedTransaction]:
    """Return (client id, entry) of a request that keeps every rule; raise what the service answers otherwise."""
    fields = _read_fields(body)
    client_id, action = fields["clientid"], fields["action"]
    if not isinstance(client_id, str):
        raise _invalid("ClientId must be a string.")
    points = _whole("Points", fields["points"])
    if action not in ("Earned", "Redeemed"):
        raise _invalid("Action must be Earned or Redeemed.")
    source = _read_source(fields, action)
    source_id = _whole("SourceId", fields["sourceid"]) if "sourceid" in fields else None
    acted_at = _read_time(fields)
    if client_id not in state.clients:
        raise ServiceError(404, "ClientNotFound", f"Client {client_id} was not found.")
    _check_source_id(state, client_id, source, source_id)
    if action == "Redeemed" and points > state.balances[state.account(client_id, site_id)]:
        raise ServiceError(400, "ValidationFailed", "The client has not enough reward points.")
    return client_id, SeedTransaction(action, points, source, source_id, acted_at)


def _read_fields(body: bytes) -> Mapping[str, Any]:
    try:
        fields = {str(name).lower(): value for name, value in json.loads(body).items()}
    except (ValueError, AttributeError):
        raise _invalid("The body must be one JSON object.") from None
    missing = [name for name in ("ClientId", "Points", "Action") if fields.get(name.lower()) in (None, "")]
    if missing:
        raise ServiceError(400, "MissingRequiredFields", f"Required: {', '.join(missing)}.")
    return fields


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_INT64:
        raise _invalid(f"{name} must be a positive whole number.")
    return value


def _read_source(fields: Mapping[str, Any], action: str) -> str | None:
    if "source" not in fields:
        if action == "Earned" and "sourceid" in fields:
            raise _invalid("SourceId needs a Source when points are earned.")
        return None
    if action == "Redeemed":
        raise _invalid("Source must be omitted when points are redeemed.")
    if fields["source"] not in SOURCES:
        raise _invalid(f"Source must be one of {', '.join(SOURCES)}.")
    return str(fields["source"])


def _read_time(fields: Mapping[str, Any]) -> datetime:
    now = current_time()
    if "actiondatetime" not in fields:
        return now.replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(fields["actiondatetime"])
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        raise _invalid("ActionDateTime is not a valid date and time.") from None
    if moment < FIRST_TIME:
        raise _invalid("ActionDateTime is not a valid date and time.")
    if moment > now:
        raise _invalid("ActionDateTime may not be in the future.")
    return moment


def _check_source_id(state: SandboxState, client_id: str, source: str | None, source_id: int | None) -> None:
    if source_id is None:
        return
    visits = (visit for visit in state.visits if visit.client_id == client_id)
    if source == "Appointment Booking":
        is_known, code = any(visit.appointment_id == source_id for visit in visits), "InvalidParameter"
    elif source == "Class Booking":
        is_known, code = any(visit.visit_id == source_id for visit in visits), "ClassVisitNotFound"
    elif source == "Referral":
        is_known, code = str(source_id) in state.clients[client_id].referred, "RelatedClientNotFound"
    else:
        sale = state.sales.get(source_id)
        is_known, code = sale is not None and sale.client_id == client_id, "SaleIdNotFound"
    if not is_known:
        raise ServiceError(400, code, f"SourceId {source_id} is not valid for this client and source.")


def _invalid(message: str) -> ServiceError:
    return ServiceError(400, "InvalidParameter", message)
