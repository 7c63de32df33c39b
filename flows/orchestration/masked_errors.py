"""Keep secrets out of what Prefect keeps of an error: its text becomes the message of a state, for anybody to read.

Errors of ours hold none (`flows.runtime.errors`). What nobody foresaw is worded by a library, which may quote a header
or an address.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flows.runtime.secrets import mask


class MaskedError(Exception):
    """An unforeseen error, told by its name and its text without the secrets that it held."""


@contextmanager
def without_secrets() -> Iterator[None]:
    """Raise what the block raises; an error whose text holds a secret as one that does not."""
    try:
        yield
    except Exception as error:
        told = mask(str(error))
        if told == str(error):
            raise
        # Not chained: Prefect would word the first one too.
        raise MaskedError(f"{type(error).__name__}: {told}") from None
