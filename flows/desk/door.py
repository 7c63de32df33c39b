"""What every request passes before a page is asked: whose name it came by, which proxy, and what every answer says.

Nothing that a page holds can load, run or frame anything but the one script of ours: even a text that were not escaped
would stay a text.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_YEAR_SECONDS: Final = 365 * 24 * 3600


@dataclass(frozen=True)
class Door:
    """Lets requests in that name us, and puts the headers on every answer."""

    app: ASGIApp
    hosts: Collection[str]
    proxies: Collection[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = self._as_the_proxy_says(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _put_headers(MutableHeaders(scope=message), is_encrypted=scope["scheme"] == "https")
            await send(message)

        # A page elsewhere that leads a name of its own here would be in our browser's good faith.
        if _host_of(scope) not in self.hosts:
            answer = PlainTextResponse("This desk is not known by that name. Its settings (desk.hosts) say which.", 421)
            await answer(scope, receive, send_with_headers)
            return
        await self.app(scope, receive, send_with_headers)

    def _as_the_proxy_says(self, scope: Scope) -> Scope:
        """Take over who asks, and how, from a proxy that the settings name; from nobody else."""
        peer = scope["client"][0] if scope.get("client") else ""
        is_trusted = peer in self.proxies
        scope = {**scope, "is_by_proxy": is_trusted}
        if not is_trusted:
            return scope
        headers = Headers(scope=scope)
        if headers.get("x-forwarded-proto", "").split(",")[-1].strip() == "https":
            scope["scheme"] = "https"
        # The last one is the proxy's own word; those before are whatever the asking side said.
        asked_by = headers.get("x-forwarded-for", "").split(",")[-1].strip()
        if asked_by:
            scope["client"] = (asked_by, 0)
        return scope


def _host_of(scope: Scope) -> str:
    host = Headers(scope=scope).get("host", "").lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _put_headers(headers: MutableHeaders, *, is_encrypted: bool) -> None:
    for name, value in _HEADERS.items():
        # A page may say something stricter: what people attach is shown by no browser at all.
        headers.setdefault(name, value)
    # Whoever sits down at the same machine later must not find the pages of before.
    headers.setdefault("Cache-Control", "no-store")
    if is_encrypted:
        headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"
