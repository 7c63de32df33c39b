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

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from sqlalchemy import Row

from transforms.identity.reward_ids import without_case

_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_DONE = {"success", "successful", "successfully", "succeeded", "updated", "saved", "ok"}
_NOT_DONE = {"error", "fail", "failed", "failure"}


@dataclass(frozen=True)
class Result:
    """One item of an answer: the reward as the service has it now, and what it says about the update."""

    reward: Mapping[str, Any] | None
    message: str
    status: str  # "" where the answer has no resultInfo

    @property
    def reward_id(self) -> str | None:
        """The reward's id as ids are compared: without case."""
        return without_case(self.reward["id"]) if self.reward and self.reward.get("id") else None

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
    def sounds_done(self) -> bool:
        """Whether the status or the message speaks of success; the words are not documented."""
        said = set(re.findall(r"[a-z]+", f"{self.status} {self.message}".lower()))
        return bool(said & _DONE)


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
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def read_results(body: bytes, *, is_xml: bool) -> list[Result] | None:
    """Return the items of an answer in any of the known shapes, None where it is broken or of another."""
    return _read_xml(body) if is_xml else _read_json(body)


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
    """Return an exact decimal, None where there is none."""
    try:
        return None if value in (None, "") else Decimal(str(value))
    except InvalidOperation:
        return None


def to_day(value: Any) -> date | None:
    """Return the UTC day of a date-time; None where there is none. Seven-digit fractions are cut."""
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(_cut_fraction(str(value)))
    except ValueError:
        return None
    return moment.astimezone(UTC).date() if moment.tzinfo else moment.date()


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
        parsed = json.loads(body, parse_float=Decimal)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
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
        root = fromstring(body)
    except (ElementTree.ParseError, DefusedXmlException):
        return None
    if _local_name(root) == "rewardConfirmation":
        return [_result(_to_mapping(root))]
    return _read_items([_to_mapping(child) for child in root])


def _to_mapping(element: ElementTree.Element) -> dict[str, Any]:
    return {_local_name(child): _to_mapping(child) if len(child) else child.text for child in element}


def _local_name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
