"""Mindbody's messages: the request body of one event, and what the answer to it proves.

Follows "Update Client Rewards Request": PascalCase names, UTC times in requests; transactions come back in the
site's local time without an offset, with ``SourceID`` spelled otherwise than in the request, and without any id.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from flows.runtime.clock import utc_now
from flows.services.clocks import read_clock
from flows.services.gateway import NOT_YET
from flows.services.http import Exchange
from flows.services.mindbody.transactions import balance_of, read_transactions
from flows.services.verdict import access_denied, answered, foreign, looks_like_a_page, verdict_of_transport
from sql.claims import Answer
from transforms.settle.history import Transaction, is_equal, is_kin
from transforms.vocabulary import Verdict

# Nothing took effect, and later it may.
_PASSING_CODES = {"sqldbmaintenance", "toomanyrequests"}
# Codes that say no more than that something went wrong: nobody knows whether before the work was done or after it.
_SILENT_CODES = {"", "unknown", "unknownerror", "error", "none", "null"}
# Codes that speak of the caller or the site, not of the event: nothing took effect, and every other would fail too.
_CALLER_CODES = {
    "deniedaccess",
    "invalidpermissionconfiguration",
    "invalidsettingconfiguration",
    "invalidsiteid",
    "invalidsourcecredentials",
    "invalidstaffcredentials",
    "invalidusercredentials",
}

_MOST_RETURNED = 4_000  # characters; a transaction and its balance take some two hundred
_NEAR = timedelta(minutes=15)  # of the service's time: as far as clocks of machines that are looked after differ
# Made once: `json.dumps` makes one for each text, which takes longer than the text.
_write_body = json.JSONEncoder(ensure_ascii=False).encode
_write_returned = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


def request_body(event: Row[Any]) -> bytes:
    """Return the body for one event; a field that the event lacks is left out, never sent empty."""
    body: dict[str, Any] = {
        "ClientId": event.client_id,
        "Points": event.points,
        "Action": event.action,
        "ActionDateTime": _utc_text(event),
    }
    if event.source is not None:
        body["Source"] = event.source
    if event.source_id is not None:
        body["SourceId"] = event.source_id
    return _write_body(body).encode()


def _utc_text(event: Row[Any]) -> str:
    """Write the event's time with the digits that its row shows after the second, none where it shows none."""
    in_utc = event.action_at.astimezone(UTC).replace(tzinfo=None)
    text = in_utc.isoformat(timespec="seconds")
    if event.action_fraction:
        text += f".{event.action_fraction}"
    return f"{text}Z"


def read_answer(exchange: Exchange, event: Row[Any], zone: ZoneInfo) -> Answer:
    """Return what the answer to one posted event proves about it."""
    from_transport = verdict_of_transport(exchange)
    if from_transport is not None:
        return from_transport
    body = exchange.json_object
    error = None if body is None else error_of(body)
    # Without the service's own error body a 4xx may come from anything on the way, after the service did its work.
    if exchange.status >= 400 and error is None:
        return foreign(exchange)
    if body is None:
        return _read_no_object(exchange)
    if error is not None:
        return _read_error(exchange, error, event, confirms=_confirms(body, event, zone))
    return _read_confirmation(exchange, body, event, zone)


def _read_no_object(exchange: Exchange) -> Answer:
    if looks_like_a_page(exchange.body):
        return foreign(exchange)
    return answered(Verdict.UNKNOWN, exchange, "the answer is no whole JSON object")


@dataclass(frozen=True)
class ServiceError:
    """What the service itself says went wrong."""

    code: str
    message: str

    @property
    def is_about_access(self) -> bool:
        """Whether it speaks of the key, the staff user, a permission or the site, and of no event."""
        return self.code.lower() in _CALLER_CODES


def error_of(body: Mapping[str, Any]) -> ServiceError | None:
    """Return the service's own error; None where the body holds none, or one that is empty."""
    error = body.get("Error")
    if not isinstance(error, dict):
        return None
    code, message = (_said(error.get(name)) for name in ("Code", "Message"))
    return ServiceError(code, message) if code or message else None


def _said(value: Any) -> str:
    return "" if value is None else str(value).strip()


# The service's own error, by its code:
#
#     code                          status     so it is
#     maintenance, too many         any        ready: nothing took effect, and later it may
#     keys, permissions, site       any        ready, and nothing more is sent there: every event would fail
#     any, beside the transaction   2xx        unknown: it says both
#     any other                     403        ready, and nothing more is sent there: the service denies access
#     says nothing ("Unknown")      4xx        unknown: it may have failed before the work or after it
#     any other, of the future      2xx, 4xx   ready, where the event's time is near the service's own
#     any other, or says nothing    2xx, 4xx   refused
#
# That the time may not be in the future is documented ("Update Client Rewards Request"); neither the code nor the words
# of that refusal are, so it is known by the one word that it can hardly do without. In other words it is a refusal like
# any other: for good, until a person lets it be tried again. It comes last: what is known by its code is never taken
# for something else by a word of its message, which may quote what was sent.
def _read_error(exchange: Exchange, error: ServiceError, event: Row[Any], *, confirms: bool) -> Answer:
    code, message = error.code, error.message
    if code.lower() in _PASSING_CODES:
        return answered(Verdict.RETRY, exchange, message, code=code)
    if error.is_about_access:
        return access_denied(exchange, message, code=code)
    if confirms:
        return answered(Verdict.UNKNOWN, exchange, f"the answer lists the event beside an error: {message}", code=code)
    if exchange.status == 403:
        return access_denied(exchange, message, code=code)
    if exchange.status >= 400 and code.lower() in _SILENT_CODES:
        return answered(Verdict.UNKNOWN, exchange, message or "the service names no reason", code=code)
    if _lies_ahead(exchange, event, message):
        # The two clocks differ by a moment, and the moment passes: a refusal is for good, and this is none.
        return answered(Verdict.RETRY, exchange, message, code=NOT_YET)
    return answered(Verdict.REFUSED, exchange, message or "refused without a reason", code=code)


def _confirms(body: Mapping[str, Any], event: Row[Any], zone: ZoneInfo) -> bool:
    transactions = read_transactions(body, zone) or []
    return any(is_kin(transaction, event) for transaction in transactions)


def _lies_ahead(exchange: Exchange, event: Row[Any], message: str) -> bool:
    """Return whether the service says that the event's time, which is near its own, is in the future.

    Of a time that lies well in the past by the service's own clock it says something else than that one has to wait.
    """
    if "future" not in message.lower():
        return False
    reading = read_clock(exchange)
    now_there = utc_now() if reading is None else reading.shown_at
    is_near: bool = event.action_at > now_there - _NEAR
    return is_near


def _read_confirmation(exchange: Exchange, body: Mapping[str, Any], event: Row[Any], zone: ZoneInfo) -> Answer:
    transactions = read_transactions(body, zone)
    balance = balance_of(body)
    returned = _all_fields(body)
    if transactions is None:
        told = "the answer has no transactions that can be read"
        return answered(Verdict.UNKNOWN, exchange, told, balance=balance, returned=returned)
    # The answer is to this request alone, so a service that rounds the time or tells the source otherwise confirms it.
    if any(is_kin(transaction, event) for transaction in transactions):
        is_echo = _is_echo(transactions, event)
        confirmed = "confirmed by the service"
        return answered(Verdict.POSTED, exchange, confirmed, balance=balance, returned=returned, is_echo=is_echo)
    return answered(Verdict.UNKNOWN, exchange, "the answer does not list the event", balance=balance, returned=returned)


def _all_fields(body: Mapping[str, Any]) -> str | None:
    """Return all that came back, for the ledger; None where it is more than the answer about one event can be."""
    text = _write_returned(body)
    return text if len(text) <= _MOST_RETURNED else None


def _is_echo(transactions: Sequence[Transaction], event: Row[Any]) -> bool:
    """Return whether the answer lists the event alone, and each of its fields as it was sent, to the second.

    Less confirms the event, and proves nothing about its client: a service that tells one field otherwise may tell the
    balance otherwise, too.
    """
    if len(transactions) != 1:
        return False
    (shown,) = transactions
    return is_equal(shown, event) and event.action_at in shown.action_at_candidates
