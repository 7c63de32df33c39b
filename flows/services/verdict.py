"""Turn how a request ended into what it proves, as far as that is the same for every service.

The table, from surest to least: what never left, a 401 and a 429 never took effect; a 4xx with the service's own error
body is a refusal, or speaks of access; everything else proves nothing, and only reading back decides. A status without
the service's own error body comes from anything on the way (a firewall, a gateway), before the service or after it.
"""

from flows.runtime.secrets import mask
from flows.services.http import Exchange, Reach
from sql.claims import Answer
from transforms.vocabulary import Verdict

# Not the service's: the code of an answer that something on the way gave in its place.
FOREIGN_ANSWER = "not_from_the_service"
_MESSAGE_CHARACTERS = 500


def verdict_of_transport(exchange: Exchange) -> Answer | None:
    """Return the answer that follows from the transport and status alone; None where the body decides."""
    if exchange.reach is Reach.NEVER_LEFT:
        return answered(Verdict.RETRY, exchange, exchange.failure)
    # Past this line the service may have seen the request, and only its own word counts.
    if exchange.reach is Reach.MAYBE:
        return answered(Verdict.UNKNOWN, exchange, exchange.failure)
    # Both turn a request away at the door, before it is looked at, so that sending it again cannot do it twice.
    if exchange.status == 401:
        return answered(Verdict.UNAUTHORIZED, exchange, "the service wants new credentials (401)")
    if exchange.status == 429:
        return answered(Verdict.RETRY, exchange, "too many requests (429)")
    if not _speaks_by_its_body(exchange.status):
        return foreign(exchange)
    return None


def _speaks_by_its_body(status: int) -> bool:
    """Return whether the body of an answer with this status tells what became of the request.

    A 5xx may come after the work was done, or from a proxy that never asked the service. A redirect is not followed,
    so nobody knows what would have stood behind it. A 408 is a time-out with a number.
    """
    is_success = 200 <= status < 300
    is_refusal = 400 <= status < 500 and status != 408
    return is_success or is_refusal


def foreign(exchange: Exchange) -> Answer:
    """Return what follows from an answer that is not the service's own: nothing, until it is read back."""
    message = f"the service answered {exchange.status} without its error body"
    if looks_like_a_page(exchange.body):
        message = f"a page came with status {exchange.status} in place of the service's answer"
    return answered(Verdict.UNKNOWN, exchange, message, code=FOREIGN_ANSWER)


def looks_like_a_page(body: bytes) -> bool:
    """Return whether the body is a web page, which no service's answer is."""
    start = body[:1000].lstrip().lower()
    return start.startswith((b"<!doctype", b"<html")) or b"<html" in start


def access_denied(exchange: Exchange, message: str, *, code: str | None = None) -> Answer:
    """Return what follows where the service speaks of keys, permissions or the site: nothing took effect.

    A refusal is for good. Where the key or a permission is wrong, a whole night's events would be refused for good.
    """
    said = message or f"the service denies access ({exchange.status})"
    return answered(Verdict.UNAUTHORIZED, exchange, said, code=code)


def answered(
    verdict: Verdict,
    exchange: Exchange,
    message: str,
    *,
    code: str | None = None,
    balance: int | None = None,
    returned: str | None = None,
    is_echo: bool = False,
) -> Answer:
    """Return an answer with the exchange's status and timing, its message cut to a length that fits a report."""
    return Answer(
        verdict=verdict,
        message=_storable(message)[:_MESSAGE_CHARACTERS],
        http_status=exchange.status or None,
        code=code and _storable(code),
        duration_ms=exchange.duration_ms,
        balance=balance,
        returned=returned and _storable(returned),
        is_echo=is_echo,
    )


def _storable(text: str) -> str:
    """Return what the ledger may keep: no secret that the service repeats, and nothing that is no character at all."""
    # Masked before it is cut: half of a key is not found any more, and half a key too many.
    return mask(text).replace("\x00", "").encode("utf-8", "replace").decode()
