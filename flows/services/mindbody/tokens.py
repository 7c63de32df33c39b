"""Staff tokens that the steps of one run share, since each one that is issued is a metered call.

They are kept in memory only, for as long as the run lasts: never stored, logged or handed to Prefect.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from flows.services.clocks import sharing_clocks


@dataclass(frozen=True)
class StaffToken:
    """A token of one site, and until when it is taken to be good."""

    text: str = field(repr=False)
    until: datetime


Tokens = dict[str, StaffToken]  # by site
_of_run: ContextVar[Tokens | None] = ContextVar("staff_tokens_of_run", default=None)


@contextmanager
def sharing_tokens() -> Iterator[None]:
    """Within the block, every connection to a site uses the token that the first one was issued.

    With the token goes what its answer told of the service's clock.
    """
    before = _of_run.set({})
    try:
        with sharing_clocks():
            yield
    finally:
        _of_run.reset(before)


def tokens_of_run() -> Tokens:
    """Return the tokens of this run, to be added to; outside of one, a connection's own."""
    shared = _of_run.get()
    return {} if shared is None else shared
