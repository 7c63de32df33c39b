"""Mindbody's messages: the request body of one event, and what an answer or a read says.

Follows "Update Client Rewards Request": PascalCase names, UTC times in requests; transactions come back in the
site's local time without an offset, with ``SourceID`` spelled otherwise than in the request, and without any id.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from flows.services.http import Exchange
from flows.services.verdict import answered, verdict_of_transport
from sql.claims import Answer
from transforms.settle.history import Transaction, is_kin
from transforms.vocabulary import Verdict

# Nothing took effect, and later it may.
_PASSING_CODES = {"sqldbmaintenance", "toomanyrequests"}
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

_FIRST_YEAR = 1900


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
    return json.dumps(body, ensure_ascii=False).encode()


def _utc_text(event: Row[Any]) -> str:
    """Write the event's time with the digits that its row shows after the second, none where it shows none."""
    second = event.action_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{second}.{event.action_fraction}Z" if event.action_fraction else f"{second}Z"


def read_answer(exchange: Exchange, event: Row[Any], zone: ZoneInfo) -> Answer:
    """Return what the answer to one posted event proves about it."""
    from_transport = verdict_of_transport(exchange)
    if from_transport is not None:
        return from_transport
    body = exchange.json_object
    if body is None:
        return answered(Verdict.UNKNOWN, exchange, "the answer is no whole JSON object")
    error = _error_of(body)
    if error is not None:
        code, message = error
        return _read_error(exchange, code=code, message=message)
    # Without the service's own error body a 4xx may come from anything on the way, after the service did its work.
    if exchange.status >= 400:
        return answered(Verdict.UNKNOWN, exchange, f"the service answered {exchange.status} without its error body")
    return _read_confirmation(exchange, body, event, zone)


def read_transactions(body: Mapping[str, Any], zone: ZoneInfo) -> list[Transaction] | None:
    """Return the transactions of an answer or a page; None where one of them cannot be read.

    Both documented shapes are taken: a list under ``Transactions``, and one under ``Transaction``.
    """
    listed = body.get("Transactions")
    if listed is None and isinstance(body.get("Transaction"), dict):
        listed = [body["Transaction"]]
    if not isinstance(listed, list):
        return None
    transactions: list[Transaction] = []
    for item in listed:
        transaction = _read_transaction(item, zone)
        # One that is passed over might be the very entry that is looked for: it would be taken for not landed, and sent
        # a second time. So all of the page counts as not read.
        if transaction is None:
            return None
        transactions.append(transaction)
    return transactions


def unreadable_part(body: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Say which part of a page cannot be read, for a page of which `read_transactions` gives none."""
    listed = body.get("Transactions")
    if not isinstance(listed, list):
        return "it has no list of transactions"
    unreadable = ((number, item) for number, item in enumerate(listed, 1) if _read_transaction(item, zone) is None)
    number, item = next(unreadable)
    fields = item if isinstance(item, dict) else {}
    # What the parsing depends on, and nothing else of what a client's entry may hold.
    shown = [f"{name} {str(fields.get(name))[:40]}" for name in ("Action", "Points", "ActionDateTime")]
    return f"entry {number} of {len(listed)} has {', '.join(shown)}"


def balance_of(body: Mapping[str, Any]) -> int | None:
    """Return the client's points that an answer or a page tells; None where it does not."""
    balance = body.get("Balance")
    # Python takes True for 1, and a number past 64 bits would stop the whole turn that records the answer.
    if not isinstance(balance, int) or isinstance(balance, bool) or abs(balance) >= 2**63:
        return None
    return balance


def _read_transaction(item: Any, zone: ZoneInfo) -> Transaction | None:
    try:
        source_id = item.get("SourceID", item.get("SourceId"))
        return Transaction(
            action=_word(item["Action"]),
            points=_whole(item["Points"]),
            source=item.get("Source") or None,
            source_id=int(source_id) if source_id else None,
            action_at_candidates=to_utc_candidates(item["ActionDateTime"], zone),
        )
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):  # OverflowError: the unset date, year 1
        return None


def _word(value: Any) -> str:
    """Return an action as it is told, also one that is not documented; ValueError where there is none."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("no action")
    return value


def _whole(value: Any) -> int:
    """Return whole points; ValueError for 12.5, which `int` would cut, and for what is no number."""
    number = int(value)
    if isinstance(value, bool) or not (isinstance(value, str) or number == value):
        raise ValueError("not whole")
    return number


def to_utc_candidates(text: str, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the UTC times, to the second, that a site-local time may stand for; two in the doubled hour.

    A text with an offset says it itself. ValueError where it is no time.
    """
    local = datetime.fromisoformat(text).replace(microsecond=0)
    if local.year < _FIRST_YEAR:
        raise ValueError("the service's unset time, the year 1")
    if local.tzinfo is not None:
        return (local.astimezone(UTC),)
    first = local.replace(tzinfo=zone)
    second = first.replace(fold=1)
    if first.utcoffset() == second.utcoffset():  # all but the hours around a clock change
        return (first.astimezone(UTC),)
    earlier, later = sorted((first.astimezone(UTC), second.astimezone(UTC)))
    return earlier, later


def _error_of(body: Mapping[str, Any]) -> tuple[str, str] | None:
    error = body.get("Error")
    if not isinstance(error, dict):
        return None
    return str(error.get("Code") or ""), str(error.get("Message") or "")


def _read_error(exchange: Exchange, *, code: str, message: str) -> Answer:
    if code.lower() in _PASSING_CODES:
        return answered(Verdict.RETRY, exchange, message, code=code)
    # A refusal is for good. Where the key or a permission is wrong, a whole night's events would be refused for good.
    if code.lower() in _CALLER_CODES:
        return answered(Verdict.UNAUTHORIZED, exchange, message, code=code)
    return answered(Verdict.REFUSED, exchange, message or "refused without a reason", code=code)


def _read_confirmation(exchange: Exchange, body: Mapping[str, Any], event: Row[Any], zone: ZoneInfo) -> Answer:
    transactions = read_transactions(body, zone)
    balance = balance_of(body)
    if transactions is None:
        return answered(Verdict.UNKNOWN, exchange, "the answer has no transactions that can be read", balance=balance)
    # The answer is to this request alone, so a service that rounds the time or tells the source otherwise confirms it.
    if any(is_kin(transaction, event) for transaction in transactions):
        return answered(Verdict.POSTED, exchange, "confirmed by the service", balance=balance)
    return answered(Verdict.UNKNOWN, exchange, "the answer does not list the event", balance=balance)
