"""Read the streams of an OLE container, the small file system that an .xls or an encrypted workbook is.

Sectors of 512 or 4096 bytes are chained by a table; streams below a cutoff lie in sectors of 64 bytes inside one stream
of the root, with a table of their own. Source: the published format [MS-CFB].
"""

import struct
from dataclasses import dataclass

_END_OF_CHAIN = 0xFFFFFFF0  # and above: the format's markers
_SMALL_SECTOR, _ENTRY = 64, 128  # bytes
_STREAM, _ROOT = 2, 5


def read_streams(file: bytes) -> dict[str, bytes]:
    """Return every stream by its name; raise ValueError, IndexError or struct.error for a damaged container."""
    size = _sector_size(file)
    first_directory = _number_at(file, 48)
    cutoff = _number_at(file, 56)
    first_small_table = _number_at(file, 60)
    sectors = _Sectors(content=file[size:], table=_sector_table(file, size), size=size)
    entries = _entries(sectors.chain(first_directory))
    small_sectors = _Sectors(
        content=next((sectors.chain(entry.start) for entry in entries if entry.kind == _ROOT), b""),
        table=_numbers(sectors.chain(first_small_table)),
        size=_SMALL_SECTOR,
    )
    found = {}
    for entry in entries:
        if entry.kind != _STREAM:
            continue
        holder = small_sectors if entry.length < cutoff else sectors
        stream = holder.chain(entry.start)
        if len(stream) < entry.length:  # the file was cut off
            raise ValueError(entry.name)
        # A chain is whole sectors, so what is beyond the length is left over from something else.
        found[entry.name] = stream[: entry.length]
    return found


@dataclass(frozen=True)
class _Sectors:
    """Sectors of one size, and for each of them the one that follows it in its chain."""

    content: bytes
    table: list[int]
    size: int

    def chain(self, sector: int) -> bytes:
        """Return what the sectors hold from this one to the end of its chain."""
        parts: list[bytes] = []
        while sector < _END_OF_CHAIN:
            if len(parts) > len(self.table):  # a chain that bites its tail
                raise ValueError(sector)
            first = sector * self.size
            parts.append(self.content[first : first + self.size])
            sector = self.table[sector]
        return b"".join(parts)


@dataclass(frozen=True)
class _Entry:
    """One entry of the directory: a stream, a folder or the root."""

    name: str
    kind: int
    start: int  # its first sector
    length: int


def _sector_size(file: bytes) -> int:
    # Stored as a power of two, of which the format knows these two.
    power = struct.unpack_from("<H", file, 30)[0]
    if power not in (9, 12):
        raise ValueError(power)
    return 1 << int(power)


def _entries(directory: bytes) -> list[_Entry]:
    found = []
    if len(directory) % _ENTRY:
        raise ValueError(len(directory))
    for place in range(0, len(directory), _ENTRY):
        entry = directory[place : place + _ENTRY]
        name_length = struct.unpack_from("<H", entry, 64)[0]
        # The length counts the two zero bytes at the end of the name.
        name = entry[: max(name_length - 2, 0)].decode("utf-16-le", errors="replace")
        start, length = struct.unpack_from("<II", entry, 116)
        found.append(_Entry(name=name, kind=entry[66], start=start, length=length))
    return found


def _sector_table(file: bytes, size: int) -> list[int]:
    """Return for every sector the one that follows it.

    The table lies in sectors itself. The header names the first 109 of them; in a file of more than 7 MB (or 457, with
    the larger sectors) the others are named by further sectors, each of which names the next in its last number.
    """
    places = list(struct.unpack_from("<109I", file, 76))
    following, count = struct.unpack_from("<II", file, 68)
    # A damaged count must not make this loop run for hours.
    for _ in range(min(count, len(file) // size)):
        if following >= _END_OF_CHAIN:
            break
        more = _numbers(_sector(file, following, size))
        places += more[:-1]
        following = more[-1]
    parts = [_sector(file, place, size) for place in places if place < _END_OF_CHAIN]
    return _numbers(b"".join(parts))


def _sector(file: bytes, number: int, size: int) -> bytes:
    """Return a sector by its number; the header before sector 0 fills one more."""
    first = (number + 1) * size
    return file[first : first + size]


def _number_at(content: bytes, place: int) -> int:
    number: int = struct.unpack_from("<I", content, place)[0]
    return number


def _numbers(content: bytes) -> list[int]:
    """Return content as numbers of four bytes; less than four left over at the end are none."""
    count = len(content) // 4
    return list(struct.unpack_from(f"<{count}I", content))
