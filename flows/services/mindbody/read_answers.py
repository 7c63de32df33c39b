"""What Mindbody's answers to reads and to the request of a token say, beside the transactions themselves."""

from collections.abc import Mapping
from typing import Any

from flows.services.http import Exchange
from flows.services.mindbody.messages import ServiceError

_LONGEST_TOKEN = 8192


def total_of(page: Mapping[str, Any]) -> int:
    """Return how many transactions there are in all, -1 where the page does not say."""
    paging = page.get("PaginationResponse")
    if not isinstance(paging, dict):
        return -1
    text = str(paging.get("TotalResults"))
    # Ten digits are more entries than anybody has; thousands of them would be refused by Python itself.
    is_number = text.isascii() and text.isdigit() and len(text) <= 10
    return int(text) if is_number else -1


def token_of(answer: Mapping[str, Any]) -> str | None:
    """Return the token of an answer; None where it holds none that could stand in a header."""
    token = answer.get("AccessToken")
    if not isinstance(token, str) or not 0 < len(token) <= _LONGEST_TOKEN:
        return None
    is_of_header = token.isascii() and token.isprintable() and " " not in token
    return token if is_of_header else None


def denies_access(result: Exchange, error: ServiceError | None, tries: int) -> bool:
    """Return whether the service would say no to every other read as well.

    A 401 has its token renewed first, and only the second one counts.
    """
    if result.status == 401:
        return tries > 1
    return error is not None and (error.is_about_access or result.status == 403)


def failure_of(result: Exchange, error: ServiceError | None) -> str:
    """Say why an answer is none that can be read."""
    if result.failure:
        return result.failure
    if result.status == 200:
        return f"an error ({error.code or error.message})" if error else "an answer that cannot be read"
    return f"status {result.status}"


def says_client_not_found(error: ServiceError | None) -> bool:
    """Return whether the service says that there is no such client, who then has no history either."""
    return error is not None and error.code.lower() == "clientnotfound"
