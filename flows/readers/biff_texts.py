"""How long the texts of a binary .xls are, which its cells name by their place in one list.

A text of 32,767 signs that a million cells name takes 14 bytes for each of them in the file, and the memory of a
million texts once it is read. Source: the published format [MS-XLS], records SST and Continue.
"""

import struct
from collections.abc import Sequence

LONGEST_TEXT = 32_767  # that a cell of this format holds
_WIDE, _HAS_PHONETICS, _HAS_RUNS = 0x01, 0x04, 0x08
_RUN_BYTES = 4


def lengths_of_texts(records: Sequence[bytes]) -> list[int]:
    """Return the signs of each text of the list, in its order; ``records`` are its first record and what continues it.

    Raises `IndexError` or `struct.error` where the list ends before its last text does.
    """
    reader = _Reader(records)
    reader.skip(4)  # how often they are named
    count = reader.number("<I")
    return [reader.skip_text() for _ in range(count)]


class _Reader:
    """Where one is in a run of records that hold one list.

    A class, since what comes next depends on where the record ends: signs that go on in the next record begin there
    with their width once more, and anything else simply goes on.
    """

    def __init__(self, records: Sequence[bytes]) -> None:
        self._records = records
        self._record = 0
        self._place = 0

    def number(self, form: str) -> int:
        """Read one number of this form, as `struct` has it."""
        size = struct.calcsize(form)
        content = bytes(self._byte() for _ in range(size))
        (number,) = struct.unpack(form, content)
        return int(number)

    def skip(self, count: int) -> None:
        """Pass so many bytes, of as many records as it takes."""
        while count > self._left:
            count -= self._left
            self._next_record()
        self._place += count

    def skip_text(self) -> int:
        """Pass one text with all that belongs to it, and return its length."""
        length = self.number("<H")
        flags = self.number("<B")
        runs = self.number("<H") if flags & _HAS_RUNS else 0
        phonetics = self.number("<I") if flags & _HAS_PHONETICS else 0
        self._skip_signs(length, 2 if flags & _WIDE else 1)
        self.skip(runs * _RUN_BYTES + phonetics)
        return length

    def _skip_signs(self, count: int, width: int) -> None:
        while count * width > self._left:
            count -= self._left // width
            self._next_record()
            width = 2 if self.number("<B") & _WIDE else 1
        self._place += count * width

    def _byte(self) -> int:
        while not self._left:
            self._next_record()
        byte = self._records[self._record][self._place]
        self._place += 1
        return byte

    def _next_record(self) -> None:
        self._record += 1
        self._place = 0
        # Said at once, where there is none: a count without end must not be followed through nothing.
        self._records[self._record]

    @property
    def _left(self) -> int:
        return len(self._records[self._record]) - self._place
