"""What a service, or something on the way to it, may answer that no document knows: for faults alone.

A firewall's page, a gateway's own error, an error that names no reason; entries that no reader expects; answers that
are too large, too deep or too slow to be read. None of them is broken HTTP: each is a whole answer.
"""

import gzip
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from aiohttp import web

from flows.sandbox.faults import FaultKind
from flows.sandbox.referral_rock_forms import is_xml_wanted

_UNPACKED_BYTES = 16 * 2**20
_DEPTH = 5000

# An entry of a client's history with one of these in it; the fault's `~N` chooses the Nth. As JSON text, since some of
# them could not be written otherwise.
ODD_VALUES = (
    ("Source", "7"),
    ("Source", '["Sale"]'),
    ("Points", "1e30"),
    ("Points", "9" * 4301),
    ("Points", "1e99999999"),
    ("Source", '"\\ud800"'),
    ("Action", '"Expired"'),  # an action that nobody documented, and readable all the same
    ("Points", "null"),
    ("ActionDateTime", '"0001-01-01T00:00:00"'),
    ("ActionDateTime", '"99999-01-01T00:00:00"'),
    ("ActionDateTime", '"9999-12-31T23:59:59"'),
    ("SourceID", '{"a": 1}'),
    ("Source", '"Sale\\u0000"'),
    ("Action", "true"),
    ("Points", "NaN"),
)
# The same of a reward.
ODD_REWARD_VALUES = (
    ("amount", "1e99999999"),
    ("amount", "9" * 4301),
    ("amount", "[5]"),
    ("description", '"\\ud800"'),
    ("description", "7"),
    ("eligibilityDate", '"99999-01-01"'),
    ("payoutId", '["a"]'),
    ("amount", "NaN"),
)


def refuse_oddly(kind: FaultKind, request: web.Request) -> web.Response | None:
    """Return the answer of a fault that lets nothing reach the service; None for the other faults."""
    match kind:
        case FaultKind.PAGE_403 | FaultKind.READ_PAGE:
            return _page(403)
        case FaultKind.GATEWAY_403:
            return web.json_response({"message": "Forbidden"}, status=403)
        case FaultKind.DENIED:
            return _own_error(request, 403, "DeniedAccess", "Authorization has been denied for this request.")
        case FaultKind.UNKNOWN_400:
            return _own_error(request, 400, "Unknown", "An error has occurred.")
        case FaultKind.READ_LONG_QUIET:
            response = _own_error(request, 429, "TooManyRequests", "Too many requests.")
            response.headers["Retry-After"] = "99999999999999999999"
            return response
    return None


def spoil_oddly(kind: FaultKind, body: bytes, number: int) -> web.Response | None:
    """Return what becomes of the answer to a request that was served; None for the other faults."""
    match kind:
        case FaultKind.PAGE_AFTER:
            return _page(403)
        case FaultKind.EMPTY_ERROR:
            return _json(b'{"Error": {"Message": "", "Code": null}, ' + body.lstrip()[1:])
        case FaultKind.HUGE | FaultKind.READ_HUGE:
            return _packed(b" " * _UNPACKED_BYTES + body)
        case FaultKind.READ_DEEP:
            return _json(b'{"Transactions": ' + b"[" * _DEPTH + b"]" * _DEPTH + b"}")
        case FaultKind.READ_HIDDEN:
            page = json.loads(body)
            return _json(json.dumps(page | {"rewards": page["rewards"][:-1], "total": page["total"] - 1}).encode())
        case FaultKind.READ_ODD:
            return _json(_with_odd_entry(json.loads(body), number).encode())
    return None


def _with_odd_entry(page: dict[str, Any], number: int) -> str:
    """Put one odd value into the first entry, or the last reward, of a page."""
    is_history = "Transactions" in page
    values = ODD_VALUES if is_history else ODD_REWARD_VALUES
    field, odd = values[(number - 1) % len(values)]
    items = page["Transactions"][:1] if is_history else page["rewards"][-1:]
    for item in items:
        item[field] = "@odd@"
    return json.dumps(page).replace('"@odd@"', odd)


def kept_otherwise(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a service keeps that rounds to cents, trims text, knows one kind of line break and moves days."""
    keep: dict[str, Callable[[Any], Any]] = {
        "amount": lambda amount: amount.quantize(Decimal("0.01"), ROUND_HALF_UP),
        "description": lambda text: text.replace("\r\n", "\n").strip(),
        "eligibilityDate": _a_day_later,
    }
    return {name: keep[name](value) if name in keep else value for name, value in values.items()}


def _a_day_later(text: str) -> str:
    moment = datetime.fromisoformat(text) + timedelta(days=1)
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _page(status: int) -> web.Response:
    page = "<!DOCTYPE html><html><body>Access to this page was blocked.</body></html>"
    return web.Response(status=status, text=page, content_type="text/html")


def _own_error(request: web.Request, status: int, code: str, message: str) -> web.Response:
    if not request.path.startswith("/api/"):
        return web.json_response({"Error": {"Message": message, "Code": code}}, status=status)
    if is_xml_wanted(request):
        text = f"<Error><Message>{message}</Message></Error>"
        return web.Response(status=status, text=text, content_type="application/xml")
    return web.json_response({"Message": message}, status=status)


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


def _packed(body: bytes) -> web.Response:
    packed = gzip.compress(body, 1)
    return web.Response(body=packed, content_type="application/json", headers={"Content-Encoding": "gzip"})
