"""Keep what is known of a long file without holding it in memory: in temporary files, gone when nobody needs them.

They have no name, only this process reads them, and a short file never needs one.
"""

import pickle
import tempfile
import weakref
from collections.abc import Callable, Iterator
from typing import IO, Any, Generic, TypeVar, cast

import numpy as np
import pandas as pd

T = TypeVar("T")

DIGEST = ["high", "low"]  # the columns that `halves` makes
_GROUPS = 16
_ROWS_IN_MEMORY = 2**18  # of 20 to 40 bytes


class Spool(Generic[T]):
    """Objects in the order in which they came, to be read as often as one likes; only the first stays in memory."""

    def __init__(self) -> None:
        self._first: list[T] = []
        self._places: list[int] = []
        self._file: IO[bytes] | None = None

    def append(self, item: T) -> None:
        """Add one more at the end."""
        if not self._first:
            self._first.append(item)
            return
        self._file = self._file or _temporary_file(self)
        self._places.append(self._file.seek(0, 2))
        pickle.dump(item, self._file, protocol=pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[T]:
        yield from self._first
        for place in self._places:
            file = cast("IO[bytes]", self._file)
            file.seek(place)
            yield pickle.load(file)  # noqa: S301 - this process wrote it, into a file without a name


class KeyedRows:
    """Rows with a digest, dealt out in groups so that rows of equal digest meet, a few in memory at a time."""

    def __init__(self) -> None:
        self._waiting: list[pd.DataFrame] = []
        self._waiting_count = 0
        self._groups: list[Spool[pd.DataFrame]] = []

    def add(self, digests: pd.Series, **columns: Any) -> None:
        """Add rows: their digests as hexadecimal digits, and columns of numbers or flags, the same in every call."""
        self._waiting.append(halves(digests).assign(**columns))
        self._waiting_count += len(digests)
        if self._waiting_count > _ROWS_IN_MEMORY:
            self._deal_out()

    def gather(self, find: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
        """Join what `find` says about each group, whose rows have `high` and `low`, the halves of the digest.

        It says the same columns about each. Where no rows were added there is an empty frame.
        """
        if not self._groups and not self._waiting:
            return pd.DataFrame()
        if not self._groups:
            return find(pd.concat(self._waiting, ignore_index=True))
        self._deal_out()
        found = [find(pd.concat(list(group), ignore_index=True)) for group in self._groups]
        return pd.concat(found, ignore_index=True)

    def _deal_out(self) -> None:
        if not self._groups:
            self._groups = [Spool() for _ in range(_GROUPS)]
        rows = pd.concat(self._waiting, ignore_index=True)
        # Rows of one digest always come to the same group, so each group can be looked through by itself.
        group_number = rows["high"] % _GROUPS
        for number, group in enumerate(self._groups):
            group.append(rows[group_number == number])
        self._waiting = []
        self._waiting_count = 0


def halves(digests: pd.Series) -> pd.DataFrame:
    """Return the numbers `high` and `low` that digests of 24 hexadecimal digits are."""
    # Twelve bytes a digest and not a text of 24 letters, which Python holds in 73: a million rows in 12 MB.
    raw = bytes.fromhex("".join(digests.tolist()))
    numbers = np.frombuffer(raw, dtype=[("high", ">u8"), ("low", ">u4")])
    high = numbers["high"].astype("u8")
    low = numbers["low"].astype("u4")
    return pd.DataFrame({"high": high, "low": low}, index=digests.index)


def _temporary_file(owner: object) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with its owner
    weakref.finalize(owner, file.close)
    return file
