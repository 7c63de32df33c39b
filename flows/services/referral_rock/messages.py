"""Referral Rock's messages: the body of an update batch in JSON and XML, and what its answers say.

Follows "POST api/rewards/update". The documented answer to a list is one confirmation; lists of confirmations and of
results are seen too, so all three are read, and matched by reward id, never by position.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree import ElementTree

from sqlalchemy import Row

from flows.services.bounded_json import parse_json
from flows.services.bounded_xml import parse_xml
from transforms.identity.reward_ids import without_case

_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_DONE = {"success", "successful", "successfully", "succeeded", "updated", "saved", "ok"}
_NOT_DONE = {"error", "fail", "failed", "failure"}
# Words of a message that says no; without one of them, a message beside a reward may be a remark about what was done.
_REFUSING = {
    "already", "cannot", "denied", "error", "exist", "exists", "failed", "found", "invalid", "issued", "must", "no",
    "not", "only", "permitted", "required", "unable", "unknown", "wrong",
}  # fmt: skip
# An error in these words says no more than that there was one: before the work was done, or after it.
_SILENT = {"", "an error has occurred", "an unexpected error has occurred", "error", "unknown", "unknown error"}
_NO_SUCH_ADDRESS = "no http resource was found"
_MOST_ID_CHARACTERS = 200
_MOST_MAGNITUDE = 60  # of an amount, in powers of ten


@dataclass(frozen=True)
class Result:
    """One item of an answer: the reward as the service has it now, and what it says about the update."""

    reward: Mapping[str, Any] | None
    message: str
    status: str  # "" where the answer has no resultInfo

    @property
    def reward_id(self) -> str | None:
        """The reward's id as ids are compared: without case."""
        id_ = self.reward.get("id") if self.reward else None
        return without_case(id_) if is_id(id_) else None

    @property
    def as_json(self) -> str | None:
        """All fields of the reward as it came back, for the ledger."""
        return None if self.reward is None else json.dumps(self.reward, default=str, ensure_ascii=False)

    @property
    def is_refusal(self) -> bool:
        """Whether the service says plainly that the update was not done."""
        if self.status:
            return self.status.lower() in _NOT_DONE
        return self.reward is None and bool(self.message) and not self.sounds_done

    @property
    def says_no(self) -> bool:
        """Whether what it says beside the reward is a plain no, and no remark."""
        words = self._words
        return bool(words & _REFUSING) and not words & _DONE

    @property
    def sounds_done(self) -> bool:
        """Whether the status or the message speaks of success; the words are not documented, "not updated" is none."""
        words = self._words
        return bool(words & _DONE) and not words & _REFUSING

    @property
    def _words(self) -> set[str]:
        return set(re.findall(r"[a-z]+", f"{self.status} {self.message}".lower()))


def json_body(events: Sequence[Row[Any]]) -> bytes:
    """Return the batch as JSON; amounts are written as exact decimals, absent fields are left out."""
    return ("[" + ", ".join(_json_item(event) for event in events) + "]").encode()


def xml_body(events: Sequence[Row[Any]]) -> bytes:
    """Return the batch as XML, its elements in the documented order, which the service's reader minds."""
    ElementTree.register_namespace("i", _SCHEMA_INSTANCE)
    root = ElementTree.Element("ArrayOfupdateReward", {"xmlns:i": _SCHEMA_INSTANCE})
    for event in events:
        item = ElementTree.SubElement(root, "updateReward")
        for name, text in _xml_fields(event):
            if text is not None:
                ElementTree.SubElement(item, name).text = text
    document = bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
    # Every reader of XML makes one line feed of a line break of two signs, unless the first one is written as a number.
    return document.replace(b"\r", b"&#13;")


def read_results(body: bytes, *, is_xml: bool) -> list[Result] | None:
    """Return the items of an answer in any of the known shapes, None where it is broken or of another."""
    return _read_xml(body) if is_xml else _read_json(body)


@dataclass(frozen=True)
class OwnError:
    """What the service itself says is wrong with a request as a whole."""

    message: str

    @property
    def is_silent(self) -> bool:
        """Whether it says no more than that something went wrong."""
        return self.message.strip().rstrip(".").lower() in _SILENT

    @property
    def is_about_address(self) -> bool:
        """Whether it speaks of where the request went, and of no reward."""
        return _NO_SUCH_ADDRESS in self.message.lower()


def own_error(body: bytes, *, is_xml: bool) -> OwnError | None:
    """Return the service's own error; None where the body is something else, such as a gateway's or a page.

    In JSON and in XML it is a Message, spelled so; an error may come in the one form where the other was asked for.
    What gateways say is a "message", which a service's confirmation has as well, but never without a reward beside it.
    """
    for parsed in (_parse(body, is_xml=is_xml), _parse(body, is_xml=not is_xml)):
        if isinstance(parsed, dict) and isinstance(parsed.get("Message"), str):
            return OwnError(parsed["Message"])
        if isinstance(parsed, dict) and "message" in parsed and parsed.keys() & {"reward", "resultInfo"}:
            return OwnError(str(parsed["message"] or ""))
    return None


def _parse(body: bytes, *, is_xml: bool) -> Any:
    try:
        if not is_xml:
            return parse_json(body)
        root = parse_xml(body)
    except ValueError:
        return None
    # A confirmation is one by its name, since an empty reward is left out of it.
    missing = {"reward": None} if _local_name(root) == "rewardConfirmation" else {}
    return missing | _to_mapping(root)


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
    values = {
        # 10 and 10.0 are one amount.
        "amount": None if amount is None else format(amount.normalize(), "f"),
        "payoutId": str(reward.get("payoutId") or "").lower(),
        "eligibilityDate": to_day(reward.get("eligibilityDate")),
        "description": reward.get("description") or "",
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


def _json_item(event: Row[Any]) -> str:
    # Put together by hand, since `json` would write the amount by way of a float: 0.10 is to go out as 0.10.
    fields = [f'"rewardId": {json.dumps(event.reward_id)}']
    if event.amount is not None:
        fields.append(f'"amount": {_plain(event.amount)}')
    fields.append(f'"payoutId": {json.dumps(event.payout_id)}')
    if event.eligibility_on is not None:
        fields.append(f'"eligibilityDate": "{_midnight(event.eligibility_on, "Z")}"')
    if event.description is not None:
        fields.append(f'"description": {json.dumps(event.description, ensure_ascii=False)}')
    return "{" + ", ".join(fields) + "}"


def _xml_fields(event: Row[Any]) -> list[tuple[str, str | None]]:
    return [
        ("payoutId", event.payout_id),
        ("eligibilityDate", None if event.eligibility_on is None else _midnight(event.eligibility_on, "+00:00")),
        ("description", event.description),
        ("rewardId", event.reward_id),
        ("amount", None if event.amount is None else _plain(event.amount)),
    ]


def _plain(amount: str) -> str:
    return format(Decimal(amount), "f")


def _midnight(day: date, zone: str) -> str:
    return f"{day.isoformat()}T00:00:00{zone}"


def _read_json(body: bytes) -> list[Result] | None:
    try:
        parsed = parse_json(body)
    except ValueError:
        return None
    return _read_items(parsed if isinstance(parsed, list) else [parsed])


def _read_items(items: Sequence[Any]) -> list[Result] | None:
    """Return a result an item; None where one of them is none, since nobody can tell what the rest then means."""
    if not all(_is_result(item) for item in items):
        return None
    return [_result(item) for item in items]


def _is_result(item: Any) -> bool:
    return isinstance(item, dict) and bool(item.keys() & {"reward", "message", "resultInfo", "Message"})


def _result(item: Mapping[str, Any]) -> Result:
    result_info = item.get("resultInfo")
    # In some answers it is an object, in others the bare status.
    info = result_info if isinstance(result_info, dict) else {"status": result_info}
    reward = item.get("reward")
    message = info.get("message") or item.get("message") or item.get("Message") or ""
    return Result(
        reward=reward if isinstance(reward, dict) else None,
        message=str(message),
        status=str(info.get("status") or ""),
    )


def _read_xml(body: bytes) -> list[Result] | None:
    try:
        root = parse_xml(body)
    except ValueError:
        return None
    # One confirmation, or an error: both are about the request as a whole, as their JSON forms are.
    if _local_name(root) in {"rewardConfirmation", "Error"}:
        return _read_items([_to_mapping(root)])
    return _read_items([_to_mapping(child) for child in root])


def _to_mapping(element: ElementTree.Element) -> dict[str, Any]:
    return {_local_name(child): _to_mapping(child) if len(child) else child.text for child in element}


def _local_name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
