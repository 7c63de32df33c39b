"""Read the transactions and the balance that Mindbody tells of a client, in an answer or on a page of a history.

What is read here is counted to decide whether an event took effect. So nothing is guessed, rounded or passed over: an
entry that cannot be read to the last field makes all that came with it unread.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from sys import intern
from typing import Any
from zoneinfo import ZoneInfo

from transforms.settle.history import Transaction

_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_MOST_CHARACTERS = 200  # of an action or a source
_INT64 = 2**63


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
    number = next(number for number, item in enumerate(listed) if _read_transaction(item, zone) is None)
    item = listed[number]
    fields = item if isinstance(item, dict) else {}
    # What the parsing depends on, and nothing else of what a client's entry may hold.
    names = ("Action", "Points", "ActionDateTime", "Source", "SourceID")
    shown = [f"{name} {_shown(fields[name])}" for name in names if name in fields]
    return f"entry {number + 1} of {len(listed)} has {', '.join(shown)}"


def _shown(value: Any) -> str:
    """Return the beginning of a value as a line and a database can hold it."""
    beginning = str(value)[:40]
    storable = beginning.encode("utf-8", "backslashreplace").decode()
    return "".join(sign if sign.isprintable() else "?" for sign in storable)


def balance_of(body: Mapping[str, Any]) -> int | None:
    """Return the client's points that an answer or a page tells; None where it does not."""
    balance = body.get("Balance")
    # Python takes True for 1, and a number past 64 bits would stop the whole turn that records the answer.
    if not isinstance(balance, int) or isinstance(balance, bool) or abs(balance) >= _INT64:
        return None
    return balance


def _read_transaction(item: Any, zone: ZoneInfo) -> Transaction | None:
    # Whatever a service may put there, it spoils this entry alone: a list for a source, half a character, a time past
    # the calendar.
    try:
        source = item.get("Source")
        source_id = item.get("SourceID", item.get("SourceId"))
        return Transaction(
            action=_word(item["Action"]),
            points=_whole(item["Points"]),
            source=None if source in (None, "") else _word(source),
            source_id=None if source_id in (None, "", 0) else _whole(source_id),
            action_at_candidates=to_utc_candidates(item["ActionDateTime"], zone),
        )
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None


def _word(value: Any) -> str:
    """Return an action or source as it is told, also one that is not documented; ValueError where it is no text."""
    if not isinstance(value, str) or not value.strip() or len(value) > _MOST_CHARACTERS:
        raise ValueError("no word")
    # Half a surrogate and the character zero are text to Python, and to nothing that keeps or shows it afterwards.
    value.encode()
    if "\x00" in value:
        raise ValueError("no text")
    # The same few words in every entry: each is kept once.
    return intern(value)


def _whole(value: Any) -> int:
    """Return a whole number of 64 bits; ValueError for 12.5, which `int` would cut, and for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError("no number")
    # As nearly every number comes.
    if isinstance(value, int) and abs(value) < _INT64:
        return value
    # Made a number first and whole after: to write out one with an exponent of millions takes hours.
    number = Decimal(value.strip() if isinstance(value, str) else value)
    if not number.is_finite() or abs(number) >= _INT64 or number != int(number):
        raise ValueError("not whole, or past 64 bits")
    return int(number)


def to_utc_candidates(text: str, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the UTC times, to the second, that a site-local time may stand for; two in the doubled hour.

    A text with an offset says it itself. ValueError where it is no time.
    """
    local = datetime.fromisoformat(text).replace(microsecond=0)
    # The year 1 is the service's unset time; zones and frames of data end long before the year 9999 does.
    if not _FIRST_YEAR <= local.year <= _LAST_YEAR:
        raise ValueError("a time that is none")
    if local.tzinfo is not None:
        return (local.astimezone(UTC),)
    first = local.replace(tzinfo=zone)
    second = first.replace(fold=1)
    if first.utcoffset() == second.utcoffset():  # all but the hours around a clock change
        return (first.astimezone(UTC),)
    earlier, later = sorted((first.astimezone(UTC), second.astimezone(UTC)))
    return earlier, later
