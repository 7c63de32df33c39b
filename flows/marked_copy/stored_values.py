"""Give the formulas of a saved copy the values that they had: openpyxl writes formulas without.

Without them a copy that is sent again before a spreadsheet program has opened it would hold formulas that say nothing.
"""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from flows.readers.archive import unpack
from flows.readers.ooxml import sheet_parts

# A cell with a formula, as the original has it however written, and as openpyxl writes it.
_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*[^/>])>(.*?)</(?:\w+:)?c>", re.DOTALL)
_PLACE, _KIND = re.compile(rb"""\br\s*=\s*["']([A-Z]+[0-9]+)["']"""), re.compile(rb"""\bt\s*=\s*["'](\w+)["']""")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]+)</(?:\w+:)?v>")
_WRITTEN = re.compile(rb'<c r="([A-Z]+[0-9]+)"([^>]*)>(<f(?:\s[^>]*)?(?:/>|>[^<]*</f>))<v\s*(?:/>|></v>)</c>')


def keep_stored_values(original: Path, copy: Path) -> None:
    """Write the stored values of the original's formulas into the copy, where it has the same cells as formulas."""
    parts = unpack(original)
    stored = {name: found for name, part in sheet_parts(parts).items() if (found := _stored(parts[part]))}
    if not stored:
        return
    copied = unpack(copy)
    changed = {
        part: _WRITTEN.sub(lambda cell, found=stored[name]: _filled(cell, found), copied[part])  # type: ignore[misc]
        for name, part in sheet_parts(copied).items()
        if name in stored
    }
    _rewrite(copy, changed)


def _stored(sheet: bytes) -> dict[bytes, tuple[bytes, bytes]]:
    """Return kind and value of every formula that has one, by its place."""
    if b"<f" not in sheet and b":f" not in sheet:
        return {}
    found = {}
    for attributes, content in _CELL.findall(sheet):
        place, value = _PLACE.search(attributes), _VALUE.search(content)
        if place and value and re.search(rb"<(?:\w+:)?f[\s/>]", content):
            kind = _KIND.search(attributes)
            found[place[1]] = (kind[1] if kind else b"n", value[1])
    return found


def _filled(cell: re.Match[bytes], stored: Mapping[bytes, tuple[bytes, bytes]]) -> bytes:
    place, attributes, formula = cell.groups()
    if place not in stored:
        return cell[0]
    kind, value = stored[place]
    attributes = _KIND.sub(b"", attributes) + (b"" if kind == b"n" else b' t="' + kind + b'"')
    return b'<c r="%b"%b>%b<v>%b</v></c>' % (place, attributes, formula, value)


def _rewrite(path: Path, changed: Mapping[str, bytes]) -> None:
    part = path.with_name(f".{path.name}.part")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry, changed[entry.filename] if entry.filename in changed else old.read(entry))
    part.replace(path)
