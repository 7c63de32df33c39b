"""Does to a request what its fault says, and notes it in the fault log."""

import asyncio
import json
import re
import socket
import struct
from collections.abc import Awaitable, Callable

from aiohttp import web

from flows.sandbox.faults import Call, FaultKind, FaultPlan, Rule
from flows.sandbox.odd_answers import refuse_oddly, spoil_oddly
from flows.sandbox.odd_balances import spoil_balance
from flows.sandbox.referral_rock_forms import is_xml_wanted, write_answer
from flows.sandbox.state import SandboxState

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_WRITES = {"/public/v6/client/clientrewards": "mb", "/api/rewards/update": "rr"}
_READS = ("/public/v6/client/", "/public/v6/sale/", "/api/rewards")
_GUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def serve_with_faults(
    request: web.Request, handler: Handler, plan: FaultPlan, state: SandboxState
) -> web.StreamResponse:
    """Serve a request, or spoil it, as the plan says."""
    call = await _describe(request)
    rule = plan.choose(call) if call else None
    if call is None or rule is None:
        return await handler(request)
    request["fault"] = rule.kind
    request["fault_seconds"] = rule.seconds
    before = state.seq
    try:
        return await _inject(rule, request, handler, state)
    finally:
        state.record_fault(
            {
                "fault": rule.kind,
                "service": call.service,
                "method": request.method,
                "path": request.path,
                "ids": sorted(call.ids),
                "committed": state.seq - before,
            }
        )


async def _describe(request: web.Request) -> Call | None:
    """Return what the rules look at; None for calls that are never spoiled (tokens, sites)."""
    if request.method == "GET" and request.path.startswith(_READS):
        service = "rr" if request.path.startswith("/api/") else "mb"
        ids = frozenset(request.query.values())
        return Call(service=service, is_read=True, ids=ids, content=request.path_qs.encode())
    if request.method == "POST" and request.path in _WRITES:
        service = _WRITES[request.path]
        body = await request.read()
        return Call(service=service, is_read=False, ids=_ids(service, body), content=body)
    return None


def _ids(service: str, body: bytes) -> frozenset[str]:
    if service == "rr":
        return frozenset(found.decode() for found in _GUID.findall(body))
    try:
        return frozenset(str(value) for name, value in json.loads(body).items() if name.lower() == "clientid")
    except (ValueError, AttributeError):
        return frozenset()


async def _inject(rule: Rule, request: web.Request, handler: Handler, state: SandboxState) -> web.StreamResponse:
    refusal = _refuse(rule.kind, request, state)
    if refusal is not None:
        return refusal
    if rule.kind is FaultKind.REFUSED_LATE:
        _serve_later(rule.seconds, request, handler)
        return _word_error(request, 400, "ValidationFailed", "The request was refused.")
    if rule.kind is FaultKind.LATE:
        await asyncio.sleep(rule.seconds)
    response = await handler(request)
    if not isinstance(response, web.Response):
        return response  # on its way already
    return await _spoil(rule, request, response)


_later: set[asyncio.Task[None]] = set()  # a task that nobody holds may be collected before it is done


def _serve_later(seconds: float, request: web.Request, handler: Handler) -> None:
    """Let the request take effect after its answer has gone out."""

    async def serve() -> None:
        await asyncio.sleep(seconds)
        await handler(request)

    task = asyncio.create_task(serve())
    _later.add(task)
    task.add_done_callback(_later.discard)


def _refuse(kind: FaultKind, request: web.Request, state: SandboxState) -> web.Response | None:
    """Return the answer of a fault that lets nothing reach the service; None for the other faults."""
    match kind:
        case FaultKind.DROP_BEFORE | FaultKind.READ_DROP:
            return _hang_up(request)
        case FaultKind.E503_BEFORE | FaultKind.READ_503:
            return _gateway_error()
        case FaultKind.READ_NO_CLIENT:
            return _word_error(request, 404, "ClientNotFound", "The client was not found.")
        case FaultKind.E429 | FaultKind.READ_429:
            return _word_error(request, 429, "TooManyRequests", "Too many requests.")
        case FaultKind.E429_RETRY:
            response = _word_error(request, 429, "TooManyRequests", "Too many requests.")
            response.headers["Retry-After"] = "1"
            return response
        case FaultKind.E401:
            _revoke(request, state)
            return _word_error(request, 401, "InvalidUserCredentials", "The user token was revoked.")
        case FaultKind.ERROR_200:
            return _word_error(request, 200, "Unknown", "The rewards could not be updated.")
    return refuse_oddly(kind, request)


async def _spoil(rule: Rule, request: web.Request, response: web.Response) -> web.StreamResponse:
    """Spoil the answer of a request that was served."""
    body = response.body if isinstance(response.body, bytes) else b""
    match rule.kind:
        case FaultKind.DROP_AFTER:
            return _hang_up(request)
        case FaultKind.E503_AFTER:
            return _gateway_error()
        case FaultKind.TRUNCATED | FaultKind.READ_TRUNCATED:
            return web.Response(status=response.status, body=body[: len(body) // 2], content_type=response.content_type)
        case FaultKind.CUT:
            return await _cut(request, response, body)
        case FaultKind.SLOW | FaultKind.READ_SLOW:
            return await _drip(request, response, body, rule.seconds)
        case FaultKind.RESET_MID_BATCH:
            return _reset(request)
    number = int(rule.seconds)
    return spoil_oddly(rule.kind, body, number) or spoil_balance(rule.kind, body, number) or response


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def _reset(request: web.Request) -> web.Response:
    """Close with a TCP reset: linger for zero seconds, then abort."""
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()


def _gateway_error() -> web.Response:
    page = "<html><body>Service Unavailable</body></html>"
    return web.Response(status=503, text=page, content_type="text/html")


def _word_error(request: web.Request, status: int, code: str, message: str) -> web.Response:
    """Word an error as the service does; with 200 it is a confirmation whose message says no."""
    if not request.path.startswith("/api/"):
        return web.json_response({"Error": {"Message": message, "Code": code}}, status=status)
    answer = {"message": message, "reward": None} if status == 200 else {"Message": message}
    response = write_answer(answer, "rewardConfirmation" if status == 200 else "Error", is_xml_wanted(request))
    response.set_status(status)
    return response


def _revoke(request: web.Request, state: SandboxState) -> None:
    state.tokens.pop(request.headers.get("Authorization", "").removeprefix("Bearer ").strip(), None)
    state.save()


async def _cut(request: web.Request, response: web.Response, body: bytes) -> web.StreamResponse:
    """Promise the whole body, send half of it, and hang up."""
    stream = await _start_stream(request, response, body)
    await stream.write(body[: len(body) // 2])
    _hang_up(request)
    return stream


async def _drip(request: web.Request, response: web.Response, body: bytes, seconds: float) -> web.StreamResponse:
    stream = await _start_stream(request, response, body)
    for position in range(len(body)):
        await stream.write(body[position : position + 1])
        await asyncio.sleep(seconds / len(body))
    return stream


async def _start_stream(request: web.Request, response: web.Response, body: bytes) -> web.StreamResponse:
    stream = web.StreamResponse(status=response.status)
    stream.content_type = response.content_type
    stream.content_length = len(body)
    await stream.prepare(request)
    return stream
