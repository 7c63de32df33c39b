"""The server: both services and their faults on one loopback port, one process, one event loop.

A request is answered without giving way between check and commit, so requests take effect one after another.
"""

import asyncio
import contextlib
import json
import signal
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from flows.sandbox import front_desk as desk
from flows.sandbox import mindbody, mindbody_reads, mindbody_tokens, referral_rock
from flows.sandbox.clock import set_ahead, tell_time
from flows.sandbox.errors import ServiceError
from flows.sandbox.faults import FaultPlan, Spec, parse_faults
from flows.sandbox.injection import serve_with_faults
from flows.sandbox.options import API_KEY, PASSWORD, PRIVATE_KEY, PUBLIC_KEY, USERNAME, Options
from flows.sandbox.referral_rock_forms import is_xml_wanted, write_answer
from flows.sandbox.state import SandboxState

Answering = Callable[[web.Request, SandboxState], Awaitable[dict[str, Any] | web.Response]]

MAX_BODY_BYTES = 64 * 1024**2
STATE_NAME = "sandbox.json"
_ROUTES: tuple[tuple[str, str, Answering], ...] = (
    ("POST", "/public/v6/usertoken/issue", mindbody_tokens.issue_token),
    ("POST", "/public/v6/usertoken/renew", mindbody_tokens.renew_token),
    ("DELETE", "/public/v6/usertoken/revoke", mindbody_tokens.revoke_token),
    ("POST", "/public/v6/client/clientrewards", mindbody.post_client_rewards),
    ("GET", "/public/v6/client/clientrewards", mindbody.get_client_rewards),
    ("GET", "/public/v6/client/clientvisits", mindbody_reads.get_client_visits),
    ("GET", "/public/v6/client/clients", mindbody_reads.get_clients),
    ("GET", "/public/v6/client/clientpurchases", mindbody_reads.get_client_purchases),
    ("GET", "/public/v6/sale/sales", mindbody_reads.get_sales),
    ("GET", "/public/v6/site/sites", mindbody_reads.get_sites),
    ("GET", "/api/rewards", referral_rock.get_rewards),
    ("POST", "/api/rewards/update", referral_rock.post_rewards_update),
    ("POST", "/sandbox/desk/transactions", desk.enter_transaction),
    ("POST", "/sandbox/desk/expire", desk.expire_points),
    ("POST", "/sandbox/desk/remove", desk.remove_entry),
    ("POST", "/sandbox/desk/rewards", desk.edit_reward),
    ("POST", "/sandbox/desk/clock", desk.set_clock),
)


def serve(port: int, state: Path | None, faults: str | None, options: Options, stops_with_stdin: bool = False) -> None:
    """Serve until SIGINT or SIGTERM (or the end of standard input); see `flows.sandbox.serve_sandbox`."""
    spec = parse_faults(faults)
    set_ahead(options.clock_ahead, options.date_ahead)
    with contextlib.ExitStack() as cleanup, contextlib.suppress(KeyboardInterrupt):
        path = state
        if path is None:
            folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="tieout-sandbox-"))
            path = Path(folder) / STATE_NAME
        known = SandboxState(path, options)
        asyncio.run(_serve(port, known, spec, stops_with_stdin))


def build_app(state: SandboxState, spec: Spec) -> web.Application:
    """Return the application with all routes."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.on_response_prepare.append(tell_time)

    async def say_who(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Stand-In"] = state.stand_in

    app.on_response_prepare.append(say_who)
    plan = FaultPlan(spec) if spec.rules else None
    for method, path, answering in _ROUTES:
        app.router.add_route(method, path, _make_handler(answering, state, plan))
    return app


def _make_handler(
    answering: Answering, state: SandboxState, plan: FaultPlan | None
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            answer = await answering(request, state)
        except ServiceError as error:
            return _refuse(request, error)
        # Mindbody speaks JSON alone; Referral Rock's answers have their form already, JSON or XML.
        return answer if isinstance(answer, web.Response) else web.json_response(answer)

    async def handle_with_faults(request: web.Request) -> web.StreamResponse:
        return await handle(request) if plan is None else await serve_with_faults(request, handle, plan, state)

    return handle_with_faults


def _refuse(request: web.Request, error: ServiceError) -> web.Response:
    """Word an error as its service does."""
    # The two services word an error differently, and a client must understand both.
    if request.path.startswith("/api/"):
        response = write_answer({"Message": error.message}, "Error", is_xml_wanted(request))
    else:
        response = web.json_response({"Error": {"Message": error.message, "Code": error.code}})
    response.set_status(error.status)
    return response


async def _serve(port: int, state: SandboxState, spec: Spec, stops_with_stdin: bool) -> None:
    runner = web.AppRunner(build_app(state, spec), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, backlog=1024)
        await site.start()
        stop = _listen_for_stop(stops_with_stdin)
        # Which port it is, is known only now where any free one was asked for.
        host, port_taken = runner.addresses[0][:2]
        _tell_ready(f"http://{host}:{port_taken}", state)
        await stop.wait()
    finally:
        await runner.cleanup()


def _tell_ready(url: str, state: SandboxState) -> None:
    """Write the ready line: whoever started this process waits for it."""
    ready = json.dumps(_describe(url, state))
    sys.stdout.write(f"{ready}\n")
    sys.stdout.flush()


def _listen_for_stop(stops_with_stdin: bool) -> asyncio.Event:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows, where Ctrl-C raises KeyboardInterrupt instead
            loop.add_signal_handler(number, stop.set)
    if stops_with_stdin:
        _watch_stdin(loop, stop)
    return stop


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when the process at the other end of standard input is gone, however it went."""

    def watch() -> None:
        sys.stdin.buffer.read()
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, daemon=True).start()


def _describe(url: str, state: SandboxState) -> dict[str, Any]:
    return {
        "url": url,
        "mindbody": {
            "api_key": API_KEY,
            "username": USERNAME,
            "password": PASSWORD,
            "site_id": state.options.site_id,
            "timezone": state.options.timezone,
            "client_ids": list(state.clients),
        },
        "referral_rock": {
            "public_key": PUBLIC_KEY,
            "private_key": PRIVATE_KEY,
            "reward_ids": list(state.rewards),
        },
        "log": str(state.log_path.resolve()),
    }
