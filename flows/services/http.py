"""One request to a service and how it ended, told apart by what it proves about the service's state.

aiohttp is the client because a request costs it least: see ``make bench``. Redirects are never followed and
nothing is sent again by this layer: whether a repeat is safe is for the caller to know.
"""

import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from flows.runtime.clock import utc_now
from flows.runtime.secrets import line_of
from flows.services.bounded_json import parse_json
from flows.services.network import ca_file, tls_context, way_to
from flows.settings.sections import Settings

# Loaded with the first session alone: a night that has nothing to send or read starts a tenth of a second sooner.
if TYPE_CHECKING:
    import aiohttp

Params = Mapping[str, str] | Sequence[tuple[str, str]]  # pairs where a key is repeated

_LONGEST_ASKED_SECONDS = 7 * 86_400.0  # whatever a Retry-After says, it means no more than a week
# A page of 200 transactions takes 40 kB, one of 500 rewards with long descriptions a few MB. Counted as unpacked:
# 600 kB of gzip can hold a gigabyte.
MOST_ANSWER_BYTES = 8 * 2**20
_CHUNK_BYTES = 64 * 1024
# Asked for by name, so that nothing comes that could not be unpacked within bounds.
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_ENCODINGS = {"": None, "identity": None, "gzip": _GZIP_WINDOW, "x-gzip": _GZIP_WINDOW, "deflate": zlib.MAX_WBITS}


class Reach(StrEnum):
    """How far a request got."""

    NEVER_LEFT = "never_left"  # no name, no connection, no TLS: the service cannot have seen it
    MAYBE = "maybe"  # it left, and no whole answer came back
    ANSWERED = "answered"


@dataclass(frozen=True)
class Exchange:
    """A request's end; `body` and `status` mean something only when it was answered."""

    reach: Reach
    duration_ms: float
    failure: str = ""
    status: int = 0
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def json_object(self) -> dict[str, Any] | None:
        """The body as a JSON object, its decimals exact; None where it is broken, out of bounds or of another kind."""
        try:
            parsed = parse_json(self.body)
        except ValueError:
            return None
        return parsed if isinstance(parsed, dict) else None

    @property
    def retry_after_seconds(self) -> float | None:
        """What the Retry-After header asks for, in seconds or as a date, at most a week; None where it says nothing."""
        value = self.headers.get("Retry-After", "").strip()
        if value.isascii() and value.isdigit():
            # More digits than that are no number of seconds that anybody would wait.
            return min(float(value[:20]), _LONGEST_ASKED_SECONDS)
        try:
            asked = (parsedate_to_datetime(value) - utc_now()).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
        return min(max(0.0, asked), _LONGEST_ASKED_SECONDS)


def open_session(settings: Settings, url: str, concurrency: int, timeout_seconds: float) -> "aiohttp.ClientSession":
    """Open a session for one address, whose connections are reused, with a limit on every wait and TLS verified.

    It goes the way that `flows.services.network` says; `SettingsError` where that cannot be gone.
    """
    import aiohttp

    # True: the system's authorities, which aiohttp has read as it was loaded; to read them again takes 30 ms.
    trusted = True if ca_file(settings) is None else tls_context(settings)
    # Not by the library's own reading of the environment: that sends what a .netrc holds along with it.
    proxy = way_to(settings, url).proxy
    # A connection that does not come up is told apart from an answer that does not: it never took effect.
    timeout = aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=min(10.0, timeout_seconds / 2))
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=concurrency, ssl=trusted),
        proxy=proxy,
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "tieout", "Accept-Encoding": "gzip"},
        # Unpacked here, by and by: aiohttp would unpack all that came before anybody could say that it is too much.
        auto_decompress=False,
    )


async def exchange(
    session: "aiohttp.ClientSession",
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    params: Params | None = None,
    body: bytes | None = None,
) -> Exchange:
    """Send one request and return how it ended; transport errors are results here, never exceptions."""
    import aiohttp

    started = time.perf_counter()

    def failed(reach: Reach, failure: str) -> Exchange:
        # What the network says may quote an address, and an address may hold a password.
        return Exchange(reach, duration_ms=_milliseconds_since(started), failure=line_of(failure))

    try:
        # A redirect that is followed would send the event a second time, to an address that nobody configured.
        async with session.request(
            method, url, headers=headers, params=params, data=body, allow_redirects=False
        ) as response:
            content = await _read_bounded(response)
            if content is None:
                return failed(Reach.MAYBE, f"the answer is larger than {MOST_ANSWER_BYTES:,} bytes, or packed wrongly")
            return Exchange(
                Reach.ANSWERED,
                duration_ms=_milliseconds_since(started),
                status=response.status,
                body=content,
                headers=response.headers,
            )
    # The proxy was asked for a connection and gave none: what it says is no answer of the service.
    except aiohttp.ClientHttpProxyError as error:
        return failed(Reach.NEVER_LEFT, f"no connection: the proxy says {error.status} {error.message}")
    except aiohttp.ClientConnectorCertificateError as error:
        return failed(Reach.NEVER_LEFT, f"no connection: {_why_not_trusted(error)}")
    # The three errors that prove that nothing left: the connection was never made, so there was nothing to send on.
    # Anything that aiohttp raises once there is a connection may come after the service has read the whole request.
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
        return failed(Reach.NEVER_LEFT, f"no connection: {error}")
    except TimeoutError:
        return failed(Reach.MAYBE, "no answer in time")
    except (aiohttp.ClientError, OSError) as error:
        return failed(Reach.MAYBE, f"the connection was lost: {error or type(error).__name__}")


def _why_not_trusted(error: "aiohttp.ClientConnectorCertificateError") -> str:
    cause = error.certificate_error
    why = getattr(cause, "verify_message", "") or str(cause)
    return (
        f"its certificate is not trusted ({why}): see that the address is right; where your network signs certificates "
        "itself, name the file of its authority by network.ca_file"
    )


async def _read_bounded(response: "aiohttp.ClientResponse") -> bytes | None:
    """Return the answer's body, unpacked; None where it is too large, or packed in a way that nobody asked for.

    The time-out of the session holds over all of it, however slowly it drips.
    """
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        return None
    window_bits = _ENCODINGS[encoding]
    unpacker = None if window_bits is None else zlib.decompressobj(window_bits)
    content = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        room = MOST_ANSWER_BYTES + 1 - len(content)
        try:
            content += chunk if unpacker is None else unpacker.decompress(chunk, room)
        except zlib.error:
            return None
        if len(content) > MOST_ANSWER_BYTES:
            return None
    # What is packed and has no end was cut off on its way.
    if unpacker is not None and content and not unpacker.eof:
        return None
    return bytes(content)


def _milliseconds_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
