"""What is sent to Referral Rock: the body of an update batch in JSON and XML, as "POST api/rewards/update" has it."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

from sqlalchemy import Row

_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


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
