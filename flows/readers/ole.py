"""Read the streams of an OLE container, the small file system that an .xls or an encrypted workbook is.

Sectors of 512 or 4096 bytes are chained by a table; streams below a cutoff lie in sectors of 64 bytes inside one stream
of the root, with a table of their own. Source: the published format [MS-CFB].
"""

import struct

_END_OF_CHAIN = 0xFFFFFFF0  # and above: the format's markers
_SMALL_SECTOR, _ENTRY = 64, 128  # bytes
_STREAM, _ROOT = 2, 5


def read_streams(file: bytes) -> dict[str, bytes]:
    """Return every stream by its name; raise ValueError, IndexError or struct.error for a damaged container."""
    shift = struct.unpack_from("<H", file, 30)[0]
    if shift not in (9, 12):
        raise ValueError(shift)
    size = 1 << shift
    sectors, table = file[size:], _sector_table(file, size)
    first_directory, cutoff, first_small = (struct.unpack_from("<I", file, place)[0] for place in (48, 56, 60))
    entries = _entries(_chain(sectors, table, first_directory, size))
    small = next((_chain(sectors, table, start, size) for _, kind, start, _ in entries if kind == _ROOT), b"")
    small_table = _numbers(_chain(sectors, table, first_small, size))
    found = {}
    for name, kind, start, length in entries:
        if kind == _STREAM:
            is_small = length < cutoff
            stream = (
                _chain(small, small_table, start, _SMALL_SECTOR) if is_small else _chain(sectors, table, start, size)
            )
            if len(stream) < length:  # the file was cut off
                raise ValueError(name)
            found[name] = stream[:length]
    return found


def _entries(directory: bytes) -> list[tuple[str, int, int, int]]:
    """Return name, kind, first sector and length of every entry."""
    found = []
    if len(directory) % _ENTRY:
        raise ValueError(len(directory))
    for place in range(0, len(directory), _ENTRY):
        entry = directory[place : place + _ENTRY]
        name_length = struct.unpack_from("<H", entry, 64)[0]
        name = entry[: max(name_length - 2, 0)].decode("utf-16-le", errors="replace")
        found.append((name, entry[66], *struct.unpack_from("<II", entry, 116)))
    return found


def _sector_table(file: bytes, size: int) -> list[int]:
    """Return for every sector the one that follows it."""
    places = list(struct.unpack_from("<109I", file, 76))
    following, count = struct.unpack_from("<II", file, 68)
    for _ in range(min(count, len(file) // size)):
        if following >= _END_OF_CHAIN:
            break
        more = _numbers(file[(following + 1) * size : (following + 2) * size])
        places += more[:-1]
        following = more[-1]
    parts = [file[(place + 1) * size : (place + 2) * size] for place in places if place < _END_OF_CHAIN]
    return _numbers(b"".join(parts))


def _numbers(content: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4]))


def _chain(sectors: bytes, table: list[int], sector: int, size: int) -> bytes:
    parts: list[bytes] = []
    while sector < _END_OF_CHAIN:
        if len(parts) > len(table):  # a chain that bites its tail
            raise ValueError(sector)
        parts.append(sectors[sector * size : (sector + 1) * size])
        sector = table[sector]
    return b"".join(parts)
