"""What a reward of Referral Rock holds, and whether it is what an update has set.

Amounts are exact decimals in the program's currency or units, days are those of UTC; None where the service has none.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Row

from transforms.identity.reward_ids import without_case

_MOST_ID_CHARACTERS = 200
_MOST_MAGNITUDE = 60  # of an amount, in powers of ten


def is_id(value: Any) -> bool:
    """Return whether a value can be a reward's id."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    text = str(value)
    return bool(text.strip()) and text.isprintable() and len(text) <= _MOST_ID_CHARACTERS


def unreadable_value(reward: Mapping[str, Any]) -> str | None:
    """Say which of a reward's values cannot be read; None where all that updates set can be.

    Nothing is concluded about such a reward: whether it has what was set, nobody can tell.
    """
    checks = {
        "payoutId": is_id,
        "amount": _is_amount,
        "eligibilityDate": _is_day,
        "description": _is_text,
    }
    for name, is_readable in checks.items():
        value = reward.get(name)
        if value not in (None, "") and not is_readable(value):
            shown = str(value)[:40].encode("ascii", "backslashreplace").decode()
            return f"its {name} cannot be read: {shown}"
    return None


def _is_amount(value: Any) -> bool:
    return to_amount(value) is not None


def _is_text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    # Half a surrogate and the character zero are text to Python, and to nothing that keeps it afterwards.
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in value


def _is_day(value: Any) -> bool:
    return to_day(value) is not None or (isinstance(value, str) and value.startswith("0001-01-01"))


def is_kept_as(reward: Mapping[str, Any], told: Mapping[str, Any], event: Row[Any]) -> bool:
    """Return whether the reward shows what ``told`` showed, in all that the event sets."""
    pairs = [(str(one.get("payoutId", "")).lower(), *_values(one, event)) for one in (reward, told)]
    return pairs[0] == pairs[1]


def _values(reward: Mapping[str, Any], event: Row[Any]) -> tuple[object, ...]:
    return (
        None if event.amount is None else to_amount(reward.get("amount")),
        None if event.eligibility_on is None else to_day(reward.get("eligibilityDate")),
        None if event.description is None else reward.get("description") or "",
    )


def differing_fields(reward: Mapping[str, Any], event: Row[Any]) -> list[str]:
    """Return which of the values that the event sets the reward does not have."""
    differing = []
    if without_case(reward.get("payoutId", "")) != without_case(event.payout_id):
        differing.append("payoutId")
    # What the event leaves out it does not set, so whatever the reward has there is right.
    if event.amount is not None and to_amount(reward.get("amount")) != Decimal(event.amount):
        differing.append("amount")
    if event.eligibility_on is not None and to_day(reward.get("eligibilityDate")) != event.eligibility_on:
        differing.append("eligibilityDate")
    if event.description is not None and (reward.get("description") or "") != event.description:
        differing.append("description")
    return differing


def settable_values(reward: Mapping[str, Any]) -> dict[str, str]:
    """Return the values of a reward that an update can set, by name, each as equal values are written alike."""
    amount = to_amount(reward.get("amount"))
    payout_id = str(reward.get("payoutId") or "")
    values = {
        # 10 and 10.0 are one amount.
        "amount": None if amount is None else format(amount.normalize(), "f"),
        "payoutId": payout_id.lower(),
        "eligibilityDate": to_day(reward.get("eligibilityDate")),
        "description": reward.get("description"),
    }
    return {name: str(value) for name, value in values.items() if value}


def to_amount(value: Any) -> Decimal | None:
    """Return an exact decimal, None where there is none, or none that anybody would pay."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    # Reckoning with what is not a number, or has millions of digits, would end or hold up the run.
    is_usable = amount.is_finite() and abs(amount.adjusted()) <= _MOST_MAGNITUDE
    return amount if is_usable else None


def to_day(value: Any) -> date | None:
    """Return the UTC day of a date-time; None where there is none. Seven-digit fractions are cut."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(_cut_fraction(value))
        day = moment.astimezone(UTC).date() if moment.tzinfo else moment.date()
    except (ValueError, OverflowError):
        return None
    # The year 1 is the service's way to say that no day is set.
    return None if day.year == 1 else day


def _cut_fraction(text: str) -> str:
    head, point, tail = text.partition(".")
    if not point:
        return text
    zone = tail.lstrip("0123456789")
    return head + zone
