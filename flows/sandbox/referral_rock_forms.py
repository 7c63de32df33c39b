"""Referral Rock's two forms, JSON and XML, of a batch of updates and of the answers.

The XML reader is a data-contract reader: it walks the documented order of the elements once, and an element that comes
too late is read as absent. Names count to the letter in both forms. Amounts stay decimal from end to end.
"""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import defusedxml.ElementTree
from aiohttp import web
from defusedxml import DefusedXmlException

from flows.sandbox.errors import ServiceError

XML_ORDER = ("payoutId", "eligibilityDate", "description", "rewardId", "amount")
XML_TYPES = ("application/xml", "text/xml")
JSON_TYPES = ("application/json", "text/json")
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_DATE_NAMES = ("createDate", "issueDate", "eligibilityDate", "updateDate")


def read_batch(body: bytes, content_type: str) -> list[dict[str, Any]]:
    """Return the items of a batch as sent; raise 400 or 415 where the whole of it cannot be read."""
    if content_type in XML_TYPES:
        return _read_xml(body)
    if content_type in JSON_TYPES:
        return _read_json(body)
    raise ServiceError(415, "UnsupportedMediaType", "The request entity's media type is not supported.")


def is_xml_wanted(request: web.Request) -> bool:
    """Tell whether the answer is XML: as Accept says; the form of the request where Accept names neither."""
    accept = request.headers.get("Accept", "")
    if any(kind in accept for kind in XML_TYPES):
        return True
    return request.content_type in XML_TYPES and not any(kind in accept for kind in JSON_TYPES)


def write_answer(answer: object, root: str, is_xml: bool) -> web.Response:
    """Return a 200 with `answer` in the form that was asked for; `root` names the XML root element."""
    if is_xml:
        return web.Response(body=_write_xml(root, answer), content_type="application/xml", charset="utf-8")
    return web.Response(text=_write_json(answer), content_type="application/json")


def _read_json(body: bytes) -> list[dict[str, Any]]:
    try:
        # As decimals, or 10.10 would become a float on its way in and come back as 10.1.
        items = json.loads(body, parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        raise ServiceError(400, "InvalidParameter", "The body is not valid JSON.") from None
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise ServiceError(400, "InvalidParameter", "The body must be a list of rewards to update.")
    return items


def _read_xml(body: bytes) -> list[dict[str, Any]]:
    try:
        # A DTD could name a file of this machine, or grow to gigabytes.
        root = defusedxml.ElementTree.fromstring(body, forbid_dtd=True)
    except (SyntaxError, ValueError, DefusedXmlException):
        raise ServiceError(400, "InvalidParameter", "The body is not valid XML.") from None
    if root.tag != "ArrayOfupdateReward" or not len(root):
        raise ServiceError(400, "InvalidParameter", "Expected <ArrayOfupdateReward> with rewards, in no namespace.")
    return [_read_element(child) for child in root if child.tag == "updateReward"]


def _read_element(element: Element) -> dict[str, Any]:
    """Read the children in the documented order; what comes after its turn is passed over."""
    item: dict[str, Any] = {}
    position = 0
    for child in element:
        # What a data-contract reader does with an element out of its turn. It is the trap of this call: an amount
        # that is sent too early is read as absent, the answer says Success, and the reward keeps what it had.
        if child.tag not in XML_ORDER[position:]:
            continue
        position = XML_ORDER.index(child.tag) + 1
        if child.get(f"{{{INSTANCE}}}nil") == "true":
            continue
        text = child.text or ""
        item[child.tag] = _read_amount(text) if child.tag == "amount" else text
    return item


def _read_amount(text: str) -> Decimal | str:
    """Return an xs:decimal; anything else stays text, which is refused as an amount."""
    text = text.strip()
    is_decimal = re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text, re.ASCII)
    return Decimal(text) if is_decimal else text


def _write_json(answer: object) -> str:
    """Write decimals as the numbers they are: json knows only floats, so they pass through as marked text."""
    text = json.dumps(answer, default=lambda value: f"\0{value:f}")
    return re.sub(r'"\\u0000(-?[0-9.]+)"', r"\1", text)


def _write_xml(root: str, answer: object) -> bytes:
    # The items of a list are named after it: an ArrayOfrewardResult holds one rewardResult after the other.
    inner = _inner(answer, item_name=root.removeprefix("ArrayOf"))
    return f'<{root} xmlns:i="{INSTANCE}">{inner}</{root}>'.encode()


def _element(name: str, value: object) -> str:
    if value is None:
        return f'<{name} i:nil="true" />'
    inner = _inner(value, item_name="reward")
    if name in _DATE_NAMES:
        inner = inner.removesuffix("Z") + "+00:00"
    return f"<{name}>{inner}</{name}>"


def _inner(value: object, *, item_name: str) -> str:
    """Return what stands between the tags of a value."""
    match value:
        case Mapping():
            return "".join(_element(name, inner) for name, inner in value.items())
        case Sequence() if not isinstance(value, str):
            return "".join(_element(item_name, item) for item in value)
        case Decimal():
            return f"{value:f}"
        case _:
            return escape(str(value))
